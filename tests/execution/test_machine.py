"""The order table over its full product: 17 of 49 pairs are legal, and every state can be reached."""

from itertools import product

import pytest

from core.machine import IllegalTransition
from execution.machine import OPEN, TABLE, TERMINAL, OrderEvent, OrderState, next_state

# The table of the specification: a line is a state, a column an event, a dot is illegal.
SPECIFIED = """
                  SUBMIT    ACK              PARTIAL_FILL     FILL   CANCEL    REJECT   FAIL
PENDING           SUBMITTED .                .                .      CANCELLED .        FAILED
SUBMITTED         .         SUBMITTED        PARTIALLY_FILLED FILLED CANCELLED REJECTED FAILED
PARTIALLY_FILLED  .         PARTIALLY_FILLED PARTIALLY_FILLED FILLED CANCELLED .        .
FILLED            .         .                .                .      .         .        .
CANCELLED         .         .                CANCELLED        FILLED .         .        .
REJECTED          .         .                .                .      .         .        .
FAILED            .         .                PARTIALLY_FILLED FILLED .         .        .
"""

_HEAD, *_LINES = [line.split() for line in SPECIFIED.strip().splitlines()]
CELLS = {
    (OrderState(line[0]), OrderEvent(event)): cell
    for line in _LINES
    for event, cell in zip(_HEAD, line[1:], strict=True)
}
LEGAL = {pair: OrderState(cell) for pair, cell in CELLS.items() if cell != "."}
ILLEGAL = [pair for pair, cell in CELLS.items() if cell == "."]


def reachable_from(state: OrderState) -> set[OrderState]:
    """Every state that some events lead to."""
    found = {state}
    while more := {after for (before, _), after in TABLE.items() if before in found} - found:
        found |= more
    return found


class TestOrderTable:
    def test_is_specified_for_every_pair(self) -> None:
        assert set(CELLS) == set(product(OrderState, OrderEvent))
        assert (len(LEGAL), len(CELLS)) == (17, 49)

    @pytest.mark.parametrize(("pair", "after"), LEGAL.items())
    def test_moves_as_specified(self, pair: tuple[OrderState, OrderEvent], after: OrderState) -> None:
        assert next_state(TABLE, *pair) is after

    @pytest.mark.parametrize(("state", "event"), ILLEGAL)
    def test_refuses_the_rest(self, state: OrderState, event: OrderEvent) -> None:
        with pytest.raises(IllegalTransition, match=f"Event {event} is not legal in state {state}"):
            next_state(TABLE, state, event)

    def test_leads_from_pending_to_every_state(self) -> None:
        assert reachable_from(OrderState.PENDING) == set(OrderState)

    def test_ends_for_good_only_where_nothing_can_trade_any_more(self) -> None:
        final = {state for state in OrderState if reachable_from(state) == {state}}

        assert final == {OrderState.FILLED, OrderState.REJECTED}


class TestStateSets:
    def test_divide_the_states(self) -> None:
        assert OPEN | TERMINAL | {OrderState.PENDING} == set(OrderState)
        assert not OPEN & TERMINAL

    @pytest.mark.parametrize("state", sorted(OPEN))
    def test_open_states_can_still_be_cancelled(self, state: OrderState) -> None:
        assert next_state(TABLE, state, OrderEvent.CANCEL) is OrderState.CANCELLED
