"""Events as sentences."""

from typing import Any

import pytest

from console.rows.activity import words_of
from core.clock import now
from events.catalogue import Kind
from events.models import Event
from execution.outcomes import Reason
from positions.exits import ClosingReason


def event(kind: Kind, subject_type: str, **data: Any) -> Event:
    return Event(kind=kind, subject_type=subject_type, subject_id="1", occurred_at=now(), data=data)


class TestWordsOf:
    def test_an_execution_hold_its_reason_with_the_numbers(self) -> None:
        skipped = event(
            Kind.EXECUTION_SKIPPED,
            "execution.executionlog",
            connection="Main",
            side="BUY",
            pair="BTC/USDT",
            reason=Reason.TOO_MANY_POSITIONS,
            numbers={"open_positions": 5, "max_open_positions": 5},
        )

        words = words_of(skipped)

        assert words == "Main: BUY BTC/USDT was skipped. The account holds 5 positions and may hold 5."

    def test_a_closed_position_hold_its_closing_reason(self) -> None:
        closed = event(
            Kind.POSITION_CLOSED,
            "positions.executionposition",
            connection="Main",
            symbol="BTC/USDT",
            net="-3.2",
            currency="USDT",
            reason=ClosingReason.SL,
        )

        assert words_of(closed) == "Main: BTC/USDT is closed with -3.2 USDT. Stop hit."

    def test_a_pause_hold_what_its_owner_wrote(self) -> None:
        paused = event(Kind.CONNECTION_PAUSED, "connections.executionconnection", name="Main", reason="On holiday")

        assert words_of(paused) == "Main was paused: On holiday"

    @pytest.mark.parametrize("kind", Kind)
    def test_never_fail_for_want_of_data(self, kind: Kind) -> None:
        assert words_of(event(kind, "execution.executionlog"))

    def test_an_unknown_kind_are_its_name(self) -> None:
        older = Event(kind="thing.happened_once", subject_type="", occurred_at=now(), data={"name": "Main"})

        assert words_of(older) == "Thing happened once: Main"
