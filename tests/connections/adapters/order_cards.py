"""Cards C20 to C39: orders as they are sent, taken and refused."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.contract import (
    Attached,
    OrderReport,
    OrderTicket,
    OrderType,
    ProtectionStyle,
    ReportStatus,
    Side,
    TimeInForce,
)
from connections.errors import Duplicate, InsufficientFunds, Refused, Rejected, Unsupported
from core.clock import now
from tests.connections.adapters.desk import Desk, Step, end_of, ref_of

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def assert_as_booked(desk: Desk, report: OrderReport | None, ticket: OrderTicket) -> None:
    """Hold a report against the ticket and the broker's books, to the last digit."""
    booked = desk.booked(ticket.client_order_id)
    assert report is not None
    assert booked is not None
    assert (report.symbol, report.client_order_id) == (ticket.symbol, ticket.client_order_id)
    assert (report.status, report.side, report.quantity) == (booked.status, booked.side, booked.quantity)
    assert (report.venue_order_id, report.filled) == (booked.venue_order_id, booked.filled)
    assert (report.price, report.stop_price) == (booked.price, booked.stop_price)
    assert (report.average_price or D(0)) * report.filled == booked.worth


def assert_fills_as_booked(desk: Desk, report: OrderReport) -> None:
    """Hold the executions of a report against the broker's books, to the last digit."""
    booked = [each for each in desk.executions() if each.venue_order_id == report.venue_order_id]
    assert report.has_all_fills
    assert len({fill.venue_trade_id for fill in report.fills}) == len(booked)
    for fill, execution in zip(report.fills, booked, strict=True):
        assert (fill.side, fill.quantity, fill.price) == (execution.side, execution.quantity, execution.price)
        assert (fill.fee, fill.fee_currency) == (execution.fee, execution.fee_currency)
        assert fill.venue_order_id == execution.venue_order_id
        assert fill.is_maker in (None, execution.is_maker)
        assert abs(fill.traded_at - now()) < timedelta(seconds=10)


async def found(desk: Desk, ticket: OrderTicket) -> OrderReport:
    """Return the order as the broker tells it when asked."""
    report = await desk.adapter.find(ref_of(ticket))
    assert report is not None
    return report


def needs(desk: Desk, kind: OrderType | None = None, lasting: TimeInForce | None = None) -> None:
    """Skip a card for an order the broker does not have."""
    capabilities = desk.adapter.capabilities
    if kind is not None and kind not in capabilities.order_types:
        pytest.skip(f"The broker has no {kind} orders here.")
    if lasting is not None and lasting not in capabilities.times_in_force:
        pytest.skip(f"The broker does not know {lasting} here.")


class OrderCards:
    """One order from the ticket to the broker's answer."""

    @pytest.mark.parametrize("side", [BUY, SELL])
    async def test_c20_fills_a_market_order(self, desk: Desk, side: Side) -> None:
        """A market order fills at once, and its executions are the broker's."""
        ticket = desk.ticket(side)

        report = await desk.adapter.submit(ticket)

        assert report.status is ReportStatus.FILLED
        assert_as_booked(desk, report, ticket)
        assert report.has_all_fills is desk.adapter.capabilities.fills_in_ack
        assert_as_booked(desk, await found(desk, ticket), ticket)
        assert_fills_as_booked(desk, await found(desk, ticket))

    @pytest.mark.parametrize("side", [BUY, SELL])
    async def test_c21_rests_a_limit_order(self, desk: Desk, side: Side) -> None:
        """A limit order away from the market waits, and fills at its price when the market comes."""
        ticket = desk.resting(side)

        report = await desk.adapter.submit(ticket)
        assert report.status is ReportStatus.ACCEPTED
        assert_as_booked(desk, report, ticket)
        assert ticket.price is not None
        desk.move(ticket.price - 10 * side.sign)

        filled = await found(desk, ticket)
        assert (filled.status, filled.average_price) == (ReportStatus.FILLED, ticket.price)
        assert_as_booked(desk, filled, ticket)
        assert_fills_as_booked(desk, filled)

    async def test_c22_fills_a_limit_order_that_crosses(self, desk: Desk) -> None:
        """A limit order beyond the market trades at the market's price, not at its own."""
        ticket = desk.ticket(BUY, OrderType.LIMIT, price=desk.price * D("1.01"))

        report = await desk.adapter.submit(ticket)

        assert (report.status, report.average_price) == (ReportStatus.FILLED, desk.sides()[1])
        assert_as_booked(desk, report, ticket)

    @pytest.mark.parametrize("side", [BUY, SELL])
    async def test_c23_holds_a_stop(self, desk: Desk, side: Side) -> None:
        """A stop waits until its price trades, then becomes a market order and is found under the same id."""
        needs(desk, OrderType.STOP)
        ticket = desk.ticket(side, OrderType.STOP, stop_price=desk.price * (1 + D("0.01") * side.sign))

        report = await desk.adapter.submit(ticket)
        assert report.status is ReportStatus.ACCEPTED
        assert_as_booked(desk, report, ticket)
        assert desk.executions() == []
        desk.move(desk.price * (1 + D("0.02") * side.sign))

        fired = await found(desk, ticket)
        assert fired.status is ReportStatus.FILLED
        assert_as_booked(desk, fired, ticket)
        assert_fills_as_booked(desk, fired)

    async def test_c24_holds_a_stop_limit(self, desk: Desk) -> None:
        """A stop-limit becomes a limit order: what jumps over its limit leaves it resting."""
        needs(desk, OrderType.STOP_LIMIT)
        stop, limit = desk.price * D("0.99"), desk.price * D("0.98")
        ticket = desk.ticket(SELL, OrderType.STOP_LIMIT, stop_price=stop, price=limit)

        report = await desk.adapter.submit(ticket)
        assert report.status is ReportStatus.ACCEPTED
        assert_as_booked(desk, report, ticket)
        desk.move(desk.price * D("0.95"))

        triggered = await found(desk, ticket)
        assert (triggered.status, triggered.filled) == (ReportStatus.ACCEPTED, 0)
        assert_as_booked(desk, triggered, ticket)

    async def test_c25_cancels_what_ioc_cannot_fill(self, desk: Desk) -> None:
        """IOC fills what it can at once; the rest is cancelled and what was filled is told."""
        needs(desk, lasting=TimeInForce.IOC)
        desk.fill_partly(D("0.4"))
        ticket = desk.ticket(BUY, OrderType.LIMIT, price=desk.price * D("1.01"), time_in_force=TimeInForce.IOC)

        report = await desk.adapter.submit(ticket)

        assert (report.status, report.filled) == (ReportStatus.CANCELLED, desk.quantity * D("0.4"))
        assert_as_booked(desk, report, ticket)
        assert_fills_as_booked(desk, await found(desk, ticket))

    @pytest.mark.parametrize("lasting", [TimeInForce.IOC, TimeInForce.FOK])
    async def test_c26_cancels_what_cannot_trade_at_once(self, desk: Desk, lasting: TimeInForce) -> None:
        """IOC and FOK away from the market end at once, unfilled: cancelled, or refused as some brokers do with FOK."""
        needs(desk, lasting=lasting)
        ticket = desk.resting(time_in_force=lasting)

        end = await end_of(desk.adapter.submit(ticket))

        if isinstance(end, OrderReport):
            assert_as_booked(desk, end, ticket)
            assert (end.status, end.filled) == (ReportStatus.CANCELLED, 0)
        else:
            assert isinstance(end, Rejected)
        assert (desk.open_ids(), desk.executions()) == (set(), [])

    async def test_c27_fills_all_of_fok(self, desk: Desk) -> None:
        """FOK fills in full where the market is deep enough."""
        needs(desk, lasting=TimeInForce.FOK)
        ticket = desk.ticket(BUY, OrderType.LIMIT, price=desk.price * D("1.01"), time_in_force=TimeInForce.FOK)

        report = await desk.adapter.submit(ticket)

        assert (report.status, report.filled) == (ReportStatus.FILLED, desk.quantity)
        assert_as_booked(desk, report, ticket)

    async def test_c28_rests_until_a_date(self, desk: Desk) -> None:
        """GTD rests and ends by itself at its time, as the broker knows it."""
        needs(desk, lasting=TimeInForce.GTD)
        until = now() + timedelta(minutes=30)
        ticket = desk.resting(time_in_force=TimeInForce.GTD, expires_at=until)

        report = await desk.adapter.submit(ticket)
        assert_as_booked(desk, report, ticket)
        desk.skew(timedelta(hours=1))
        await desk.adapter.check()

        async with asyncio.timeout(10):
            while (end := await found(desk, ticket)).status is ReportStatus.ACCEPTED:  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # the broker looks at dates now and then, and nothing tells when
        assert (end.status, end.filled) == (ReportStatus.CANCELLED, 0)

    @pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP])
    async def test_c29_keeps_our_id(self, desk: Desk, kind: OrderType) -> None:
        """The id we fixed comes back from sending, finding and listing, in our own form."""
        needs(desk, kind)
        prices = {"stop_price": desk.price * D("1.01")} if kind is OrderType.STOP else {}
        ticket = desk.ticket(BUY, kind, **prices) if prices else desk.resting()

        sent = await desk.adapter.submit(ticket)
        [listed] = await desk.adapter.open_orders(desk.symbol)

        assert {sent.client_order_id, listed.client_order_id} == {ticket.client_order_id} == desk.open_ids()
        assert (await found(desk, ticket)).client_order_id == ticket.client_order_id

    @pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP])
    async def test_c30_learns_that_an_id_is_taken(self, desk: Desk, kind: OrderType) -> None:
        """The same ticket again means that the first one landed: there is one order, and the error says so."""
        needs(desk, kind)
        prices = {"stop_price": desk.price * D("1.01")} if kind is OrderType.STOP else {}
        ticket = desk.ticket(BUY, kind, **prices) if prices else desk.resting()
        await desk.adapter.submit(ticket)

        with pytest.raises(Duplicate):
            await desk.adapter.submit(ticket)

        assert desk.count(ticket.client_order_id) == 1

    async def test_c31_says_how_long_an_id_is_taken(self, desk: Desk) -> None:
        """A filled order's id is refused where the capability says so; elsewhere it would trade again."""
        ticket = desk.ticket(BUY)
        await desk.adapter.submit(ticket)
        if not desk.adapter.capabilities.client_id_unique_for_ever:
            await desk.adapter.submit(ticket)
            assert desk.count(ticket.client_order_id) == 2
            return

        with pytest.raises(Duplicate):
            await desk.adapter.submit(ticket)

    @pytest.mark.parametrize(
        ("field", "bend", "code"),
        [
            ("quantity", lambda filters, _: filters.quantity_step / 2, "QUANTITY_BELOW_MINIMUM"),
            ("quantity", lambda _, quantity: -quantity, "QUANTITY_BELOW_MINIMUM"),
            ("quantity", lambda *_: D(0), "QUANTITY_BELOW_MINIMUM"),
            ("quantity", lambda filters, quantity: quantity + filters.quantity_step / 2, "QUANTITY_OFF_STEP"),
            ("quantity", lambda filters, _: filters.min_quantity, "NOTIONAL_BELOW_MINIMUM"),
            ("quantity", lambda filters, _: filters.max_quantity * 2, "QUANTITY_ABOVE_MAXIMUM"),
        ],
    )
    async def test_c32_refuses_a_quantity_before_the_wire(
        self, desk: Desk, field: str, bend: Any, code: str
    ) -> None:
        """A quantity the broker would refuse never leaves; the error names one that passes, and it does pass."""
        price = desk.price * D("0.7")  # at which the smallest quantity is worth less than the smallest order
        ticket = desk.resting(quantity=bend(desk.filters(), desk.quantity), price=price)

        with pytest.raises(Refused) as refused:
            await desk.adapter.submit(ticket)

        assert (refused.value.field, refused.value.code) == (field, code)
        assert refused.value.passing in str(refused.value)
        assert desk.asked(Step.SUBMIT) == 0
        await self._passes_or_costs_too_much(desk, replace(ticket, quantity=D(refused.value.passing)))

    @pytest.mark.parametrize(
        ("bend", "code"),
        [
            (lambda filters, price: price + filters.price_tick / 4, "PRICE_OFF_TICK"),
            (lambda filters, price: filters.price_tick / 4, "PRICE_OUT_OF_RANGE"),
            (lambda filters, price: -price, "PRICE_OUT_OF_RANGE"),
            (lambda filters, price: filters.max_price * 2, "PRICE_OUT_OF_RANGE"),
        ],
    )
    @pytest.mark.parametrize("field", ["price", "stop_price"])
    async def test_c33_refuses_a_price_before_the_wire(self, desk: Desk, field: str, bend: Any, code: str) -> None:
        """A price the broker would refuse never leaves; the error names one on the tick and within bounds."""
        needs(desk, OrderType.STOP_LIMIT)
        filters, low = desk.filters(), desk.price * D("0.9")
        prices = {"stop_price": low, "price": low, field: bend(filters, low)}

        with pytest.raises(Refused) as refused:
            await desk.adapter.submit(desk.ticket(SELL, OrderType.STOP_LIMIT, **prices))

        passing = D(refused.value.passing)
        assert (refused.value.field, refused.value.code) == (field, code)
        assert passing % filters.price_tick == 0
        assert filters.min_price <= passing <= filters.max_price
        assert desk.asked(Step.SUBMIT) == 0

    @pytest.mark.parametrize(
        ("kind", "given", "field"),
        [
            (OrderType.LIMIT, {}, "price"),
            (OrderType.STOP, {}, "stop_price"),
            (OrderType.STOP_LIMIT, {"price": D(60000)}, "stop_price"),
            (OrderType.STOP_LIMIT, {"stop_price": D(60000)}, "price"),
            (OrderType.MARKET, {"price": D(60000)}, "price"),
            (OrderType.MARKET, {"stop_price": D(60000)}, "stop_price"),
            (OrderType.LIMIT, {"price": D(60000), "stop_price": D(60000)}, "stop_price"),
            (OrderType.STOP, {"price": D(60000), "stop_price": D(60000)}, "price"),
        ],
    )
    async def test_c34_refuses_prices_that_do_not_fit_the_type(
        self, desk: Desk, kind: OrderType, given: dict[str, Decimal], field: str
    ) -> None:
        """A price too few or too many never turns one type of order into another."""
        with pytest.raises(Refused) as refused:
            await desk.adapter.submit(desk.ticket(BUY, kind, **given))

        assert refused.value.field == field
        assert desk.asked(Step.SUBMIT) == 0

    async def test_c35_refuses_a_date_that_is_missing(self, desk: Desk) -> None:
        """A good-till-date order without its date never leaves."""
        needs(desk, lasting=TimeInForce.GTD)

        with pytest.raises(Refused) as refused:
            await desk.adapter.submit(desk.resting(time_in_force=TimeInForce.GTD))

        assert refused.value.field == "expires_at"
        assert desk.asked(Step.SUBMIT) == 0

    async def test_c36_says_what_the_broker_cannot_do(self, desk: Desk) -> None:
        """An order type, a time in force or attached protection the capabilities lack is not sent as something else."""
        capabilities = desk.adapter.capabilities
        impossible = [desk.resting(time_in_force=each) for each in set(TimeInForce) - capabilities.times_in_force]
        impossible += [desk.ticket(BUY, each) for each in set(OrderType) - capabilities.order_types]
        if capabilities.protection is not ProtectionStyle.ATTACHED:
            impossible.append(desk.ticket(BUY, attached=Attached(stop_price=desk.price * D("0.9"))))

        for ticket in impossible:
            with pytest.raises(Unsupported):
                await desk.adapter.submit(ticket)

        assert desk.asked(Step.SUBMIT) == 0

    async def test_c37_says_that_the_money_does_not_suffice(self, desk: Desk) -> None:
        """An order beyond the account's means is final, and named for what it is."""
        with pytest.raises(InsufficientFunds) as rejected:
            await desk.adapter.submit(desk.ticket(BUY, quantity=desk.quantity * 10_000))

        assert rejected.value.code
        assert desk.executions() == []

    async def test_c38_passes_on_the_brokers_words(self, desk: Desk) -> None:
        """A refusal carries the broker's code and sentence, without anything it could give away."""
        desk.refuse(Step.SUBMIT, "The broker is not in the mood, token=abc123.")

        with pytest.raises(Rejected) as rejected:
            await desk.adapter.submit(desk.ticket(BUY))

        assert "not in the mood" in rejected.value.text
        assert "abc123" not in f"{rejected.value} {rejected.value.text}"
        assert rejected.value.code

    async def _passes_or_costs_too_much(self, desk: Desk, ticket: OrderTicket) -> None:
        end = await end_of(desk.adapter.submit(ticket))
        assert isinstance(end, InsufficientFunds) or (
            isinstance(end, OrderReport) and end.status is ReportStatus.ACCEPTED
        )
