"""Cards C40 to C69: what happens to orders that work, and how they are found again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connections.contract import OrderRef, OrderTicket, OrderType, PairTicket, Quote, ReportStatus, Side
from connections.errors import BrokerError, OutcomeUnknown, Rejected, Unsupported
from core.clock import now
from tests.connections.adapters.desk import Desk, Step, Trouble, new_id, ref_of
from tests.connections.adapters.order_cards import assert_as_booked, assert_fills_as_booked, found, needs

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
HOUR = timedelta(hours=1)
#: Answers that hold nothing to read; what never comes at all is C72's.
UNREADABLE = [
    Trouble.UNKNOWN_AFTER,
    Trouble.BAD_GATEWAY,
    Trouble.REDIRECT,
    Trouble.HTML,
    Trouble.EMPTY,
    Trouble.EMPTY_OBJECT,
    Trouble.TRUNCATED,
    Trouble.GARBAGE,
]


def exits(desk: Desk) -> PairTicket:
    """Return a target and a stop for a long position of the usual quantity."""
    target = desk.ticket(SELL, OrderType.LIMIT, price=desk.price * D("1.02"), reduce_only=True)
    stop = desk.ticket(SELL, OrderType.STOP, stop_price=desk.price * D("0.98"), reduce_only=True)
    return PairTicket(target=target, stop=stop, list_client_id=new_id())


async def _drain(stream: AsyncIterator[Quote]) -> None:
    """Read quotes until there are none."""
    async for _ in stream:
        pass


class WorkingCards:
    """Orders between their first and their last state."""

    async def test_c40_amends_price_and_quantity(self, desk: Desk) -> None:
        """A working order is changed in one call and stays the same order."""
        if not desk.adapter.capabilities.amend:
            pytest.skip("The broker changes no order in one call.")
        ticket = desk.resting()
        sent = await desk.adapter.submit(ticket)
        changed = replace(ticket, price=desk.price * D("0.8"), quantity=desk.quantity * 2)

        report = await desk.adapter.amend(ref_of(ticket, sent.venue_order_id), changed)

        assert (report.price, report.quantity) == (changed.price, changed.quantity)
        assert_as_booked(desk, report, changed)
        assert desk.open_ids() == {ticket.client_order_id}

    async def test_c41_amends_nothing_that_is_gone(self, desk: Desk) -> None:
        """Changing what was filled or never was is refused, or unsupported; nothing new comes of it."""
        ticket = desk.ticket(BUY, OrderType.LIMIT, price=desk.price * D("1.01"))
        sent = await desk.adapter.submit(ticket)

        with pytest.raises(Rejected if desk.adapter.capabilities.amend else Unsupported):
            await desk.adapter.amend(ref_of(ticket, sent.venue_order_id), replace(ticket, price=desk.price / 2))

        assert desk.open_ids() == set()

    @pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP])
    async def test_c43_cancels_a_working_order(self, desk: Desk, kind: OrderType) -> None:
        """A cancelled order leaves the book, and the answer is its last state."""
        needs(desk, kind)
        stop = desk.ticket(BUY, OrderType.STOP, stop_price=desk.price * D("1.01"))
        ticket = stop if kind is OrderType.STOP else desk.resting()
        sent = await desk.adapter.submit(ticket)

        report = await desk.adapter.cancel(ref_of(ticket, sent.venue_order_id))

        assert report.status is ReportStatus.CANCELLED
        assert_as_booked(desk, report, ticket)
        assert desk.open_ids() == set()

    async def test_c44_cancels_by_our_id_alone(self, desk: Desk) -> None:
        """An order whose acknowledgement was lost can be cancelled where the capability says so."""
        ticket = desk.resting()
        await desk.adapter.submit(ticket)
        if not desk.adapter.capabilities.cancel_by_client_id:
            with pytest.raises(Unsupported):
                await desk.adapter.cancel(ref_of(ticket))
            return

        assert (await desk.adapter.cancel(ref_of(ticket))).status is ReportStatus.CANCELLED
        assert desk.open_ids() == set()

    async def test_c45_tells_what_was_filled_before_the_cancel(self, desk: Desk) -> None:
        """A partly filled order ends cancelled, with its executions."""
        ticket = desk.best_bid()
        await desk.adapter.submit(ticket)
        desk.meet(SELL, desk.quantity * D("0.4"))
        partly = await found(desk, ticket)

        report = await desk.adapter.cancel(ref_of(ticket))

        assert (partly.status, partly.filled) == (ReportStatus.PARTIALLY_FILLED, desk.quantity * D("0.4"))
        assert (report.status, report.filled) == (ReportStatus.CANCELLED, desk.quantity * D("0.4"))
        assert_as_booked(desk, report, ticket)
        assert_fills_as_booked(desk, report)
        assert report.fills[0].is_maker is True

    async def test_c46_cancels_nothing_that_was_filled(self, desk: Desk) -> None:
        """Cancelling what was filled is refused, and finding tells what became of it."""
        ticket = desk.ticket(BUY)
        await desk.adapter.submit(ticket)

        with pytest.raises(Rejected):
            await desk.adapter.cancel(ref_of(ticket))

        assert (await found(desk, ticket)).status is ReportStatus.FILLED

    @pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP])
    async def test_c47_cancels_nothing_that_never_was(self, desk: Desk, kind: OrderType) -> None:
        """Cancelling what the broker has never seen is refused."""
        needs(desk, kind)

        with pytest.raises(Rejected):
            await desk.adapter.cancel(OrderRef(desk.symbol, new_id(), order_type=kind, submitted_at=now()))

    @pytest.mark.parametrize("what", [Trouble.SILENCE, Trouble.EMPTY, Trouble.RESET_AFTER])
    async def test_c48_doubts_a_cancel_without_answer(self, desk: Desk, what: Trouble) -> None:
        """A cancel whose answer is lost is in doubt, and finding settles it."""
        hasty, ticket = desk.connect(timeout=timedelta(seconds=0.5)), desk.resting()
        await hasty.submit(ticket)
        desk.trouble(Step.CANCEL, what)

        with pytest.raises(OutcomeUnknown):
            await hasty.cancel(ref_of(ticket))

        assert (await found(desk, ticket)).status is ReportStatus.CANCELLED

    async def test_c49_doubts_a_cancel_it_could_not_follow(self, desk: Desk) -> None:
        """A cancel that landed is never "not sent", even when the look at what was filled is put off."""
        ticket = desk.resting()
        await desk.adapter.submit(ticket)
        desk.throttle(Step.FIND, timedelta(seconds=1))

        with pytest.raises(OutcomeUnknown):
            await desk.adapter.cancel(ref_of(ticket))

        assert desk.open_ids() == set()

    @pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP])
    async def test_c50_finds_nothing_only_when_the_broker_says_so(self, desk: Desk, kind: OrderType) -> None:
        """None is the broker's own word that there is no such order."""
        needs(desk, kind)
        ref = OrderRef(desk.symbol, new_id(), order_type=kind, submitted_at=now())

        assert await desk.adapter.find(ref) is None

    @pytest.mark.parametrize("what", list(Trouble))
    async def test_c51_takes_no_failed_query_for_an_absence(self, desk: Desk, what: Trouble) -> None:
        """Whatever goes wrong while an order is looked for, the answer is an error and never None."""
        hasty, ticket = desk.connect(timeout=timedelta(seconds=0.5)), desk.resting()
        await hasty.submit(ticket)
        desk.trouble(Step.FIND, what, times=None)

        with pytest.raises(OutcomeUnknown):
            await hasty.find(ref_of(ticket))

    @pytest.mark.parametrize("what", UNREADABLE)
    @pytest.mark.parametrize("step", [Step.OPEN_ORDERS, Step.FILLS, Step.BALANCE, Step.HOLDINGS, Step.QUOTES])
    async def test_c52_takes_no_failed_query_for_an_empty_one(self, desk: Desk, step: Step, what: Trouble) -> None:
        """An answer that cannot be read never passes for an empty book, an empty account or an empty market."""
        hasty = desk.connect(timeout=timedelta(seconds=0.5))
        await hasty.submit(desk.resting())
        await hasty.submit(desk.ticket(BUY))
        desk.trouble(step, what, times=None)
        queries = {
            Step.OPEN_ORDERS: lambda: hasty.open_orders(desk.symbol),
            Step.FILLS: lambda: hasty.fills(now() - HOUR, desk.symbol),
            Step.BALANCE: hasty.balance,
            Step.HOLDINGS: hasty.holdings,
            Step.QUOTES: lambda: hasty.quotes([desk.symbol]),
        }

        with pytest.raises(OutcomeUnknown):
            await queries[step]()

    async def test_c53_lists_every_working_order(self, desk: Desk) -> None:
        """Resting and conditional orders of the account are listed, and what ended is not."""
        stop = desk.ticket(BUY, OrderType.STOP, stop_price=desk.price * D("1.05"))
        tickets = [desk.resting(), desk.resting(SELL), *([stop] if self._has_stops(desk) else [])]
        for ticket in tickets:
            await desk.adapter.submit(ticket)
        await desk.adapter.submit(desk.ticket(BUY))

        everywhere = {each.client_order_id: each for each in await desk.adapter.open_orders()}
        here = {each.client_order_id: each for each in await desk.adapter.open_orders(desk.symbol)}

        assert everywhere == here
        assert set(here) == desk.open_ids() == {ticket.client_order_id for ticket in tickets}
        for ticket in tickets:
            assert_as_booked(desk, here[ticket.client_order_id], ticket)

    async def test_c54_tells_executions_since_a_time(self, desk: Desk) -> None:
        """Executions come oldest first, once each, as booked; those before the time are left out."""
        began_at = now() - HOUR
        for side in (BUY, SELL, BUY):
            await desk.adapter.submit(desk.ticket(side))

        told = await desk.adapter.fills(began_at, desk.symbol)

        assert [(each.side, each.quantity, each.price, each.fee, each.fee_currency) for each in told] == [
            (each.side, each.quantity, each.price, each.fee, each.fee_currency) for each in desk.executions()
        ]
        assert [each.venue_order_id for each in told] == [each.venue_order_id for each in desk.executions()]
        assert await desk.adapter.fills(now() + HOUR, desk.symbol) == []

    async def test_c55_tells_every_execution_however_many(self, desk: Desk) -> None:
        """More executions than the broker puts on a page, many of them in one moment, are all told, once each."""
        pieces = 1300
        ticket = desk.ticket(BUY, quantity=desk.filters().quantity_step * pieces)
        desk.fill_in_pieces(pieces)
        await desk.adapter.submit(ticket)
        await self._until_filled(desk, ticket)

        told = await desk.adapter.fills(now() - HOUR, desk.symbol)

        assert len({each.venue_trade_id for each in told}) == len(told) == len(desk.executions())
        assert sum(each.quantity for each in told) == ticket.quantity

    async def test_c56_streams_quotes(self, desk: Desk) -> None:
        """Quotes come as the market moves, and are the broker's."""
        if not desk.adapter.capabilities.stream_quotes:
            pytest.skip("The broker streams no quotes.")
        stream = desk.adapter.stream_quotes([desk.symbol])

        async with asyncio.timeout(20):
            first = await anext(stream)
            opening = desk.sides()
            desk.move(desk.price + 500)
            second = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]

        assert (first.symbol, first.bid, first.ask) == (desk.symbol, *opening)
        assert (second.symbol, second.bid, second.ask) == (desk.symbol, *desk.sides())

    async def test_c57_says_that_a_stream_broke(self, desk: Desk) -> None:
        """A stream that is cut ends with an error, so that somebody connects again."""
        if not desk.adapter.capabilities.stream_quotes:
            pytest.skip("The broker streams no quotes.")
        stream = desk.adapter.stream_quotes([desk.symbol])

        async with asyncio.timeout(20):
            await anext(stream)
            desk.leave(0.2)
            with pytest.raises(BrokerError):
                await _drain(stream)

    async def test_c58_says_that_it_streams_no_orders(self, desk: Desk) -> None:
        """Where orders are not streamed the adapter says so, instead of being silent for ever."""
        if desk.adapter.capabilities.stream_orders:
            pytest.skip("The broker streams orders.")

        with pytest.raises(Unsupported):
            desk.adapter.stream_orders()

    @pytest.mark.parametrize(("price", "wins"), [("1.03", "target"), ("0.97", "stop")])
    async def test_c60_holds_stop_and_target_as_a_pair(self, desk: Desk, price: str, wins: str) -> None:
        """Of a pair, one side trades and the other is cancelled by the broker."""
        if not desk.adapter.capabilities.oco:
            pytest.skip("The broker has no pairs.")
        pair = exits(desk)
        await desk.adapter.submit(desk.ticket(BUY))

        target, stop = await desk.adapter.submit_pair(pair)
        assert_as_booked(desk, target, pair.target)
        assert_as_booked(desk, stop, pair.stop)
        desk.move(desk.price * D(price))

        ends = {"target": await found(desk, pair.target), "stop": await found(desk, pair.stop)}
        assert ends.pop(wins).status is ReportStatus.FILLED
        assert [(each.status, each.filled) for each in ends.values()] == [(ReportStatus.CANCELLED, 0)]

    async def test_c61_sends_no_pair_where_there_is_none(self, desk: Desk) -> None:
        """Without pairs nothing is sent: half a pair would be worse."""
        if desk.adapter.capabilities.oco:
            pytest.skip("The broker has pairs.")

        with pytest.raises(Unsupported):
            await desk.adapter.submit_pair(exits(desk))

        assert desk.open_ids() == set()

    async def test_c62_doubts_a_pair_without_answer(self, desk: Desk) -> None:
        """A pair whose answer is lost is in doubt, and each side is found under its own id."""
        if not desk.adapter.capabilities.oco:
            pytest.skip("The broker has no pairs.")
        pair = exits(desk)
        desk.trouble(Step.SUBMIT_PAIR, Trouble.RESET_AFTER)

        with pytest.raises(OutcomeUnknown):
            await desk.adapter.submit_pair(pair)

        assert_as_booked(desk, await found(desk, pair.target), pair.target)
        assert_as_booked(desk, await found(desk, pair.stop), pair.stop)

    @pytest.mark.parametrize("price", ["1.03", "0.97"])
    async def test_c63_holds_exits_that_only_reduce(self, desk: Desk, price: str) -> None:
        """Separate reduce-only exits close the position, whichever trades, and never open another."""
        if not desk.adapter.capabilities.reduce_only:
            pytest.skip("The broker has no orders that only reduce.")
        pair = exits(desk)
        await desk.adapter.submit(desk.ticket(BUY))

        reports = [await desk.adapter.submit(ticket) for ticket in (pair.target, pair.stop)]
        desk.move(desk.price * D(price))
        desk.move(desk.price * (2 - D(price)))

        assert [each.reduce_only for each in reports] == [True, True]
        assert desk.held() == 0

    async def test_c64_opens_nothing_with_an_order_that_reduces(self, desk: Desk) -> None:
        """A reduce-only order without a position is refused."""
        if not desk.adapter.capabilities.reduce_only:
            pytest.skip("The broker has no orders that only reduce.")

        with pytest.raises(Rejected):
            await desk.adapter.submit(desk.ticket(SELL, reduce_only=True))

        assert desk.held() == 0

    def _has_stops(self, desk: Desk) -> bool:
        return OrderType.STOP in desk.adapter.capabilities.order_types

    async def _until_filled(self, desk: Desk, ticket: OrderTicket) -> None:
        """Wait for the broker, which fills the pieces one after another."""
        async with asyncio.timeout(30):
            while sum(each.quantity for each in desk.executions()) < ticket.quantity:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
