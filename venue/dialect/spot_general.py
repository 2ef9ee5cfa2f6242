"""Spot: ping, time and the list of symbols."""

from __future__ import annotations

from venue.dialect import spot_json
from venue.dialect.calls import Call, Json, route
from venue.engine import errors


@route("GET", "/api/v3/ping", "/fapi/v1/ping")
def ping(call: Call) -> Json:
    return {}


@route("GET", "/api/v3/time", "/fapi/v1/time")
def time(call: Call) -> Json:
    return {"serverTime": call.now}


@route("GET", "/api/v3/exchangeInfo", weight=20)
def exchange_info(call: Call) -> Json:
    listings = call.exchange.spot.listings
    wanted = call.params.array("symbols") or ([call.params["symbol"]] if "symbol" in call.params else None)
    if wanted is not None and any(symbol not in listings for symbol in wanted):
        raise errors.bad_symbol()
    chosen = [listings[symbol] for symbol in wanted] if wanted else listings.values()
    return {
        "timezone": "UTC",
        "serverTime": call.now,
        "rateLimits": call.venue.limits.spot.describe(),
        "exchangeFilters": [],
        "symbols": [spot_json.symbol_row(listing.rules) for listing in chosen],
    }
