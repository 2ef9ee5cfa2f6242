"""Entries whose signal is over do not stay at the venue."""

from typing import Any

import pytest

from connections.contract import MarketType
from core.clock import now
from execution.courier import Errand
from execution.outcomes import LogStatus, Reason
from execution.services import entries, intake
from execution.services import pump as pumping
from execution.services.pump import Pump
from signals.models import Signal
from tests.execution.books import disagreements
from tests.execution.stage import FINISH, LINEAR, RESTING, SPOT, Stage


def end(stage: Stage, signal: Signal) -> None:
    """Bob takes the signal back, and a worker acts on that."""
    stage.withdraw(signal)
    pump = Pump(clock=now)
    pump.send(entries.cancel_resting(signal_id=signal.pk, now=now()))
    pump.finish(patience=FINISH)


class TestCancelOutlived:
    @pytest.mark.parametrize("market", [SPOT, LINEAR])
    def test_takes_back_what_was_in_doubt_when_its_signal_was_withdrawn(
        self, stage: Stage, market: MarketType
    ) -> None:
        account = stage.open_account(market)
        stage.hurry()
        stage.venue.admin.fault("reset", match={"method": "POST", "side": "BUY"}, times=1, processed=True)
        signal = stage.trade(**RESTING)
        assert account.entry.in_doubt

        end(stage, signal)
        stage.settle()

        assert account.resting() == []
        assert (account.entry.state, account.log.status) == ("CANCELLED", LogStatus.SKIPPED)
        assert disagreements(account) == []

    def test_asks_again_when_a_cancel_did_not_arrive(self, stage: Stage) -> None:
        account = stage.open_account()
        signal = stage.trade(**RESTING)
        stage.hurry()
        stage.venue.admin.fault("status", match={"method": "DELETE"}, times=1, status=502)

        end(stage, signal)
        assert len(account.resting()) == 1
        stage.settle()

        assert account.resting() == []
        assert account.entry.state == "CANCELLED"


class TestResend:
    def test_sends_nothing_for_a_signal_that_was_withdrawn_while_the_entry_waited(self, stage: Stage) -> None:
        account = stage.open_account()
        stage.venue.admin.fault("throttle", match={"method": "POST"}, times=1)
        real = pumping.resend

        def withdrawn_meanwhile(*keys: Any, **values: Any) -> list[Errand]:
            stage.withdraw(signal)
            return real(*keys, **values)

        stage.patch.setattr(pumping, "resend", withdrawn_meanwhile)
        signal = stage.publish()
        stage.work(intake.take(signal_id=signal.pk, now=now()).pending)
        assert (account.log.status, account.entry.is_held) == (LogStatus.PENDING, True)

        stage.look(after=11)

        assert account.at_the_venue() == []
        assert (account.log.status, account.log.reason) == (LogStatus.SKIPPED, Reason.SIGNAL_WITHDRAWN)
        assert account.entry.state == "FAILED"
