"""Comparing books by the clock: a venue that does not answer holds nobody up."""

from uuid import UUID

import pytest

from connections.errors import AuthFailed, BrokerError, OutcomeUnknown
from connections.models import ExecutionConnection
from execution import tasks
from execution.services.reconcile import Compared
from tests.makers import make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The accounts whose books somebody asked for; those of the dead exchange do not answer."""
    seen: list[UUID] = []
    errors: dict[str, BrokerError] = {"kraken": OutcomeUnknown("No answer."), "okx": AuthFailed("Bad key.")}

    def reconcile(*, connection: ExecutionConnection, clock: object) -> Compared:
        seen.append(connection.pk)
        if connection.exchange_name in errors:
            raise errors[connection.exchange_name]
        return Compared([], [], 0)

    monkeypatch.setattr(tasks.reconcile, "reconcile", reconcile)
    return seen


def accounts(*exchanges: str) -> list[str]:
    return [str(make_connection(name=f"{number}", exchange_name=each).pk) for number, each in enumerate(exchanges)]


class TestReconcileJob:
    def test_asks_a_silent_venue_once_a_round(self, asked: list[UUID]) -> None:
        ids = accounts("kraken", "kraken", "kraken", "binance")

        assert tasks.run_reconcile_job(connection_ids=ids) == 1
        assert len(asked) == 2

    def test_asks_others_of_a_venue_that_refuses_one_key(self, asked: list[UUID]) -> None:
        tasks.run_reconcile_job(connection_ids=accounts("okx", "okx"))

        assert len(asked) == 2

    def test_ends_a_round_in_time(self, asked: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks, "LONGEST_COMPARING_S", -1.0)

        tasks.run_reconcile_job(connection_ids=accounts("binance", "binance"))

        assert asked == []
