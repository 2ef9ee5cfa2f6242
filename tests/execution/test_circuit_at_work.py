"""Circuits while trading: entries wait when nobody answers, protection does not, and a venue's outage is the venue's."""

import pytest

from connections import tasks as health
from connections.circuit import OPENS_AFTER
from connections.circuits import close_circuits
from connections.health import HealthStatus
from connections.models import ExecutionConnection
from core.loop import background
from events.catalogue import Kind
from events.models import Event
from execution.outcomes import LogStatus
from tests.execution.books import disagreements
from tests.execution.stage import Account, Stage


@pytest.fixture(autouse=True)
def _new_circuits(stage: Stage) -> None:
    """Nothing of an earlier test is remembered in this process."""
    background.run(close_circuits(), timeout_s=5)


def fall_silent(stage: Stage, *accounts: Account) -> None:
    for account in accounts:
        stage.venue.admin.fault("status", match={"account": account.name}, times=None, status=502)


def ask_health(*accounts: Account) -> None:
    """Test these connections, as their owners may."""
    health.run_health_job([str(account.connection.pk) for account in accounts])


class TestSilentAccount:
    def test_keeps_its_entries_here_and_says_why(self, stage: Stage) -> None:
        account, healthy = stage.open_account(), stage.open_account()
        fall_silent(stage, account)
        for _ in range(OPENS_AFTER):
            ask_health(account)

        stage.trade()
        stage.settle()

        assert (account.log.status, account.log.reason) == (LogStatus.FAILED, "VENUE_UNREACHABLE")
        assert account.entry.error_code == "CIRCUIT_OPEN"
        assert account.at_the_venue() == []
        assert healthy.log.status == LogStatus.EXECUTED

    def test_is_protected_and_closed_all_the_same(self, stage: Stage) -> None:
        account = stage.open_account()
        stage.trade()
        fall_silent(stage, account)
        for _ in range(OPENS_AFTER):
            ask_health(account)
        stage.venue.admin.clear_faults()

        stage.close(account)
        stage.settle()

        assert account.position.status == "CLOSED"
        assert disagreements(account) == []


class TestSilentVenue:
    def test_breaks_no_connection(self, stage: Stage) -> None:
        accounts = [stage.open_account() for _ in range(4)]
        stage.venue.admin.maintain(down=True)

        for _ in range(3):
            ask_health(*accounts)

        assert set(ExecutionConnection.objects.values_list("status", flat=True)) <= {
            HealthStatus.ACTIVE, HealthStatus.DEGRADED,
        }  # fmt: skip
        assert not Event.objects.filter(kind=Kind.CONNECTION_BROKEN).exists()

    def test_is_asked_for_by_one_connection_only(self, stage: Stage) -> None:
        accounts = [stage.open_account() for _ in range(4)]
        stage.venue.admin.maintain(down=True)
        ask_health(*accounts)
        ask_health(*accounts)
        ExecutionConnection.objects.update(last_tested_at=None)

        assert health.run_health_job() == 1
        stage.venue.admin.maintain(down=False)
        assert health.run_health_job() == 1
        assert health.run_health_job() == 2  # all that are left
