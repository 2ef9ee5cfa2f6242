"""The first page of the admin: what waits for somebody."""

from typing import Any

from django.test import Client

from accounts.models import User
from connections.health import HealthStatus
from connections.models import ExecutionConnection
from core.clock import now
from positions.exits import Protection
from signals.rules import SignalStatus
from tests import makers
from tests.people import browser_of
from tests.staff import statements, text


def counters(browser: Client) -> dict[str, str]:
    """The counters by title."""
    found: list[Any] = browser.get("/admin/").context["counters"]
    return {each.title: each.value for each in found}


class TestCounters:
    def test_count_trouble(self, rehearsal: ExecutionConnection, ada: User) -> None:
        log = makers.make_execution(connection=rehearsal)
        makers.make_order(log=log, in_doubt=True, unresolved_at=now())
        makers.make_position(execution=log, protection=Protection.UNPROTECTED)
        makers.make_connection(status=HealthStatus.ERROR)
        makers.make_connection(status=HealthStatus.UNTESTED)
        makers.make_break(connection=rehearsal)

        found = counters(browser_of(ada))

        expected = {
            "Unresolved orders": "1", "Orders in doubt": "1", "Unprotected positions": "1", "Open positions": "1",
            "Broken connections": "1", "Stale connections": "1", "Breaks": "1", "Accounts": "3",
        }  # fmt: skip
        assert found | expected == found

    def test_lead_to_their_rows(self, rehearsal: ExecutionConnection, ada: User) -> None:
        browser = browser_of(ada)

        addresses = [each.address for each in browser.get("/admin/").context["counters"]]

        assert {browser.get(address).status_code for address in addresses} == {200}

    def test_count_for_bob_what_bob_may_see(self, rehearsal: ExecutionConnection, bob: User) -> None:
        makers.make_order(log=makers.make_execution(connection=rehearsal), in_doubt=True)
        makers.make_connection(status=HealthStatus.ERROR)
        makers.make_signal(channel=makers.make_channel(owner=bob), status=SignalStatus.APPROVED)
        makers.make_signal(status=SignalStatus.APPROVED)

        found = counters(browser_of(bob))

        assert (found["Orders in doubt"], found["Broken connections"], found["Accounts"]) == ("0", "0", "0")
        assert found["Approved signals"] == "1"
        assert "Events on their way" not in found

    def test_cost_a_dozen_statements(self, rehearsal: ExecutionConnection, ada: User) -> None:
        assert len(statements(browser_of(ada), "/admin/")) <= 13

    def test_say_when_nothing_happened(self, ada: User) -> None:
        assert "No signal was executed" in text(browser_of(ada), "/admin/")


class TestSidebar:
    def test_shows_each_what_is_theirs(self, ada: User, bob: User) -> None:
        everything, some = text(browser_of(ada), "/admin/"), text(browser_of(bob), "/admin/")

        for name in ("Signals", "Executions", "Accounts", "Events"):
            assert f"<span>{name}</span>" in everything
            assert f"<span>{name}</span>" in some
        for name in ("Users", "API tokens", "Settings", "Schedule", "Data sources"):
            assert f"<span>{name}</span>" in everything
            assert f"<span>{name}</span>" not in some
