"""What brokers report in the FIX protocol's own scenarios, folded line by line.

A line is: execution type, order status, ordered, filled in all, filled now | our state, what we count as filled.
"Pending" statuses say nothing of their own, so they count as working. Only the main path of each scenario stands
here, without what the page calls optional.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from connections.contract import FillReport, OrderReport, ReportStatus
from execution.folding import OrderView, fold
from execution.machine import OrderState
from tests.values import make_fill, make_order, make_report

D = Decimal

# Source: FIX Trading Community, order state change matrices (FIX 4.4, appendix D), as printed by
# https://www.onixs.biz/fix-dictionary/4.4/app_d.html and the neighbouring versions; A.1.a, B.1.b, C.* also in
# alexveden/asyncfix@cdbd2881 (MIT), tests/test_protocol_order_single.py. B.1.d is from memory.
SCENARIOS = {
    "A.1.a filled order": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  2000  2000 | PARTIALLY_FILLED  2000
        Trade           PartiallyFilled  10000  3000  1000 | PARTIALLY_FILLED  3000
        Trade           Filled           10000 10000  7000 | FILLED           10000""",
    "A.1.b part-filled day order, done for day": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  2000  2000 | PARTIALLY_FILLED  2000
        Trade           PartiallyFilled  10000  3000  1000 | PARTIALLY_FILLED  3000
        DoneForDay      DoneForDay       10000  3000     0 | CANCELLED         3000""",
    "B.1.b fills while a cancel is pending": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  2000  2000 | PARTIALLY_FILLED  2000
        Trade           PartiallyFilled  10000  5000  3000 | PARTIALLY_FILLED  5000
        PendingCancel   PendingCancel    10000  5000     0 | PARTIALLY_FILLED  5000
        Trade           PendingCancel    10000  6000  1000 | PARTIALLY_FILLED  6000
        Canceled        Canceled         10000  6000     0 | CANCELLED         6000""",
    "B.1.d cancel before the acknowledgement": """
        PendingCancel   PendingCancel    10000     0     0 | SUBMITTED            0
        New             PendingCancel    10000     0     0 | SUBMITTED            0
        Canceled        Canceled         10000     0     0 | CANCELLED            0""",
    "C.1.b fill while a replace to more is pending": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  1000  1000 | PARTIALLY_FILLED  1000
        PendingReplace  PendingReplace   10000  1000     0 | PARTIALLY_FILLED  1000
        Trade           PendingReplace   10000  1100   100 | PARTIALLY_FILLED  1100
        Replaced        PartiallyFilled  12000  1100     0 | PARTIALLY_FILLED  1100
        Trade           Filled           12000 12000 10900 | FILLED           12000""",
    "C.2.a filled while a replace was on its way": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  1000  1000 | PARTIALLY_FILLED  1000
        Trade           Filled           10000 10000  9000 | FILLED           10000""",
    "C.3.b replaced to what was filled already": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  7000  7000 | PARTIALLY_FILLED  7000
        Replaced        Filled            7000  7000     0 | CANCELLED         7000""",
    "D.1.a two replaces in a row": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  1000  1000 | PARTIALLY_FILLED  1000
        PendingReplace  PendingReplace   10000  1000     0 | PARTIALLY_FILLED  1000
        Trade           PendingReplace   10000  1500   500 | PARTIALLY_FILLED  1500
        Replaced        PartiallyFilled   8000  1500     0 | PARTIALLY_FILLED  1500
        Trade           PartiallyFilled   8000  3500  2000 | PARTIALLY_FILLED  3500
        PendingReplace  PendingReplace    8000  3500     0 | PARTIALLY_FILLED  3500
        Trade           PendingReplace    8000  4000   500 | PARTIALLY_FILLED  4000
        Replaced        PartiallyFilled   6000  4000     0 | PARTIALLY_FILLED  4000
        Trade           Filled            6000  6000  2000 | FILLED            6000""",
    "D.2.c a chained replace was refused": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  1000  1000 | PARTIALLY_FILLED  1000
        PendingReplace  PendingReplace   10000  1000     0 | PARTIALLY_FILLED  1000
        Replaced        PartiallyFilled   8000  1000     0 | PARTIALLY_FILLED  1000
        Trade           PartiallyFilled   8000  3000  2000 | PARTIALLY_FILLED  3000""",
    "E.1.c restated without our asking": """
        New             New              10000     0     0 | SUBMITTED            0
        Restated        New              11000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  11000  1000  1000 | PARTIALLY_FILLED  1000
        Restated        PartiallyFilled  12000  1000     0 | PARTIALLY_FILLED  1000""",
    "F.1.b the status of an order that was sent twice": """
        New             New              10000     0     0 | SUBMITTED            0
        OrderStatus     New              10000     0     0 | SUBMITTED            0
        Rejected        New              10000     0     0 | SUBMITTED            0""",
    "H.1.c good till cancelled, cancelled the next day": """
        New             New              10000     0     0 | SUBMITTED            0
        Trade           PartiallyFilled  10000  2000  2000 | PARTIALLY_FILLED  2000
        PendingCancel   PendingCancel    10000  2000     0 | PARTIALLY_FILLED  2000
        Canceled        Canceled         10000  2000     0 | CANCELLED         2000""",
}

_STATUS = {
    "PartiallyFilled": ReportStatus.PARTIALLY_FILLED,
    "Filled": ReportStatus.FILLED,
    "Canceled": ReportStatus.CANCELLED,
    "DoneForDay": ReportStatus.CANCELLED,
    "Expired": ReportStatus.CANCELLED,
    "Rejected": ReportStatus.REJECTED,
}

Seen = tuple[OrderState, Decimal]


def lines_of(scenario: str) -> list[list[str]]:
    return [line.replace("|", " ").split() for line in scenario.strip().splitlines()]


def heard(line: list[str]) -> tuple[OrderReport, list[FillReport]]:
    """A line as an adapter would hand it over."""
    _, status, ordered, cumulative, last = line[:5]
    fills = [make_fill(last, venue_trade_id=f"at {cumulative}")] if D(last) else []
    known = _STATUS.get(status, ReportStatus.PARTIALLY_FILLED if D(cumulative) else ReportStatus.ACCEPTED)
    return make_report(known, cumulative, quantity=D(ordered), fills=tuple(fills)), fills


def walk(lines: list[list[str]]) -> Iterator[OrderView]:
    """The order after each line. A replaced order is the same order with another quantity."""
    order = make_order(quantity=lines[0][2])
    for line in lines:
        report, fills = heard(line)
        order = fold(replace(order, quantity=report.quantity or order.quantity), report, fills)
        yield order


class TestFixScenarios:
    @pytest.mark.parametrize("name", SCENARIOS)
    def test_leave_the_order_as_the_standard_says(self, name: str) -> None:
        lines = lines_of(SCENARIOS[name])

        seen: list[Seen] = [(order.state, order.filled) for order in walk(lines)]

        assert seen == [(OrderState(line[5]), D(line[6])) for line in lines]

    @pytest.mark.parametrize("name", SCENARIOS)
    def test_call_nobody_and_miss_nothing(self, name: str) -> None:
        orders = list(walk(lines_of(SCENARIOS[name])))

        assert not any(order.is_flagged or order.needs_fills for order in orders)

    @pytest.mark.parametrize("name", SCENARIOS)
    def test_end_the_same_when_every_report_comes_twice(self, name: str) -> None:
        """The second copy brings no new fill, because a trade is stored once."""
        lines = lines_of(SCENARIOS[name])
        *_, once = walk(lines)

        *_, twice = walk([copy for line in lines for copy in (line, [*line[:4], "0", *line[5:]])])

        assert (twice.state, twice.filled, twice.is_flagged) == (once.state, once.filled, False)


class TestImmediateOrCancel:
    # Source: https://docs.gemini.com/fix/order-entry/examples/server-side-cancellations: 1.2 of 5 filled at 448.06,
    # one report says Canceled, and FIX knows no "partially cancelled".
    def test_partly_filled_is_cancelled_with_its_fills(self) -> None:
        fill = make_fill("1.2", "448.06")

        order = fold(make_order(quantity="5"), make_report(ReportStatus.CANCELLED, "1.2", fills=(fill,)), [fill])

        assert (order.state, order.filled, order.average_price) == (OrderState.CANCELLED, D("1.2"), D("448.06"))

    def test_that_would_have_rested_is_cancelled_without_a_fill(self) -> None:
        order = fold(make_order(quantity="10"), make_report(ReportStatus.CANCELLED), [])

        assert (order.state, order.filled) == (OrderState.CANCELLED, 0)


class TestMarketOrder:
    def test_partly_filled_and_expired_is_cancelled_with_its_fills(self) -> None:
        """Binance ends a market order that meets an empty book as EXPIRED."""
        fill = make_fill("4", "101")

        order = fold(
            make_order(), make_report(ReportStatus.CANCELLED, "4", fills=(fill,), reason="EXPIRED"), [fill]
        )

        assert (order.state, order.filled) == (OrderState.CANCELLED, 4)


class TestBustedTrade:
    # Source: FIX 4.4 appendix D, J.1.a: after 1,000 and 9,000 were filled, the first trade is cancelled by the
    # exchange and the report counts 9,000. Fills are facts here: what was booked stays, and a person decides.
    def test_takes_nothing_back_by_itself(self) -> None:
        fills = [make_fill("1000", "100"), make_fill("9000", "110", venue_trade_id="t2")]
        filled = fold(make_order(quantity="10000"), make_report(ReportStatus.FILLED, "10000"), fills)

        order = fold(filled, make_report(ReportStatus.PARTIALLY_FILLED, "9000"), [])

        assert (order.state, order.filled) == (OrderState.FILLED, 10_000)


class TestRealWorldPossibilities:
    # Source: nautechsystems/nautilus_trader@a95c8042, nautilus_trader/model/orders/base.pyx: rows of its order table
    # that carry this comment, in the names used here.
    @pytest.mark.parametrize(
        ("before", "filled", "after"),
        [
            (OrderState.CANCELLED, "4", OrderState.CANCELLED),
            (OrderState.CANCELLED, "10", OrderState.FILLED),
            (OrderState.SUBMITTED, "4", OrderState.PARTIALLY_FILLED),
            (OrderState.SUBMITTED, "10", OrderState.FILLED),
        ],
    )
    def test_a_fill_counts_whatever_was_said_before(
        self, before: OrderState, filled: str, after: OrderState
    ) -> None:
        order = fold(make_order(before), None, [make_fill(filled)])

        assert (order.state, order.filled, order.is_flagged) == (after, D(filled), False)
