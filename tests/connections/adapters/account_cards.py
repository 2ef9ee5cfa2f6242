"""Cards C01 to C19: what an adapter says of the key, the money, the market."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from connections.adapter import BrokerAdapter
from connections.contract import AccountCheck, Balance, MarketType, Side
from connections.errors import AuthFailed, OutcomeUnknown, Refused
from core.clock import now
from tests.connections.adapters.desk import Desk, Step, Trouble, end_of

MOMENT = timedelta(seconds=5)


def as_booked(balance: Balance) -> dict[str, tuple[Decimal, Decimal]]:
    """Return a balance the way the desk shows the broker's."""
    return {currency: (amount.free, amount.total) for currency, amount in balance.assets.items()}


class AccountCards:
    """The account before and after it traded."""

    async def test_c01_checks_the_key(self, desk: Desk) -> None:
        """A good key may trade and not withdraw; latency, clock and money are measured."""
        check = await desk.adapter.check()

        assert (check.can_trade, check.can_withdraw) == (True, False)
        assert timedelta(0) < check.latency < MOMENT
        assert abs(check.clock_offset) < MOMENT
        assert as_booked(check.balance) == desk.money()

    async def test_c02_sees_a_key_that_may_withdraw(self, desk: Desk) -> None:
        """The right to withdraw is seen, so that the connection can be refused."""
        desk.permit(withdraw=True)

        assert (await desk.adapter.check()).can_withdraw is True

    async def test_c03_sees_a_key_that_may_not_trade(self, desk: Desk) -> None:
        """A key that can only read is no key to trade with; some brokers then show it nothing either."""
        desk.permit(trade=False)

        end = await end_of(desk.adapter.check())

        assert isinstance(end, AuthFailed) or (isinstance(end, AccountCheck) and end.can_trade is False)

    @pytest.mark.parametrize("ahead", [timedelta(minutes=2), -timedelta(minutes=2)])
    async def test_c04_learns_the_brokers_clock(self, desk: Desk, ahead: timedelta) -> None:
        """A check measures how far the clocks are apart, and what follows is signed with the broker's time."""
        desk.skew(ahead)

        check = await desk.adapter.check()
        report = await desk.adapter.submit(desk.ticket(Side.BUY))

        assert abs(check.clock_offset - ahead) < MOMENT
        assert report.filled == desk.quantity

    async def test_c05_says_that_a_key_is_bad(self, desk: Desk) -> None:
        """A key that worked before and was revoked is a bad key, not a reason to wait or to doubt."""
        await desk.adapter.check()
        desk.revoke()

        with pytest.raises(AuthFailed):
            await desk.adapter.check()
        with pytest.raises(AuthFailed):
            await desk.adapter.submit(desk.ticket(Side.BUY))
        with pytest.raises(AuthFailed):
            await desk.adapter.open_orders(desk.symbol)

    async def test_c06_tells_free_from_reserved_money(self, desk: Desk) -> None:
        """Balances are the broker's to the last digit, after a trade and while an order rests."""
        await desk.adapter.submit(desk.ticket(Side.BUY))
        await desk.adapter.submit(desk.resting())
        asked_at = now()

        balance = await desk.adapter.balance()

        assert as_booked(balance) == desk.money()
        assert balance.free(desk.quote) < balance.total(desk.quote)
        assert timedelta(0) <= balance.as_of - asked_at < MOMENT

    @pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
    async def test_c07_lists_what_is_held(self, desk: Desk, side: Side) -> None:
        """Coins on spot and signed positions on derivatives, in base units."""
        await desk.adapter.submit(desk.ticket(side))

        held = [each.quantity for each in await desk.adapter.holdings() if each.asset == desk.base]

        assert held == [desk.held()]

    async def test_c08_leaves_out_what_is_not_held(self, desk: Desk) -> None:
        """A position that was closed, like a coin that was sold, is not listed as zero."""
        await desk.adapter.submit(desk.ticket(Side.SELL, quantity=desk.held() or desk.quantity))
        if desk.held():  # a short position on derivatives
            await desk.adapter.submit(desk.ticket(Side.BUY))

        assert [each for each in await desk.adapter.holdings() if each.asset == desk.base] == []

    async def test_c09_states_the_brokers_filters(self, desk: Desk) -> None:
        """Steps, minimums and maximums are those that the broker enforces."""
        assert await desk.adapter.instrument(desk.symbol) == desk.filters()

    async def test_c10_lists_every_instrument_of_its_market(self, desk: Desk) -> None:
        """The list holds the market's own instruments, each the same as when asked for alone."""
        listed = {each.symbol: each for each in await desk.adapter.instruments()}

        assert listed[desk.symbol] == desk.filters()
        assert desk.foreign_symbol not in listed

    @pytest.mark.parametrize("other", ["NONE/SUCH", "", "foreign"])
    async def test_c11_refuses_a_symbol_it_does_not_list(self, desk: Desk, other: str) -> None:
        """A symbol the broker lacks, or has on another market only, is refused before the wire."""
        symbol = desk.foreign_symbol if other == "foreign" else other

        with pytest.raises(Refused) as refused:
            await desk.adapter.submit(desk.ticket(Side.BUY, symbol=symbol))

        assert (refused.value.field, refused.value.code) == ("symbol", "UNKNOWN_SYMBOL")
        assert desk.asked(Step.SUBMIT) == 0

    async def test_c12_quotes_both_sides(self, desk: Desk) -> None:
        """Quotes are the broker's best bid and ask, of what was asked for and is listed."""
        desk.move(desk.price + 100)
        asked_at = now()

        quotes = await desk.adapter.quotes([desk.symbol, "NONE/SUCH"])

        assert list(quotes) == [desk.symbol]
        assert (quotes[desk.symbol].bid, quotes[desk.symbol].ask) == desk.sides()
        assert abs(quotes[desk.symbol].quoted_at - asked_at) < MOMENT

    async def test_c13_quotes_nothing_for_nothing(self, desk: Desk) -> None:
        """Who asks for no symbol the broker lists gets no quotes, and not all there are."""
        await desk.adapter.instrument(desk.symbol)

        assert await desk.adapter.quotes([]) == {}
        assert await desk.adapter.quotes(["NONE/SUCH"]) == {}
        assert desk.asked(Step.QUOTES) == 0

    async def test_c14_prepares_leverage_and_margin(self, desk: Desk) -> None:
        """Leverage and margin mode are set where the broker keeps them, and setting them twice is harmless."""
        if not desk.adapter.capabilities.leverage:
            pytest.skip("The broker has no leverage here.")

        await desk.adapter.prepare(desk.symbol, Decimal(7), "isolated")
        await desk.adapter.prepare(desk.symbol, Decimal(7), "isolated")

        assert desk.settings() == (Decimal(7), "isolated")

    async def test_c15_prepares_nothing_where_there_is_nothing(self, desk: Desk) -> None:
        """Nobody is asked when nothing is to be set, or when the broker has nothing to set."""
        await desk.adapter.prepare(desk.symbol, None, "")
        if not desk.adapter.capabilities.leverage:
            await desk.adapter.prepare(desk.symbol, Decimal(5), "isolated")

        assert desk.asked(Step.PREPARE) == 0

    async def test_c16_shares_its_markets_between_accounts(self, desk: Desk) -> None:
        """However many accounts start at once, the list of markets is loaded once."""
        crowd = [desk.connect_neighbour() for _ in range(10)]

        filters = await asyncio.gather(*(each.instrument(desk.symbol) for each in [desk.adapter, *crowd]))

        assert set(filters) == {desk.filters()}
        assert desk.asked(Step.MARKETS) == 1

    @pytest.mark.parametrize("what", [Trouble.BAD_GATEWAY, Trouble.EMPTY_OBJECT, Trouble.TRUNCATED])
    async def test_c17_loads_its_markets_again_after_trouble(self, desk: Desk, what: Trouble) -> None:
        """A list that did not come, or is none, is an error now and forgotten by the next call."""
        desk.trouble(Step.MARKETS, what)

        with pytest.raises(OutcomeUnknown):
            await desk.adapter.instrument(desk.symbol)

        assert await desk.adapter.instrument(desk.symbol) == desk.filters()

    async def test_c18_closes_without_harm_to_others(self, desk: Desk) -> None:
        """Closing an adapter, even twice, leaves other accounts of the broker at work."""
        neighbour: BrokerAdapter = desk.connect_neighbour()
        await neighbour.balance()

        await desk.adapter.close()
        await desk.adapter.close()

        assert (await neighbour.submit(desk.ticket(Side.BUY))).filled == desk.quantity

    async def test_c19_knows_what_kind_of_market_it_is(self, desk: Desk) -> None:
        """Only derivatives have leverage and orders that merely reduce; only there is an equity stated."""
        instrument, balance = await desk.adapter.instrument(desk.symbol), await desk.adapter.balance()
        is_derivative = instrument.market is not MarketType.SPOT

        assert desk.adapter.capabilities.reduce_only is is_derivative
        assert (balance.equity is not None) is is_derivative
