"""Spot account: balances, order and trade history, listen keys, commission, order counts.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from venue.dialect import spot_json
from venue.dialect.calls import Call, Json, Security, route
from venue.engine.decimals import fixed
from venue.engine.orders import Fill
from venue.engine.terms import Market

SIGNED = Security.SIGNED
Row = TypeVar("Row")
FOREVER = 10**15


def page(
    call: Call, rows: Sequence[Row], first: str, number: Callable[[Row], int], time: Callable[[Row], int]
) -> list[Row]:
    """This function will cut a history as Binance does: from an id, or a time range, or else the latest."""
    params = call.params
    most = params.limit(500, 1000)
    since, until = params.integer("startTime"), params.integer("endTime", FOREVER)
    chosen = [row for row in rows if since <= time(row) <= until]
    if first in params:
        start = params.integer(first)
        return [row for row in chosen if number(row) >= start][:most]
    return chosen[:most] if since else chosen[-most:]


def visible_fills(call: Call, market: Market, symbol: str | None) -> list[Fill]:
    """This function will list an account's fills, those a fault repeats as often as it says."""
    rows: list[Fill] = []
    for fill in call.account.fills[market]:
        if symbol in (None, fill.order.symbol) and fill.order.is_visible(call.now):
            rows.extend([fill] * fill.copies)
    return rows


@route("GET", "/api/v3/account", weight=20, security=SIGNED)
def account(call: Call) -> Json:
    row = spot_json.account_row(call.account, call.now)
    if call.params.flag("omitZeroBalances"):
        row["balances"] = [entry for entry in row["balances"] if {entry["free"], entry["locked"]} != {fixed(None)}]
    return row


@route("GET", "/api/v3/allOrders", weight=20, security=SIGNED)
def all_orders(call: Call) -> Json:
    symbol = call.exchange.spot.listing(call.params.text("symbol")).symbol
    orders = [
        order
        for order in call.account.orders[Market.SPOT].all
        if order.symbol == symbol and order.is_visible(call.now)
    ]
    chosen = page(call, orders, "orderId", lambda row: row.id, lambda row: row.created_at)
    return [spot_json.order_row(order) for order in chosen]


@route(
    "GET",
    "/api/v3/myTrades",
    weight=lambda params: 5 if "orderId" in params else 20,
    security=SIGNED,
)
def my_trades(call: Call) -> Json:
    symbol = call.exchange.spot.listing(call.params.text("symbol")).symbol
    fills = visible_fills(call, Market.SPOT, symbol)
    if "orderId" in call.params:
        number = call.params.integer("orderId")
        fills = [fill for fill in fills if fill.order.id == number]
    chosen = page(call, fills, "fromId", lambda row: row.trade_id, lambda row: row.time)
    return [spot_json.trade_row(fill) for fill in chosen]


@route("GET", "/api/v3/account/commission", weight=20, security=SIGNED)
def commission(call: Call) -> Json:
    fees, symbol = call.account.fees, call.exchange.spot.listing(call.params.text("symbol")).symbol
    rates = {"maker": fixed(fees.spot_maker), "taker": fixed(fees.spot_taker), "buyer": fixed(None)}
    discount = {"enabledForAccount": fees.burn_bnb, "enabledForSymbol": True, "discountAsset": "BNB"}
    return {
        "symbol": symbol,
        "standardCommission": rates | {"seller": fixed(None)},
        "discount": discount | {"discount": "0.75000000"},
    }


@route("GET", "/api/v3/rateLimit/order", weight=40, security=SIGNED)
def order_counts(call: Call) -> Json:
    return call.venue.limits.spot.order_counts(call.account.api_key, call.now)


@route("POST", "/api/v3/userDataStream", weight=2, security=Security.KEY)
def open_stream(call: Call) -> Json:
    return {"listenKey": call.venue.listen_keys.open(call.account, Market.SPOT, call.now)}


@route("PUT", "/api/v3/userDataStream", weight=2, security=Security.KEY)
def keep_stream(call: Call) -> Json:
    call.venue.listen_keys.keep(call.params.text("listenKey"), call.account, call.now)
    return {}


@route("DELETE", "/api/v3/userDataStream", weight=2, security=Security.KEY)
def close_stream(call: Call) -> Json:
    call.venue.listen_keys.close(call.params.text("listenKey"), call.account)
    return {}
