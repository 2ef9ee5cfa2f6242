"""Executions since a time, page by page: exchanges list a few hundred at once, and the rest only when asked again."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connections.adapters.ccxt.dialects import Dialect
from connections.contract import MarketType
from connections.errors import OutcomeUnknown
from core.clock import to_ms

#: Fewer than any exchange puts on a page: what is shorter is the last one.
SMALLEST_PAGE = 25
#: More than an account trades between two looks; beyond it something turns in circles.
MOST_PAGES = 200

Trade = Mapping[str, Any]


async def trades_since(
    exchange: Any, dialect: Dialect, market: MarketType, symbol: str | None, since: datetime, until: datetime
) -> list[Trade]:
    """Return ccxt's trades since a time, once each. May raise ccxt's errors.

    Raises:
        OutcomeUnknown: there is no end to the pages.
    """
    known: dict[tuple[str, str, str], Trade] = {}
    for start in _starts(dialect, market, since, until):
        page = await exchange.fetch_my_trades(symbol, to_ms(start), dialect.trades_page or None)
        for _ in range(MOST_PAGES):
            fresh = {_key(trade): trade for trade in page if _key(trade) not in known}
            known |= fresh
            if not fresh or len(page) < (dialect.trades_page or SMALLEST_PAGE):
                break
            page = await _next_page(exchange, dialect, symbol, page)
        else:
            raise OutcomeUnknown("The venue's list of executions does not end.", code="ENDLESS_LIST")
    return [trade for trade in known.values() if (trade.get("timestamp") or to_ms(since)) >= to_ms(since)]


def _starts(dialect: Dialect, market: MarketType, since: datetime, until: datetime) -> Iterator[datetime]:
    span = dialect.trades_span.get(market)
    yield since
    while span is not None and until - since > span:
        since += span
        yield since


async def _next_page(exchange: Any, dialect: Dialect, symbol: str | None, page: list[Trade]) -> list[Trade]:
    limit = dialect.trades_page or None
    if dialect.trades_from_id is not None:
        after = max(int(trade["id"]) for trade in page) + 1
        found = await exchange.fetch_my_trades(symbol, None, limit, {dialect.trades_from_id: after})
    else:
        found = await exchange.fetch_my_trades(symbol, max(trade["timestamp"] for trade in page), limit)
    return list(found)


def _key(trade: Trade) -> tuple[str, str, str]:
    # Exchanges count trades per symbol, and a trade with oneself has one id for both its sides.
    return str(trade["symbol"]), str(trade["id"]), str(trade["side"])
