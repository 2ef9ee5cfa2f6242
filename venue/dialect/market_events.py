"""What the public streams say.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams and
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from venue.dialect.market_data import INTERVALS, agg_trade_row, fixed_signed, level_rows, number
from venue.engine.decimals import ZERO
from venue.engine.listing import Listing
from venue.engine.tape import Candle, PublicTrade
from venue.engine.terms import Market, Side

Levels = dict[str, dict[Decimal, Decimal]]


def trade(listing: Listing, row: PublicTrade, now: int) -> dict[str, Any]:
    write = number(listing.rules.market)
    event: dict[str, Any] = {"e": "trade", "E": now, "s": listing.symbol, "t": row.id}
    event |= {"p": write(row.price), "q": write(row.quantity), "T": row.time, "m": row.buyer_is_maker}
    return event | ({"M": True} if listing.rules.market is Market.SPOT else {"X": "MARKET"})


def agg_trade(listing: Listing, row: PublicTrade, now: int) -> dict[str, Any]:
    return {"e": "aggTrade", "E": now, "s": listing.symbol, **agg_trade_row(row, listing.rules.market)}


def book_ticker(listing: Listing, now: int) -> dict[str, Any]:
    """Spot's carries no event name and no time; clients tell it by its shape."""
    write = number(listing.rules.market)
    (bid, bid_size), (ask, ask_size) = listing.best(Side.BUY), listing.best(Side.SELL)
    event: dict[str, Any] = {"u": listing.book.version, "s": listing.symbol}
    event |= {"b": write(bid), "B": write(bid_size), "a": write(ask), "A": write(ask_size)}
    return event if listing.rules.market is Market.SPOT else {"e": "bookTicker", "T": now, "E": now, **event}


def mini_ticker(listing: Listing, now: int) -> dict[str, Any]:
    write, day = number(listing.rules.market), listing.tape.day(now)
    return {
        "e": "24hrMiniTicker",
        "E": now,
        "s": listing.symbol,
        "c": write(listing.last),
        "o": write(day.open),
        "h": write(day.high),
        "l": write(day.low),
        "v": write(day.volume),
        "q": write(day.turnover),
    }


def ticker(listing: Listing, now: int) -> dict[str, Any]:
    write, day = number(listing.rules.market), listing.tape.day(now)
    change = listing.last - day.open
    (bid, bid_size), (ask, ask_size) = listing.best(Side.BUY), listing.best(Side.SELL)
    trades = listing.tape.trades
    event = mini_ticker(listing, now) | {
        "e": "24hrTicker",
        "p": fixed_signed(change),
        "P": f"{change / day.open * 100:.3f}" if day.open else "0",
        "w": write(day.turnover / day.volume if day.volume else listing.last),
        "Q": write(trades[-1].quantity if trades else ZERO),
        "O": now - 86_400_000,
        "C": now,
        "F": trades[0].id if trades else -1,
        "L": trades[-1].id if trades else -1,
        "n": day.trades,
    }
    if listing.rules.market is Market.SPOT:
        event |= {"x": write(day.open), "b": write(bid), "B": write(bid_size)}
        event |= {"a": write(ask), "A": write(ask_size)}
    return event


def mark_price(listing: Listing, now: int) -> dict[str, Any]:
    mark = number(Market.USDM)(round(listing.mark, 8))
    next_funding = now - now % 28_800_000 + 28_800_000
    event = {"e": "markPriceUpdate", "E": now, "s": listing.symbol, "p": mark, "i": mark, "P": mark}
    return event | {"r": "0.00000000", "T": next_funding}


def partial_depth(listing: Listing, levels: int, now: int) -> dict[str, Any]:
    market = listing.rules.market
    bids, asks = (level_rows(listing, side, levels, market) for side in (Side.BUY, Side.SELL))
    version = listing.book.version
    if market is Market.SPOT:
        return {"lastUpdateId": version, "bids": bids, "asks": asks}
    event = {"e": "depthUpdate", "E": now, "T": now, "s": listing.symbol}
    return event | {"U": version, "u": version, "pu": version - 1, "b": bids, "a": asks}


def snapshot(listing: Listing) -> Levels:
    sides = {"b": Side.BUY, "a": Side.SELL}
    return {name: dict(listing.book.sides[side].levels(1000)) for name, side in sides.items()}


def depth_change(listing: Listing, before: Levels, after: Levels, since: int, now: int) -> dict[str, Any]:
    """This function will write the levels that changed after version `since`; a gone level has quantity 0."""
    write, version = number(listing.rules.market), listing.book.version
    changes = {
        name: [
            [write(price), write(after[name].get(price, ZERO))]
            for price in {**before[name], **after[name]}
            if before[name].get(price) != after[name].get(price)
        ]
        for name in ("b", "a")
    }
    event: dict[str, Any] = {"e": "depthUpdate", "E": now, "s": listing.symbol, "U": since + 1, "u": version}
    if listing.rules.market is Market.USDM:
        event |= {"T": now, "pu": since}
    return event | changes


def kline(listing: Listing, interval: str, now: int) -> dict[str, Any]:
    write, length = number(listing.rules.market), INTERVALS[interval]
    last = listing.last
    row = listing.tape.latest(length) or Candle(now - now % length, last, last, last, last)
    body = {
        "t": row.opened_at,
        "T": row.opened_at + length - 1,
        "s": listing.symbol,
        "i": interval,
        "f": -1,
        "L": -1,
        "o": write(row.open),
        "c": write(row.close),
        "h": write(row.high),
        "l": write(row.low),
        "v": write(row.volume),
        "n": row.trades,
        "x": now >= row.opened_at + length,
        "q": write(row.turnover),
        "V": write(row.taker_volume),
        "Q": write(row.taker_turnover),
        "B": "0",
    }
    return {"e": "kline", "E": now, "s": listing.symbol, "k": body}
