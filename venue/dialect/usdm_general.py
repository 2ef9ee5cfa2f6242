"""USD-M: symbols, mark prices, brackets.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
"""

from __future__ import annotations

from typing import Any

from venue.dialect import usdm_json
from venue.dialect.calls import Call, Json, Security, by_symbol, route
from venue.engine.decimals import ZERO, plain
from venue.engine.listing import Listing

EIGHT_HOURS = 28_800_000


@route("GET", "/fapi/v1/exchangeInfo")
def exchange_info(call: Call) -> Json:
    return {
        "timezone": "UTC",
        "serverTime": call.now,
        "futuresType": "U_MARGINED",
        "rateLimits": call.venue.limits.usdm.describe(),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "0"}],
        "symbols": [usdm_json.symbol_row(listing.rules) for listing in call.exchange.usdm.listings.values()],
    }


def mark_row(listing: Listing, now: int) -> dict[str, Any]:
    """There is no funding here, so the rate is an honest zero."""
    mark = plain(round(listing.mark, 8))
    return {
        "symbol": listing.symbol,
        "markPrice": mark,
        "indexPrice": mark,
        "estimatedSettlePrice": mark,
        "lastFundingRate": "0.00000000",
        "interestRate": "0.00000000",
        "nextFundingTime": now - now % EIGHT_HOURS + EIGHT_HOURS,
        "time": now,
    }


@route("GET", "/fapi/v1/premiumIndex", weight=by_symbol(1, 10))
def premium_index(call: Call) -> Json:
    symbol, engine = call.params.optional("symbol"), call.exchange.usdm
    if symbol is not None:
        return mark_row(engine.listing(symbol), call.now)
    return [mark_row(listing, call.now) for listing in engine.listings.values()]


@route("GET", "/fapi/v1/fundingRate", "/fapi/v1/fundingInfo")
def funding(call: Call) -> Json:
    return []


@route("GET", "/fapi/v1/openInterest")
def open_interest(call: Call) -> Json:
    listing = call.exchange.usdm.listing(call.params.text("symbol"))
    rows = [row for account in call.exchange.accounts.values() for row in account.positions.values()]
    longs = sum((row.amount for row in rows if row.symbol == listing.symbol and row.amount > 0), ZERO)
    return {"symbol": listing.symbol, "openInterest": plain(longs), "time": call.now}


@route("GET", "/fapi/v1/leverageBracket", security=Security.SIGNED)
def leverage_bracket(call: Call) -> Json:
    symbol, engine = call.params.optional("symbol"), call.exchange.usdm
    chosen = engine.listings.values() if symbol is None else [engine.listing(symbol)]
    return [
        {
            "symbol": listing.symbol,
            "notionalCoef": 1.0,
            "brackets": [usdm_json.bracket_row(row) for row in listing.rules.brackets],
        }
        for listing in chosen
    ]
