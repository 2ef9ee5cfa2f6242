"""Answers to an attempt that come when another attempt has left since, as from a worker that was frozen for minutes."""

from typing import Any

import pytest

from connections.errors import BrokerError, NotSent, OutcomeUnknown, Rejected
from core.clock import now
from execution.courier import Errand, ErrandKind, Outcome
from execution.services import fills
from execution.services.tracked import Recorded
from tests.execution.stage import Account, Stage


@pytest.fixture
def account(stage: Stage) -> Account:
    """An account whose entry was proven absent once, sent again, and is in doubt again."""
    opened = stage.open_account()
    stage.hurry()
    lost: dict[str, Any] = {"match": {"method": "POST", "side": "BUY"}, "times": 2, "processed": False}
    stage.venue.admin.fault("reset", **lost)
    stage.trade()
    stage.search([opened.entry], after=65)
    stage.work([opened.log.pk])
    assert (opened.entry.sends, opened.entry.in_doubt) == (2, True)
    return opened


def answer(account: Account, error: BrokerError, *, attempt: int) -> Recorded:
    order: Any = account.entry
    errand = Errand(ErrandKind.SUBMIT, order, (order.pk,), attempt=attempt, is_entry=True)
    return fills.record([Outcome(errand, now(), now(), error=error)], now=now())


class TestRecord:
    @pytest.mark.parametrize("error", [NotSent("It waited."), Rejected("No."), OutcomeUnknown("Silence.")])
    def test_learns_nothing_from_the_failure_of_a_former_attempt(
        self, account: Account, error: BrokerError
    ) -> None:
        before = account.entry

        recorded = answer(account, error, attempt=1)

        after = account.entry
        assert (after.state, after.in_doubt, after.last_sent_at) == ("SUBMITTED", True, before.last_sent_at)
        assert recorded.send_again == {}

    def test_believes_the_failure_of_the_latest(self, account: Account) -> None:
        recorded = answer(account, NotSent("It waited."), attempt=2)

        assert (account.entry.in_doubt, list(recorded.send_again)) == (False, [account.entry.pk])
