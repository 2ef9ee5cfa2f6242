"""Two signals that are decided at once for one account."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from core.clock import Clock, now
from execution import context
from execution.context import Loaded
from execution.models import ExecutionLog
from execution.outcomes import Reason
from execution.services import intake
from tests.execution.books import disagreements
from tests.execution.stage import Stage


class TestTwoSignalsAtOnce:
    def test_see_each_other_in_one_message(self, stage: Stage) -> None:
        account = stage.open_account()
        signals = [stage.publish(), stage.publish(sl="58000")]
        rows = [key for each in signals for key in intake.take(signal_id=each.pk, now=now()).pending]

        stage.work(rows)

        reasons = sorted(ExecutionLog.objects.values_list("status", "reason"))
        assert reasons == [("EXECUTED", Reason.FILLED), ("SKIPPED", Reason.DUPLICATE_POSITION)]
        assert len(account.venue_fills()) == 1

    def test_see_each_other_although_both_were_read_before_either_was_written(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = stage.open_account()
        first, second = (
            intake.take(signal_id=each.pk, now=now()).pending
            for each in (stage.publish(), stage.publish(sl="58000"))
        )
        load, overtaking = context.load, [second]

        def load_slowly(log_ids: Sequence[UUID], *, clock: Clock) -> list[Loaded]:
            loaded = load(log_ids, clock=clock)
            while overtaking:  # another worker is quicker with the other signal
                stage.work(overtaking.pop())
            return loaded

        monkeypatch.setattr(context, "load", load_slowly)
        stage.work(first)

        reasons = {row.pk: (row.status, row.reason) for row in ExecutionLog.objects.all()}
        assert reasons[second[0]] == ("EXECUTED", Reason.FILLED)
        assert reasons[first[0]] == ("SKIPPED", Reason.DUPLICATE_POSITION)
        assert len(account.venue_fills()) == 1
        assert disagreements(account) == []
