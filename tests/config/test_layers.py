"""The layers, where the import linter does not see them."""

import tomllib
from itertools import chain
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField

from tests.infrastructure.environment import ROOT

CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


def contract(name: str) -> dict[str, Any]:
    (found,) = [row for row in CONTRACTS if row["name"] == name]
    return found


def points_upwards(field: "ForeignKey[Any, Any] | ManyToManyField[Any, Any]", order: list[str]) -> bool:
    app, other = field.model._meta.app_label, field.remote_field.model._meta.app_label
    return app in order and other in order and order.index(other) < order.index(app)


class TestForeignKeys:
    def test_point_downwards(self) -> None:
        """Names in quotes escape the import linter, so the models are asked."""
        order = contract("Imports between apps run downwards")["layers"]

        upwards = [
            f"{model.__name__}.{field.name}"
            for model in apps.get_models()
            for field in model._meta.get_fields()
            if isinstance(field, ForeignKey | ManyToManyField) and points_upwards(field, order)
        ]

        assert upwards == []


class TestRules:
    def test_are_all_kept_free_of_django(self) -> None:
        """The last row of the layers names the rules; the contract for a bare Python must name each of them."""
        rules = contract("Imports inside an app run downwards")["layers"][-1]
        names = {part.strip(" ()") for part in rules.split(":")}
        bare = set(contract("Rules, adapters and core run in a bare Python")["source_modules"])
        folders = [ROOT / app for app in contract("Imports inside an app run downwards")["containers"]]

        found = chain.from_iterable(
            (f"{folder.name}.{name}" for name in names if (folder / f"{name}.py").exists()) for folder in folders
        )
        assert set(found) - bare == set()
