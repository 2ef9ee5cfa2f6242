from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import Side
from positions.exits import ClosingReason, DueExit, Held, PlannedTarget, due_exit
from tests.values import BUY, SELL, make_quote

D = Decimal
SL, TP = ClosingReason.SL, ClosingReason.TP


def long(**changes: Any) -> Held:
    """One bitcoin bought at 100: stop at 90, half leaves at 110 and half at 120."""
    targets = (PlannedTarget(D(110), D("0.5")), PlannedTarget(D(120), D("0.5")))
    return Held(**{"side": BUY, "quantity": D(1), "stop_price": D(90), "targets": targets, **changes})


def short(**changes: Any) -> Held:
    """The mirror image: sold at 100, stop at 110, targets at 90 and 80."""
    targets = (PlannedTarget(D(90), D("0.5")), PlannedTarget(D(80), D("0.5")))
    return long(**{"side": SELL, "stop_price": D(110), "targets": targets, **changes})


class TestDueExit:
    @pytest.mark.parametrize(
        ("held", "bid", "ask", "expected"),
        [
            (long(), "100", "101", None),
            (long(), "90.01", "95", None),
            (long(), "90", "95", DueExit(SL, D(1), D(90))),
            (long(), "85", "86", DueExit(SL, D(1), D(90))),
            (long(), "109.99", "111", None),
            (long(), "110", "111", DueExit(TP, D("0.5"), D(110))),
            (long(), "125", "126", DueExit(TP, D(1), D(110))),
            (short(), "99", "100", None),
            (short(), "105", "109.99", None),
            (short(), "105", "110", DueExit(SL, D(1), D(110))),
            (short(), "115", "116", DueExit(SL, D(1), D(110))),
            (short(), "89", "90.01", None),
            (short(), "89", "90", DueExit(TP, D("0.5"), D(90))),
            (short(), "75", "76", DueExit(TP, D(1), D(90))),
        ],
    )
    def test_counts_the_price_one_would_get(
        self, held: Held, bid: str, ask: str, expected: DueExit | None
    ) -> None:
        assert due_exit(held, make_quote(bid, ask)) == expected

    def test_lets_the_stop_come_before_every_target(self) -> None:
        """Only a stop above its own targets can meet both at once, as after a move that crossed everything."""
        crossed = long(stop_price=D(130))

        assert due_exit(crossed, make_quote("125", "126")) == DueExit(SL, D(1), D(130))

    @pytest.mark.parametrize(
        "held",
        [
            long(quantity=D(0)),
            long(stop_price=None, targets=()),
            long(targets=(PlannedTarget(D(110), D("0.5"), is_reached=True),)),
            long(targets=(PlannedTarget(D(110), D(0)),)),
        ],
        ids=["flat", "bare", "reached", "merged"],
    )
    def test_finds_nothing_where_nothing_waits(self, held: Held) -> None:
        assert due_exit(held, make_quote("115", "116")) is None

    def test_never_closes_more_than_is_held(self) -> None:
        held = long(quantity=D("0.3"))

        assert due_exit(held, make_quote("125", "126")) == DueExit(TP, D("0.3"), D(110))

    @given(
        st.sampled_from([long(), short(), long(stop_price=None), long(quantity=D("0.7"))]),
        st.decimals(min_value=50, max_value=150, places=2),
        st.decimals(min_value=0, max_value=5, places=2),
    )
    def test_never_asks_for_more_than_is_held(self, held: Held, bid: Decimal, spread: Decimal) -> None:
        due = due_exit(held, make_quote(str(bid), str(bid + spread)))

        assert due is None or 0 < due.quantity <= held.quantity

    @given(st.decimals(min_value=50, max_value=150, places=2))
    def test_is_the_same_for_buyers_and_sellers_in_the_mirror(self, bid: Decimal) -> None:
        mirrored = 200 - bid

        buyer: Any = due_exit(long(), make_quote(str(bid), str(bid)))
        seller: Any = due_exit(short(), make_quote(str(mirrored), str(mirrored)))

        assert (buyer is None) == (seller is None)
        assert buyer is None or (buyer.reason, buyer.quantity) == (seller.reason, seller.quantity)


class TestSideOfTheQuote:
    @pytest.mark.parametrize(("side", "price"), [(BUY, D(99)), (SELL, D(101))])
    def test_is_the_one_a_close_would_trade_at(self, side: Side, price: Decimal) -> None:
        assert make_quote("99", "101").price_to(side.opposite) == price
