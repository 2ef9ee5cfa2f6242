"""Finding an order by lists, and executions by pages, on exchanges that make it hard."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from connections.adapters.ccxt.dialects import DEFAULT, Dialect, dialect_of
from connections.adapters.ccxt.history import MOST_PAGES, trades_since
from connections.adapters.ccxt.lookup import Finder
from connections.contract import MarketType, OrderRef
from connections.errors import OutcomeUnknown
from core.clock import to_ms
from tests.values import BTC, NOON, at

OURS, THEIRS = "aaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbb"
REF = OrderRef(BTC, OURS, submitted_at=NOON)


class Listing:
    """An exchange that only lists: what it keeps, and how often it was asked."""

    def __init__(
        self, orders: Sequence[dict[str, Any]] = (), trades: Sequence[dict[str, Any]] = (), page: int = 50
    ):
        self.has = {"fetchOrders": True, "fetchOrder": True, "fetchOrderTrades": None}
        self.orders, self.trades, self.page = list(orders), list(trades), page
        self.asked: list[tuple[Any, ...]] = []

    def market(self, symbol: str) -> dict[str, Any]:
        return {"contractSize": None}

    async def fetch_orders(self, symbol: str, since: int | None, limit: int | None, params: Any) -> Any:
        self.asked.append((symbol, since, params))
        return self.orders

    async def fetch_my_trades(
        self, symbol: str, since: int | None = None, limit: int | None = None, params: Any = None
    ) -> Any:
        self.asked.append((since, limit, params))
        first = (params or {}).get("fromId")
        chosen = [
            each
            for each in self.trades
            if (since is None or each["timestamp"] >= since) and (first is None or int(each["id"]) >= first)
        ]
        return chosen[: limit or self.page]


def listed(own: str | None, seconds: float = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": "9",
        "clientOrderId": own,
        "symbol": BTC,
        "status": "open",
        "timestamp": to_ms(at(seconds)),
        **changes,
    }


def traded(number: int, seconds: float = 1) -> dict[str, Any]:
    return {"id": str(number), "symbol": BTC, "side": "buy", "timestamp": to_ms(at(seconds))}


def finder(exchange: Listing, dialect: Dialect = DEFAULT) -> Finder:
    return Finder(exchange, dialect, MarketType.SPOT)


class TestFind:
    async def test_takes_the_order_that_has_our_id(self) -> None:
        found = await finder(Listing([listed(THEIRS), listed(OURS, id="10")])).find(REF)

        assert found is not None
        assert found.venue_order_id == "10"

    async def test_takes_the_form_the_exchange_gives_our_id(self) -> None:
        found = await finder(Listing([listed(f"t-{OURS}")]), Dialect(render_lookup=lambda own: f"t-{own}")).find(
            REF
        )

        assert found is not None

    async def test_says_that_there_is_none(self) -> None:
        assert await finder(Listing([listed(THEIRS)])).find(REF) is None
        assert await finder(Listing()).find(REF) is None

    async def test_does_not_take_an_order_without_an_id_for_somebody_elses(self) -> None:
        """An exchange that forgets our ids proves no absence: any order of that time may be the one."""
        with pytest.raises(OutcomeUnknown):
            await finder(Listing([listed(None)])).find(REF)

    async def test_does_not_mind_older_orders_without_an_id(self) -> None:
        assert await finder(Listing([listed(None, seconds=-3600)])).find(REF) is None

    async def test_asks_from_a_little_before_it_was_sent(self) -> None:
        exchange = Listing()

        await finder(exchange).find(REF)

        assert exchange.asked == [(BTC, to_ms(at(-60)), {})]


class TestTradesSince:
    async def all_of(self, exchange: Listing, dialect: Dialect = DEFAULT, *, hours: float = 1) -> list[str]:
        since = at(3600) - timedelta(hours=hours)
        found = await trades_since(exchange, dialect, MarketType.LINEAR, BTC, since, at(3600))
        return [each["id"] for each in found]

    async def test_asks_once_where_one_page_is_enough(self) -> None:
        exchange = Listing(trades=[traded(number) for number in range(10)])

        assert len(await self.all_of(exchange)) == 10
        assert len(exchange.asked) == 1

    async def test_turns_pages_by_time_where_it_knows_no_better(self) -> None:
        exchange = Listing(trades=[traded(number, seconds=number) for number in range(1, 131)])

        assert await self.all_of(exchange) == [str(number) for number in range(1, 131)]

    async def test_turns_pages_by_id_where_many_trades_have_one_time(self) -> None:
        exchange = Listing(trades=[traded(number) for number in range(2500)])

        assert len(await self.all_of(exchange, dialect_of("binance"))) == 2500

    async def test_asks_for_every_span_of_a_long_time(self) -> None:
        """Binance's derivatives tell seven days at once: an empty week hides nothing behind it."""
        exchange = Listing(trades=[traded(1)])

        found = await self.all_of(exchange, dialect_of("binance"), hours=24 * 20)

        assert found == ["1"]
        assert len(exchange.asked) == 3

    async def test_leaves_out_what_a_page_by_id_brings_from_before(self) -> None:
        exchange = Listing(trades=[traded(1, seconds=-7200), traded(2)])

        assert await self.all_of(exchange, hours=1) == ["2"]

    async def test_does_not_turn_pages_for_ever(self) -> None:
        class Endless(Listing):
            async def fetch_my_trades(self, *_: Any) -> Any:
                first = len(self.asked) * 50
                self.asked.append(())
                return [traded(number) for number in range(first, first + 50)]

        exchange = Endless()

        with pytest.raises(OutcomeUnknown):
            await self.all_of(exchange)

        assert len(exchange.asked) <= MOST_PAGES + 1
