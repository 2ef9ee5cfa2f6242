"""USD-M orders: new, amend, query, cancel, in batches and all at once.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from venue.dialect import usdm_json
from venue.dialect.calls import Call, Json, Security, by_symbol, route
from venue.dialect.params import CLIENT_ID, Params
from venue.dialect.spot_account import page
from venue.engine import errors
from venue.engine.decimals import ZERO
from venue.engine.errors import VenueError
from venue.engine.orders import Order, Spec
from venue.engine.terms import USDM_CONDITIONAL, USDM_TYPES, Market, Side, Stp, Tif

ORDER = "/fapi/v1/order"
SIGNED = Security.SIGNED
TIFS = ("GTC", "IOC", "FOK", "GTX", "GTD")
POSITION_SIDES = ("BOTH", "LONG", "SHORT")
WORKING_TYPES = ("CONTRACT_PRICE", "MARK_PRICE")
#: A GTD order must live for at least ten minutes.
SHORTEST_MS = 600_000
LATEST = 253_402_300_799_000


def client_id(params: Params, name: str) -> str:
    value = params.optional(name)
    if value is None:
        return secrets.token_hex(11)
    if not CLIENT_ID.fullmatch(value):
        raise errors.client_id_invalid()
    return value


def position_side(params: Params) -> str:
    invalid = VenueError(-4060, "Invalid position side.")
    return params.choice("positionSide", POSITION_SIDES, invalid, "BOTH")


def reduce_only(call: Call, params: Params) -> bool:
    """Hedge mode knows no reduce-only: the position side says it."""
    if "reduceOnly" in params and call.account.hedge_mode:
        raise errors.not_required("reduceonly")
    return params.flag("reduceOnly")


def good_till(call: Call, params: Params, tif: str) -> int:
    if tif != Tif.GTD:
        return 0
    date = params.integer("goodTillDate")
    if not date:
        raise errors.missing("goodTillDate")
    if not call.now + SHORTEST_MS < date < LATEST:
        raise errors.good_till_invalid()
    return date - date % 1000


def stp(params: Params) -> Stp:
    invalid = VenueError(-5039, "Invalid self trade prevention mode")
    return Stp(params.choice("selfTradePreventionMode", list(Stp), invalid, Stp.EXPIRE_MAKER))


def parse(call: Call, params: Params) -> Spec:
    """This function will read a new USD-M order; conditional types belong to another endpoint."""
    symbol = params.text("symbol")
    side = Side(params.choice("side", list(Side), errors.bad_side()))
    kind = params.choice("type", USDM_TYPES, errors.bad_type())
    if kind in USDM_CONDITIONAL:
        raise errors.use_algo_endpoint()
    is_limit = kind == "LIMIT"
    if is_limit and "price" not in params:
        raise errors.missing("price")
    if not is_limit and "price" in params:
        raise errors.not_required("price")
    if not is_limit and "timeInForce" in params:
        raise errors.not_required("timeinforce")
    tif = params.choice("timeInForce", TIFS, errors.bad_tif(), None if is_limit else "GTC")
    quantity = params.decimal("quantity")
    if quantity is None:
        raise errors.missing("quantity")
    return Spec(
        symbol=symbol,
        side=side,
        type=kind,
        client_id=client_id(params, "newClientOrderId"),
        quantity=quantity,
        price=params.decimal("price"),
        tif=Tif(tif),
        post_only=tif == Tif.GTX,
        position_side=position_side(params),
        reduce_only=reduce_only(call, params),
        good_till=good_till(call, params, tif),
        stp=stp(params),
    )


def _find(call: Call, params: Params, unknown: VenueError) -> Order:
    symbol = call.exchange.usdm.listing(params.text("symbol")).symbol
    orders = call.account.orders[Market.USDM]
    if "orderId" in params:
        order = orders.by_id(symbol, params.integer("orderId"))
    elif "origClientOrderId" in params:
        order = orders.by_client_id(symbol, params["origClientOrderId"])
    else:
        raise errors.missing_both("origClientOrderId", "orderId")
    if order is None or not order.is_visible(call.now):
        raise unknown
    return order


def _place(call: Call, params: Params) -> dict[str, Any]:
    spec = parse(call, params)
    invalid = errors.invalid_data("newOrderRespType")
    response = params.choice("newOrderRespType", ("ACK", "RESULT"), invalid, "ACK")
    order = call.exchange.usdm.place(call.account, spec, call.mischief, call.arrival_ns)
    call.placed.append(order)
    return usdm_json.order_row(order) if response == "RESULT" else usdm_json.acknowledged(order)


def _cancel(call: Call, params: Params) -> dict[str, Any]:
    order = _find(call, params, errors.unknown_order())
    call.before_cancel(order)
    if not order.is_open:
        raise errors.unknown_order()
    call.exchange.usdm.cancel(order)
    return usdm_json.order_row(order)


def _amend(call: Call, params: Params) -> dict[str, Any]:
    order = _find(call, params, errors.no_such_order())
    if not order.is_open:
        raise errors.no_such_order()
    quantity, price = params.decimal("quantity"), params.decimal("price")
    if quantity is None or price is None:
        raise errors.missing("quantity" if quantity is None else "price")
    call.exchange.usdm.amend(order, quantity, price)
    return usdm_json.order_row(order)


@route("POST", ORDER, weight=0, security=SIGNED, orders=1, trades=True)
def new_order(call: Call) -> Json:
    return _place(call, call.params)


@route("POST", ORDER + "/test", security=SIGNED, trades=True)
def test_order(call: Call) -> Json:
    spec = parse(call, call.params)
    call.exchange.usdm.check(call.account, spec)
    probe = Order(0, call.account, spec, call.now, call.now, price=spec.price, quantity=spec.quantity or ZERO)
    return usdm_json.order_row(probe)


@route("PUT", ORDER, weight=0, security=SIGNED, orders=1, trades=True)
def amend_order(call: Call) -> Json:
    return _amend(call, call.params)


@route("GET", ORDER, security=SIGNED)
def query_order(call: Call) -> Json:
    return usdm_json.order_row(_find(call, call.params, errors.no_such_order()))


@route("DELETE", ORDER, security=SIGNED, trades=True)
def cancel_order(call: Call) -> Json:
    return _cancel(call, call.params)


@route("GET", "/fapi/v1/openOrder", security=SIGNED)
def open_order(call: Call) -> Json:
    order = _find(call, call.params, errors.no_such_order())
    if not order.is_open:
        raise errors.no_such_order()
    return usdm_json.order_row(order)


@route("GET", "/fapi/v1/openOrders", weight=by_symbol(1, 40), security=SIGNED)
def open_orders(call: Call) -> Json:
    orders = call.account.orders[Market.USDM].open_of(call.params.optional("symbol"))
    return [usdm_json.order_row(order) for order in orders if order.is_visible(call.now)]


@route("GET", "/fapi/v1/allOrders", weight=5, security=SIGNED)
def all_orders(call: Call) -> Json:
    symbol = call.params.optional("symbol")
    rows = [
        order
        for order in call.account.orders[Market.USDM].all
        if symbol in (None, order.symbol) and order.is_visible(call.now)
    ]
    chosen = page(call, rows, "orderId", lambda row: row.id, lambda row: row.created_at)
    return [usdm_json.order_row(order) for order in chosen]


@route("DELETE", "/fapi/v1/allOpenOrders", security=SIGNED, trades=True)
def cancel_all(call: Call) -> Json:
    symbol = call.exchange.usdm.listing(call.params.text("symbol")).symbol
    for order in call.account.orders[Market.USDM].open_of(symbol):
        call.exchange.usdm.cancel(order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


# Batches: every member succeeds or fails alone, inside a list of answers

MOST_IN_BATCH = 5
MOST_CANCELED = 10


def _each(call: Call, rows: list[Any], work: Callable[[Call, Params], dict[str, Any]]) -> Json:
    answers: list[dict[str, Any]] = []
    for row in rows:
        try:
            answers.append(work(call, Params({name: _text(value) for name, value in row.items()})))
        except VenueError as e:
            answers.append({"code": e.code, "msg": e.message})
    return answers


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _batch(call: Call) -> list[Any]:
    rows = call.params.array("batchOrders")
    if not rows or len(rows) > MOST_IN_BATCH:
        raise VenueError(-4082, "Invalid number of batch place orders.")
    return rows


@route("POST", "/fapi/v1/batchOrders", weight=5, security=SIGNED, orders=5, trades=True)
def new_orders(call: Call) -> Json:
    return _each(call, _batch(call), _place)


@route("PUT", "/fapi/v1/batchOrders", weight=5, security=SIGNED, orders=5, trades=True)
def amend_orders(call: Call) -> Json:
    return _each(call, _batch(call), _amend)


@route("DELETE", "/fapi/v1/batchOrders", security=SIGNED, trades=True)
def cancel_orders(call: Call) -> Json:
    symbol = call.params.text("symbol")
    numbers = call.params.array("orderidlist" if "orderidlist" in call.params else "orderIdList") or []
    names = call.params.array(
        "origclientorderidlist" if "origclientorderidlist" in call.params else "origClientOrderIdList"
    )
    rows = [{"symbol": symbol, "orderId": number} for number in numbers]
    rows += [{"symbol": symbol, "origClientOrderId": name} for name in names or []]
    if not rows or len(rows) > MOST_CANCELED:
        raise VenueError(-4082, "Invalid number of batch place orders.")
    return _each(call, rows, _cancel)
