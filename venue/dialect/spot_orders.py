"""Spot orders: new, test, query, cancel, cancel-replace.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from venue.dialect import spot_json
from venue.dialect.calls import Call, Json, Security, by_symbol, route
from venue.dialect.params import CLIENT_ID, CLIENT_ID_RANGE, Params
from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.decimals import places
from venue.engine.errors import VenueError
from venue.engine.orders import Order, Spec
from venue.engine.terms import SPOT_CONDITIONAL, SPOT_TYPES, Market, Side, Stp, Tif

ORDER = "/api/v3/order"
SIGNED = Security.SIGNED
LIMIT_TYPES = frozenset({"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})
SPOT_TIF = frozenset({"GTC", "IOC", "FOK"})
BASIS = Decimal(10_000)
#: Everything a new order may carry; spot refuses what it does not know.
KNOWN = frozenset(
    [
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "quoteOrderQty",
        "price",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "stopPrice",
        "trailingDelta",
        "icebergQty",
        "newOrderRespType",
        "selfTradePreventionMode",
        "computeCommissionRates",
        "recvWindow",
        "timestamp",
        "signature",
        "apiKey",
        "returnRateLimits",
    ]
)


def client_id(params: Params, name: str = "newClientOrderId") -> str:
    """This function will read a client order id, or make one as Binance does."""
    value = params.optional(name)
    if value is None:
        return secrets.token_hex(11)
    if not CLIENT_ID.fullmatch(value):
        raise errors.illegal_characters(name, CLIENT_ID_RANGE)
    return value


def amount(params: Params, name: str) -> Decimal | None:
    value = params.decimal(name)
    if value is not None and places(value) > 8:
        raise errors.spot_precision(name)
    return value


def needed(params: Params, name: str) -> Decimal:
    value = amount(params, name)
    if value is None:
        raise errors.missing(name)
    return value


def trail(params: Params, name: str = "trailingDelta") -> Decimal | None:
    """This function will read a trailing delta, which is in basis points."""
    delta = params.integer(name)
    if name in params and not 10 <= delta <= 2000:
        raise errors.filter_failure("TRAILING_DELTA")
    return delta / BASIS if delta else None


def parse(params: Params) -> Spec:
    """This function will read a new spot order; what depends on the symbol's state is checked by the engine."""
    symbol = params.text("symbol")
    side = Side(params.choice("side", list(Side), errors.bad_side()))
    kind = params.choice("type", SPOT_TYPES, errors.bad_type())
    stop, trailing = _conditional(params, kind)
    quantity, quote_quantity = _quantities(params, kind)
    return Spec(
        symbol=symbol,
        side=side,
        type=kind,
        client_id=client_id(params),
        quantity=quantity,
        quote_quantity=quote_quantity,
        price=_price(params, kind),
        tif=_tif(params, kind),
        stop_price=stop,
        trail=trailing,
        activation=stop if trailing else None,
        post_only=kind == "LIMIT_MAKER",
        stp=_stp(params),
    )


def _price(params: Params, kind: str) -> Decimal | None:
    if kind in LIMIT_TYPES or kind == "LIMIT_MAKER":
        return needed(params, "price")
    if "price" in params:
        raise errors.not_required("price")
    return None


def _tif(params: Params, kind: str) -> Tif:
    if kind in LIMIT_TYPES:
        return Tif(params.choice("timeInForce", SPOT_TIF, errors.bad_tif()))
    if "timeInForce" in params:
        raise errors.not_required("timeInForce")
    return Tif.GTC


def _quantities(params: Params, kind: str) -> tuple[Decimal | None, Decimal | None]:
    if kind != "MARKET":
        return needed(params, "quantity"), None
    quantity, quote_quantity = amount(params, "quantity"), amount(params, "quoteOrderQty")
    if quantity is None and quote_quantity is None:
        raise errors.missing_both("quantity", "quoteOrderQty")
    if quantity is not None and quote_quantity is not None:
        raise VenueError(-1128, "Combination of optional parameters invalid.")
    return quantity, quote_quantity


def _conditional(params: Params, kind: str) -> tuple[Decimal | None, Decimal | None]:
    stop, trailing = amount(params, "stopPrice"), trail(params)
    if kind not in SPOT_CONDITIONAL:
        if stop is not None:
            raise errors.not_required("stopPrice")
        return None, None
    if stop is None and trailing is None:
        raise errors.missing_both("stopPrice", "trailingDelta")
    return stop, trailing


def _stp(params: Params) -> Stp:
    invalid = errors.invalid_data("selfTradePreventionMode")
    return Stp(params.choice("selfTradePreventionMode", list(Stp), invalid, Stp.EXPIRE_MAKER))


def response_type(params: Params, default: str) -> str:
    invalid = VenueError(-1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    return params.choice("newOrderRespType", ("ACK", "RESULT", "FULL"), invalid, default)


def find(call: Call, unknown: VenueError) -> Order:
    """This function will find an order by its number or the client's id; `unknown` is said if there is none."""
    params = call.params
    symbol = call.exchange.spot.listing(params.text("symbol")).symbol
    if "orderId" not in params and "origClientOrderId" not in params:
        raise errors.missing_both("origClientOrderId", "orderId")
    return lookup(call.account, symbol, params, call.now, unknown, "orderId", "origClientOrderId")


def lookup(
    account: Account, symbol: str, params: Params, now: int, unknown: VenueError, number: str, name: str
) -> Order:
    orders = account.orders[Market.SPOT]
    if number in params:
        order = orders.by_id(symbol, params.integer(number))
    else:
        order = orders.by_client_id(symbol, params[name])
    wrong_name = order is not None and name in params and order.client_id != params[name]
    if order is None or wrong_name or not order.is_visible(now):
        raise unknown
    return order


@route("POST", ORDER, security=SIGNED, orders=1, trades=True)
def new_order(call: Call) -> Json:
    unread = [name for name in call.params if name not in KNOWN]
    if unread:
        read, sent = len(call.params) - len(unread), len(call.params)
        message = f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
        raise VenueError(-1104, message)
    spec = parse(call.params)
    default = "FULL" if spec.type in ("MARKET", "LIMIT") else "ACK"
    response = response_type(call.params, default)
    order = call.exchange.spot.place(call.account, spec, call.mischief, call.arrival_ns)
    call.placed.append(order)
    return spot_json.placed(order, response)


@route("POST", ORDER + "/test", security=SIGNED, trades=True)
def test_order(call: Call) -> Json:
    call.exchange.spot.check(call.account, parse(call.params))
    return {}


@route("GET", ORDER, weight=4, security=SIGNED)
def query_order(call: Call) -> Json:
    return spot_json.order_row(find(call, errors.no_such_order()))


@route("DELETE", ORDER, security=SIGNED, trades=True)
def cancel_order(call: Call) -> Json:
    order = find(call, errors.unknown_order())
    call.before_cancel(order)
    if not order.is_open:
        raise errors.unknown_order()
    call.exchange.spot.cancel(order)
    if order.order_list is not None:
        return list_canceled(call, order)
    return spot_json.canceled(order, client_id(call.params))


def list_canceled(call: Call, order: Order) -> dict[str, Any]:
    """A canceled leg takes its list along, and the answer is the list's."""
    assert order.order_list is not None
    row = spot_json.list_row(order.order_list, call.now)
    row["orderReports"] = [spot_json.canceled(leg, client_id(call.params)) for leg in order.order_list.orders]
    return row


@route("GET", "/api/v3/openOrders", weight=by_symbol(6, 80), security=SIGNED)
def open_orders(call: Call) -> Json:
    symbol = call.params.optional("symbol")
    if symbol is not None:
        call.exchange.spot.listing(symbol)
    orders = call.account.orders[Market.SPOT].open_of(symbol)
    return [spot_json.order_row(order) for order in orders if order.is_visible(call.now)]


@route("DELETE", "/api/v3/openOrders", security=SIGNED, trades=True)
def cancel_open_orders(call: Call) -> Json:
    symbol = call.exchange.spot.listing(call.params.text("symbol")).symbol
    orders = call.account.orders[Market.SPOT].open_of(symbol)
    if not orders:
        raise errors.unknown_order()
    answers: list[dict[str, Any]] = []
    for order in orders:
        if not order.is_open:
            continue
        call.exchange.spot.cancel(order)
        answers.append(
            list_canceled(call, order) if order.order_list else spot_json.canceled(order, client_id(call.params))
        )
    return answers


@route("POST", ORDER + "/cancelReplace", security=SIGNED, orders=1, trades=True)
def cancel_replace(call: Call) -> Json:
    """This function will cancel one order and place another, with the outcome of both in the answer."""
    params = call.params
    mode = params.choice(
        "cancelReplaceMode", ("STOP_ON_FAILURE", "ALLOW_FAILURE"), errors.missing("cancelReplaceMode")
    )
    spec = parse(params)
    result: dict[str, Any] = {"cancelResult": "SUCCESS", "newOrderResult": "NOT_ATTEMPTED"}
    result |= {"cancelResponse": None, "newOrderResponse": None}
    try:
        result["cancelResponse"] = _cancel_for_replace(call, spec.symbol)
    except VenueError as e:
        result |= {"cancelResult": "FAILURE", "cancelResponse": {"code": e.code, "msg": e.message}}
    if result["cancelResult"] == "SUCCESS" or mode == "ALLOW_FAILURE":
        result |= _place_for_replace(call, spec)
    return _replaced(result)


def _cancel_for_replace(call: Call, symbol: str) -> dict[str, Any]:
    unknown = errors.unknown_order()
    names = ("cancelOrderId", "cancelOrigClientOrderId")
    order = lookup(call.account, symbol, call.params, call.now, unknown, *names)
    if not order.is_open:
        raise unknown
    call.exchange.spot.cancel(order)
    return spot_json.canceled(order, client_id(call.params, "cancelNewClientOrderId"))


def _place_for_replace(call: Call, spec: Spec) -> dict[str, Any]:
    try:
        order = call.exchange.spot.place(call.account, spec, call.mischief, call.arrival_ns)
    except VenueError as e:
        return {"newOrderResult": "FAILURE", "newOrderResponse": {"code": e.code, "msg": e.message}}
    call.placed.append(order)
    answer = spot_json.placed(order, response_type(call.params, "FULL"))
    return {"newOrderResult": "SUCCESS", "newOrderResponse": answer}


def _replaced(result: dict[str, Any]) -> Json:
    failures = [result["cancelResult"], result["newOrderResult"]].count("FAILURE")
    succeeded = "SUCCESS" in (result["cancelResult"], result["newOrderResult"])
    if not failures:
        return result
    if succeeded:
        raise VenueError(-2021, "Order cancel-replace partially failed.", 409, result)
    raise VenueError(-2022, "Order cancel-replace failed.", 400, result)
