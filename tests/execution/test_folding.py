from collections.abc import Callable
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import FillReport, OrderReport, ReportStatus
from execution.folding import OrderView, fail, fold, reject
from execution.machine import OPEN, OrderEvent, OrderState
from tests.values import make_fill, make_order, make_report

D = Decimal
S = OrderState
R = ReportStatus


def make_fills(*quantities_and_prices: tuple[str, str]) -> list[FillReport]:
    return [
        make_fill(quantity, price, venue_trade_id=f"t{number}")
        for number, (quantity, price) in enumerate(quantities_and_prices)
    ]


def hear(order: OrderView, news: OrderReport | FillReport) -> OrderView:
    return fold(order, None, [news]) if isinstance(news, FillReport) else fold(order, news, [])


def price_of(order: OrderView) -> Decimal:
    assert order.average_price is not None
    return order.average_price


class TestReport:
    @pytest.mark.parametrize(
        ("state", "filled", "status", "after"),
        [
            (S.SUBMITTED, "0", R.ACCEPTED, S.SUBMITTED),
            (S.SUBMITTED, "0", R.CANCELLED, S.CANCELLED),
            (S.SUBMITTED, "0", R.REJECTED, S.REJECTED),
            (S.PARTIALLY_FILLED, "4", R.ACCEPTED, S.PARTIALLY_FILLED),
            (S.PARTIALLY_FILLED, "4", R.PARTIALLY_FILLED, S.PARTIALLY_FILLED),
            (S.PARTIALLY_FILLED, "4", R.CANCELLED, S.CANCELLED),
            (S.PARTIALLY_FILLED, "4", R.FILLED, S.CANCELLED),
            (S.FILLED, "10", R.FILLED, S.FILLED),
            (S.FILLED, "10", R.CANCELLED, S.FILLED),
            (S.CANCELLED, "4", R.CANCELLED, S.CANCELLED),
            (S.REJECTED, "0", R.REJECTED, S.REJECTED),
        ],
    )
    def test_moves_an_order_whose_fills_are_all_here(
        self, state: OrderState, filled: str, status: ReportStatus, after: OrderState
    ) -> None:
        order = fold(make_order(state, filled=filled), make_report(status, filled), [])

        assert (order.state, order.is_flagged, order.needs_fills) == (after, False, False)

    @pytest.mark.parametrize("status", [R.ACCEPTED, R.PARTIALLY_FILLED, R.FILLED, R.CANCELLED])
    def test_waits_for_fills_it_speaks_of(self, status: ReportStatus) -> None:
        order = fold(make_order(), make_report(status, "4"), [])

        assert (order.state, order.filled, order.needs_fills) == (S.SUBMITTED, 0, True)
        assert order.is_acknowledged

    def test_is_believed_once_its_fills_are_here(self) -> None:
        waiting = fold(make_order(), make_report(R.CANCELLED, "4"), [])

        order = fold(waiting, make_report(R.CANCELLED, "4"), make_fills(("4", "100")))

        assert (order.state, order.filled, order.needs_fills) == (S.CANCELLED, 4, False)

    @pytest.mark.parametrize("state", [S.FAILED, S.REJECTED])
    def test_of_an_order_thought_never_to_have_arrived_calls_somebody(self, state: OrderState) -> None:
        assert fold(make_order(state), make_report(R.ACCEPTED), []).is_flagged

    @pytest.mark.parametrize("status", [R.ACCEPTED, R.PARTIALLY_FILLED])
    def test_from_before_the_end_changes_nothing(self, status: ReportStatus) -> None:
        over = make_order(S.CANCELLED, filled="4", is_acknowledged=True)

        assert fold(over, make_report(status, "2"), []) == over

    def test_of_a_rejection_after_fills_calls_somebody(self) -> None:
        order = fold(make_order(S.PARTIALLY_FILLED, filled="4"), make_report(R.REJECTED, "4"), [])

        assert (order.state, order.is_flagged) == (S.PARTIALLY_FILLED, True)

    def test_acknowledges_once(self) -> None:
        once = fold(make_order(), make_report(), [])

        assert once.events == (OrderEvent.ACK,)
        assert fold(once, make_report(), []).events == (OrderEvent.ACK,)

    @given(st.sampled_from(OrderState), st.integers(0, 10), st.sampled_from(ReportStatus), st.integers(0, 12))
    def test_never_lowers_what_is_filled(
        self, state: OrderState, filled: int, status: ReportStatus, said: int
    ) -> None:
        before = make_order(state, filled=str(filled))

        after = fold(before, make_report(status, str(said)), [])

        assert (after.filled, after.average_price) == (before.filled, before.average_price)


class TestFill:
    @pytest.mark.parametrize(
        ("state", "quantity", "after", "is_flagged"),
        [
            (S.SUBMITTED, "4", S.PARTIALLY_FILLED, False),
            (S.SUBMITTED, "10", S.FILLED, False),
            (S.PARTIALLY_FILLED, "10", S.FILLED, False),
            (S.CANCELLED, "4", S.CANCELLED, False),
            (S.CANCELLED, "10", S.FILLED, False),
            (S.FAILED, "4", S.PARTIALLY_FILLED, False),
            (S.FAILED, "10", S.FILLED, False),
            (S.REJECTED, "4", S.REJECTED, True),
            (S.FILLED, "4", S.FILLED, True),
            (S.PENDING, "4", S.PENDING, True),
        ],
    )
    def test_is_booked_in_every_state(
        self, state: OrderState, quantity: str, after: OrderState, is_flagged: bool
    ) -> None:
        order = fold(make_order(state), None, make_fills((quantity, "100")))

        assert (order.state, order.filled, order.is_flagged) == (after, D(quantity), is_flagged)

    def test_before_any_answer_acknowledges_the_order(self) -> None:
        order = fold(make_order(), None, make_fills(("4", "100")))

        assert (order.is_acknowledged, order.events) == (True, (OrderEvent.PARTIAL_FILL,))

    def test_beyond_the_quantity_is_booked_and_calls_somebody(self) -> None:
        order = fold(make_order(), None, make_fills(("10", "100"), ("1", "100")))

        assert (order.state, order.filled, order.is_flagged) == (S.FILLED, 11, True)

    def test_weighs_the_average_price(self) -> None:
        # Source: FIX 4.4 appendix D, J.1.a: 1,000 at 100 and 9,000 at 110 make an average of 109.
        order = fold(make_order(quantity="10000"), None, make_fills(("1000", "100"), ("9000", "110")))

        assert order.average_price == 109

    @given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 10_000)), min_size=1, max_size=6), st.data())
    def test_comes_out_the_same_in_any_order_and_any_batches(
        self, amounts: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        fills = make_fills(*((str(quantity), str(price)) for quantity, price in amounts))
        shuffled = data.draw(st.permutations(fills))
        cut = data.draw(st.integers(0, len(fills)))
        order = make_order(quantity=str(sum(quantity for quantity, _ in amounts)))

        at_once = fold(order, None, fills)
        in_batches = fold(fold(order, None, shuffled[:cut]), make_report(R.ACCEPTED), shuffled[cut:])

        assert (
            (in_batches.state, in_batches.filled) == (at_once.state, at_once.filled) == (S.FILLED, order.quantity)
        )
        # Each running average is rounded at its eighteenth decimal.
        assert abs(price_of(in_batches) - price_of(at_once)) <= len(fills) * D("1e-18")


class TestRejectAndFail:
    def test_end_an_order_in_flight(self) -> None:
        assert reject(make_order()).state is S.REJECTED
        assert fail(make_order()).state is S.FAILED

    @pytest.mark.parametrize("end", [reject, fail])
    def test_never_undo_a_fill(self, end: Callable[[OrderView], OrderView]) -> None:
        partly = make_order(S.PARTIALLY_FILLED, filled="4")

        after = end(partly)

        assert (after.state, after.filled, after.is_flagged) == (S.PARTIALLY_FILLED, 4, True)


class TestAnyHistory:
    @given(
        st.lists(
            st.builds(make_report, st.sampled_from(ReportStatus), st.integers(0, 10).map(str))
            | st.builds(make_fill, st.integers(1, 4).map(str), st.integers(90, 110).map(str)),
            max_size=10,
        )
    )
    def test_keeps_state_and_quantity_in_step(self, history: list[OrderReport | FillReport]) -> None:
        order = reduce(hear, history, make_order())

        booked = sum((news.quantity for news in history if isinstance(news, FillReport)), D(0))
        assert order.filled == booked
        assert (order.state is S.FILLED) <= (order.filled >= order.quantity)
        assert (order.state is S.PARTIALLY_FILLED) <= (0 < order.filled < order.quantity)
        assert (order.filled >= order.quantity) <= (order.state not in OPEN)
