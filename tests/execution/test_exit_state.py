"""Exits that do not leave, for as long as a venue may be away."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import now
from execution.exit_plan import Placement
from execution.machine import OrderState
from execution.models import Order
from execution.roles import OrderRole
from execution.services.exit_state import ExitState
from tests.values import make_instrument

STOP = Placement(piece=0, quantity=Decimal(1), stop_price=Decimal(90))
CLOSE = Placement(piece=0, quantity=Decimal(1), is_close=True)


def make_state(*orders: Order) -> ExitState:
    position: Any = None
    return ExitState(position, list(orders), make_instrument(), None)


def make_exit(role: OrderRole, state: OrderState, at: datetime, **values: Any) -> Order:
    return Order(role=role, state=state, finished_at=at, **values)


class TestNextSequence:
    def test_does_not_run_out_during_days_without_a_venue(self) -> None:
        state = make_state(make_exit(OrderRole.STOP, OrderState.FAILED, now(), sequence=50_000))

        assert state.next_sequence(OrderRole.STOP, 0) == 50_001

    def test_starts_where_no_other_piece_counts(self) -> None:
        state = make_state(make_exit(OrderRole.STOP, OrderState.FAILED, now(), sequence=50_000))

        assert state.next_sequence(OrderRole.STOP, 1) > 99_999


class TestIsCooling:
    @pytest.mark.parametrize(
        ("failures", "after", "is_cooling"), [(1, 4, True), (1, 6, False), (2, 9, True), (9, 31, False)]
    )
    def test_lasts_longer_after_each_failure_in_a_row(self, failures: int, after: int, is_cooling: bool) -> None:
        at = now()
        state = make_state(*[make_exit(OrderRole.STOP, OrderState.FAILED, at)] * failures)

        assert state.is_cooling(STOP, now=at + timedelta(seconds=after)) is is_cooling

    def test_begins_anew_after_one_that_left(self) -> None:
        at = now()
        kept = [OrderState.FAILED, OrderState.FAILED, OrderState.CANCELLED, OrderState.FAILED]
        state = make_state(*[make_exit(OrderRole.STOP, each, at) for each in kept])

        assert not state.is_cooling(STOP, now=at + timedelta(seconds=6))

    def test_of_a_stop_holds_up_no_close(self) -> None:
        state = make_state(make_exit(OrderRole.STOP, OrderState.FAILED, now()))

        assert not state.is_cooling(CLOSE, now=now())
