"""What holds for every address of the API: who is asked for what, and that nonsense is refused and not tried."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import User
from accounts.scopes import Scope
from tests.people import browser_of, program_of
from tests.rest import NOBODY

WRITES = ("post", "put", "patch", "delete")
ENDLESS = "9" * 5000
NONSENSE = ["-1", "0", ENDLESS, "\x00", "x" * 4000, "🐟", "'", "1e999999", "NaN", "²", "2026-13-45", "null", "[]"]


def routes() -> Iterator[tuple[str, URLPattern]]:
    """Every address under /api/v1/ with ids that nothing has, and its pattern."""
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and str(entry.pattern) == "api/":
            yield from _below(entry, "/api/")


def _below(entry: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for inner in entry.url_patterns:
        here = prefix + str(inner.pattern)
        if isinstance(inner, URLResolver):
            yield from _below(inner, here)
        elif here.startswith("/api/v1/"):
            for name in inner.pattern.converters:
                converter = next(each for each in here.split("/") if each.endswith(f"{name}>"))
                here = here.replace(converter, "1" if converter.startswith("<int:") else NOBODY)
            yield here, inner


def actions_of(pattern: URLPattern) -> dict[str, str]:
    """What each method does there, by the name of the action."""
    found: dict[str, str] | None = getattr(pattern.callback, "actions", None)
    if found is not None:
        return found
    view: Any = getattr(pattern.callback, "cls", None)
    return {method: method for method in ("get", *WRITES) if hasattr(view, method)}


ROUTES = list(routes())
WRITTEN = [
    (method, address, action)
    for address, pattern in ROUTES
    for method, action in actions_of(pattern).items()
    if method in WRITES
]
LISTS = [(address, pattern) for address, pattern in ROUTES if actions_of(pattern).get("get") == "list"]


def codes(program: APIClient | Client) -> dict[tuple[str, str, str], int]:
    """What every write answers."""
    return {
        (method, address, action): getattr(program, method)(
            address, content_type="application/json", data="{}"
        ).status_code
        for method, address, action in WRITTEN
    }


class TestEveryWrite:
    def test_is_looked_at_here(self) -> None:
        assert len(WRITTEN) > 20
        assert {"publish", "withdraw", "close", "pause", "test"} <= {action for *_, action in WRITTEN}

    def test_needs_somebody(self, db: None) -> None:
        found = codes(APIClient())

        assert found == dict.fromkeys(found, 401)

    def test_needs_more_than_the_scope_to_read(self, ada: User) -> None:
        found = codes(program_of(ada, scopes=[Scope.READ]))

        assert {key: code for key, code in found.items() if code != 403} == {}

    def test_needs_one_of_the_scopes_to_write_and_not_the_other(self, ada: User) -> None:
        by_scope = {
            scope: codes(program_of(ada, scopes=[Scope.READ, scope])) for scope in (Scope.PUBLISH, Scope.TRADE)
        }

        both = zip(by_scope[Scope.PUBLISH].items(), by_scope[Scope.TRADE].values(), strict=True)
        assert [key for (key, publishing), trading in both if (publishing == 403) == (trading == 403)] == []

    def test_of_a_browser_needs_the_token_of_a_form(self, ada: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(ada)

        found = codes(browser)

        assert found == dict.fromkeys(found, 403)

    def test_breaks_on_no_body(self, ada: User) -> None:
        browser = browser_of(ada)
        bodies = [
            "",
            "[]",
            "null",
            "1",
            '"x"',
            "{",
            '{"name": {"a": 1}, "channel": [1], "values": 5, "settings": "x"}',
            "\x00",
            '{"a": ' * 500,
        ]

        found = {
            (method, address, body[:20]): getattr(browser, method)(
                address, content_type="application/json", data=body
            ).status_code
            for method, address, _ in WRITTEN
            for body in bodies
        }

        assert {key: code for key, code in found.items() if code >= 500} == {}


class TestEveryList:
    @pytest.mark.parametrize(("address", "pattern"), LISTS, ids=[address for address, _ in LISTS])
    def test_refuses_nonsense(self, ada: User, address: str, pattern: URLPattern) -> None:
        program = program_of(ada)
        filters: Any = getattr(pattern.callback.cls, "filterset_class", None)  # type: ignore[attr-defined]
        asked = ["cursor", "page_size", *(filters.base_filters if filters else [])]

        found = {
            (name, value[:20]): program.get(address, {name: value}).status_code
            for name in asked
            for value in NONSENSE
        }

        assert {key: code for key, code in found.items() if code not in (200, 400, 404)} == {}

    @pytest.mark.parametrize("address", [address for address, _ in ROUTES])
    def test_needs_somebody(self, db: None, address: str) -> None:
        assert APIClient().get(address).status_code in (401, 405)
