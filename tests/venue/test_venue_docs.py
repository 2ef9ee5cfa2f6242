"""The manual keeps up with the program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from venue.cli import parser
from venue.faults import KINDS, Faults
from venue.wire.admin_routes import HANDLERS

MANUAL = Path(__file__).parents[2] / "docs" / "venue.md"
EXAMPLES = {
    json.loads(text)["fault"]["kind"]: json.loads(text) for text in re.findall(r"`F '(.+?)'`", MANUAL.read_text())
}


class TestManual:
    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_has_an_example_of_every_fault_that_works(self, kind: str) -> None:
        rule = Faults().add(EXAMPLES[kind])

        assert rule.kind == kind

    @pytest.mark.parametrize("path", sorted({path for _, path in HANDLERS}))
    def test_names_every_admin_endpoint(self, path: str) -> None:
        word = path.removeprefix("/admin/").split("/")[0]

        assert re.search(rf"\b{word}\b", MANUAL.read_text())

    def test_uses_only_options_there_are(self) -> None:
        options = set(re.findall(r"--[a-z][a-z-]+", MANUAL.read_text())) - {"--rows", "--no-replay-header"}

        assert options <= set(parser().format_help().replace("[", " ").replace("]", " ").replace(",", " ").split())
