"""Public market data of both markets: order book, trades, candles and tickers.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints and
https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from venue.dialect.calls import Call, Json, by_symbol, route
from venue.dialect.params import Params
from venue.engine import errors
from venue.engine.decimals import ZERO, fixed, plain
from venue.engine.listing import Listing
from venue.engine.matching import Engine
from venue.engine.tape import Candle, PublicTrade
from venue.engine.terms import Market, Side

SPOT, USDM = "/api/v3/", "/fapi/v1/"
MINUTE = 60_000
INTERVALS = {
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": 60 * MINUTE,
    "2h": 120 * MINUTE,
    "4h": 240 * MINUTE,
    "6h": 360 * MINUTE,
    "8h": 480 * MINUTE,
    "12h": 720 * MINUTE,
    "1d": 1440 * MINUTE,
}


def number(market: Market) -> Callable[[Decimal | None], str]:
    """This function will give a market's way of writing numbers: eight decimals on spot, plain on USD-M."""
    return fixed if market is Market.SPOT else plain


def _engine(call: Call, market: Market) -> Engine:
    return call.exchange.engines[market]


def _depth_weight(*steps: tuple[int, int]) -> Callable[[Params], int]:
    def weigh(params: Params) -> int:
        limit = params.integer("limit", 100)
        return next((weight for most, weight in steps if limit <= most), steps[-1][1])

    return weigh


def level_rows(listing: Listing, side: Side, limit: int, market: Market) -> list[list[str]]:
    write = number(market)
    return [[write(price), write(size)] for price, size in listing.book.sides[side].levels(limit)]


def _depth(call: Call, market: Market) -> Json:
    listing = _engine(call, market).listing(call.params.text("symbol"))
    limit = call.params.limit(100, 5000)
    row: dict[str, Any] = {"lastUpdateId": listing.book.version}
    if market is Market.USDM:
        row |= {"E": call.now, "T": call.now}
    row["bids"] = level_rows(listing, Side.BUY, limit, market)
    row["asks"] = level_rows(listing, Side.SELL, limit, market)
    return row


@route("GET", SPOT + "depth", weight=_depth_weight((100, 5), (500, 25), (1000, 50), (5000, 250)))
def spot_depth(call: Call) -> Json:
    return _depth(call, Market.SPOT)


@route("GET", USDM + "depth", weight=_depth_weight((50, 2), (100, 5), (500, 10), (1000, 20)))
def usdm_depth(call: Call) -> Json:
    return _depth(call, Market.USDM)


def _trades(call: Call, market: Market) -> Json:
    listing = _engine(call, market).listing(call.params.text("symbol"))
    trades = list(listing.tape.trades)[-call.params.limit(500, 1000) :]
    return [_trade_row(trade, market) for trade in trades]


def _trade_row(trade: PublicTrade, market: Market) -> dict[str, Any]:
    write = number(market)
    row: dict[str, Any] = {
        "id": trade.id,
        "price": write(trade.price),
        "qty": write(trade.quantity),
        "quoteQty": write(trade.price * trade.quantity),
        "time": trade.time,
        "isBuyerMaker": trade.buyer_is_maker,
    }
    if market is Market.SPOT:
        row["isBestMatch"] = True
    return row


@route("GET", SPOT + "trades", SPOT + "historicalTrades", weight=25)
def spot_trades(call: Call) -> Json:
    return _trades(call, Market.SPOT)


@route("GET", USDM + "trades", USDM + "historicalTrades", weight=5)
def usdm_trades(call: Call) -> Json:
    return _trades(call, Market.USDM)


def _agg_trades(call: Call, market: Market) -> Json:
    """Every trade is its own aggregate here."""
    listing = _engine(call, market).listing(call.params.text("symbol"))
    trades = list(listing.tape.trades)[-call.params.limit(500, 1000) :]
    return [agg_trade_row(trade, market) for trade in trades]


def agg_trade_row(trade: PublicTrade, market: Market) -> dict[str, Any]:
    write = number(market)
    row: dict[str, Any] = {"a": trade.id, "p": write(trade.price), "q": write(trade.quantity)}
    row |= {"f": trade.id, "l": trade.id, "T": trade.time, "m": trade.buyer_is_maker}
    if market is Market.SPOT:
        row["M"] = True
    return row


@route("GET", SPOT + "aggTrades", weight=4)
def spot_agg_trades(call: Call) -> Json:
    return _agg_trades(call, Market.SPOT)


@route("GET", USDM + "aggTrades", weight=20)
def usdm_agg_trades(call: Call) -> Json:
    return _agg_trades(call, Market.USDM)


def _klines(call: Call, market: Market) -> Json:
    params = call.params
    listing = _engine(call, market).listing(params.text("symbol"))
    interval = INTERVALS.get(params.text("interval"))
    if interval is None:
        raise errors.bad_interval()
    since, until = params.integer("startTime"), params.integer("endTime", 10**15)
    rows = [row for row in listing.tape.candles(interval) if since <= row.opened_at <= until]
    most = params.limit(500, 1000)
    chosen = rows[:most] if since else rows[-most:]
    return [_kline_row(row, interval, market) for row in chosen]


def _kline_row(row: Candle, interval: int, market: Market) -> list[Any]:
    write = number(market)
    prices = [write(row.open), write(row.high), write(row.low), write(row.close)]
    closes = row.opened_at + interval - 1
    taken = [write(row.taker_volume), write(row.taker_turnover), "0"]
    return [row.opened_at, *prices, write(row.volume), closes, write(row.turnover), row.trades, *taken]


@route("GET", SPOT + "klines", SPOT + "uiKlines", weight=2)
def spot_klines(call: Call) -> Json:
    return _klines(call, Market.SPOT)


@route("GET", USDM + "klines", weight=_depth_weight((99, 1), (499, 2), (1000, 5), (10**9, 10)))
def usdm_klines(call: Call) -> Json:
    return _klines(call, Market.USDM)


# Tickers

Row = Callable[[Listing, int], dict[str, Any]]


def _tickers(call: Call, market: Market, row: Row) -> Json:
    """This function will answer for one symbol, for some (spot: symbols=[...]) or for all."""
    engine, now = _engine(call, market), call.now
    symbol, symbols = call.params.optional("symbol"), call.params.array("symbols")
    if symbol is not None:
        return row(engine.listing(symbol), now)
    chosen = list(engine.listings) if symbols is None else symbols
    return [row(engine.listing(name), now) for name in chosen]


def _book_row(market: Market) -> Row:
    write = number(market)

    def row(listing: Listing, now: int) -> dict[str, Any]:
        (bid, bid_size), (ask, ask_size) = listing.best(Side.BUY), listing.best(Side.SELL)
        result: dict[str, Any] = {"symbol": listing.symbol, "bidPrice": write(bid), "bidQty": write(bid_size)}
        result |= {"askPrice": write(ask), "askQty": write(ask_size)}
        if market is Market.USDM:
            result |= {"time": now, "lastUpdateId": listing.book.version}
        return result

    return row


def _price_row(market: Market) -> Row:
    def row(listing: Listing, now: int) -> dict[str, Any]:
        result: dict[str, Any] = {"symbol": listing.symbol, "price": number(market)(listing.last)}
        return result | ({"time": now} if market is Market.USDM else {})

    return row


def _day_row(market: Market) -> Row:
    write, book = number(market), _book_row(market)

    def row(listing: Listing, now: int) -> dict[str, Any]:
        day = listing.tape.day(now)
        change = listing.last - day.open
        result: dict[str, Any] = {
            "symbol": listing.symbol,
            "priceChange": fixed_signed(change),
            "priceChangePercent": f"{change / day.open * 100:.3f}" if day.open else "0",
            "weightedAvgPrice": write(day.turnover / day.volume if day.volume else listing.last),
            "lastPrice": write(listing.last),
            "lastQty": write(listing.tape.trades[-1].quantity if listing.tape.trades else ZERO),
            "openPrice": write(day.open),
            "highPrice": write(day.high),
            "lowPrice": write(day.low),
            "volume": write(day.volume),
            "quoteVolume": write(day.turnover),
            "openTime": now - 86_400_000,
            "closeTime": now,
            "firstId": listing.tape.trades[0].id if listing.tape.trades else -1,
            "lastId": listing.tape.trades[-1].id if listing.tape.trades else -1,
            "count": day.trades,
        }
        if market is Market.SPOT:
            result |= {"prevClosePrice": write(day.open), **book(listing, now)}
        return result

    return row


def fixed_signed(value: Decimal) -> str:
    return ("-" if value < 0 else "") + fixed(abs(value))


def _by_count(one: int, every: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params or "symbols" in params else every


@route("GET", SPOT + "ticker/24hr", SPOT + "ticker", weight=_by_count(2, 80))
def spot_day(call: Call) -> Json:
    return _tickers(call, Market.SPOT, _day_row(Market.SPOT))


@route("GET", USDM + "ticker/24hr", weight=by_symbol(1, 40))
def usdm_day(call: Call) -> Json:
    return _tickers(call, Market.USDM, _day_row(Market.USDM))


@route("GET", SPOT + "ticker/price", weight=_by_count(2, 4))
def spot_price(call: Call) -> Json:
    return _tickers(call, Market.SPOT, _price_row(Market.SPOT))


@route("GET", USDM + "ticker/price", "/fapi/v2/ticker/price", weight=by_symbol(1, 2))
def usdm_price(call: Call) -> Json:
    return _tickers(call, Market.USDM, _price_row(Market.USDM))


@route("GET", SPOT + "ticker/bookTicker", weight=_by_count(2, 4))
def spot_book(call: Call) -> Json:
    return _tickers(call, Market.SPOT, _book_row(Market.SPOT))


@route("GET", USDM + "ticker/bookTicker", weight=by_symbol(2, 5))
def usdm_book(call: Call) -> Json:
    return _tickers(call, Market.USDM, _book_row(Market.USDM))


@route("GET", SPOT + "avgPrice", weight=2)
def spot_average(call: Call) -> Json:
    listing = call.exchange.spot.listing(call.params.text("symbol"))
    return {"mins": 5, "price": fixed(listing.last), "closeTime": call.now}
