"""Spot order lists: OCO in its present and its former shape.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---oco-trade
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from venue.dialect import spot_json
from venue.dialect.calls import Call, Json, Security, route
from venue.dialect.params import Params
from venue.dialect.spot_orders import LIMIT_TYPES, amount, client_id, needed, response_type, trail
from venue.engine import errors
from venue.engine.orders import OrderList, Spec
from venue.engine.terms import SPOT_CONDITIONAL, Side, Tif

LIST = "/api/v3/orderList"
SIGNED = Security.SIGNED
LEG_TYPES = ("LIMIT_MAKER", *SPOT_CONDITIONAL)


def _leg(params: Params, leg: str) -> Spec:
    """This function will read the `above` or the `below` leg."""
    kind = params.choice(f"{leg}Type", LEG_TYPES, errors.bad_type())
    tif = params.choice(f"{leg}TimeInForce", ("GTC", "IOC", "FOK"), errors.bad_tif(), "GTC")
    if kind in LIMIT_TYPES and f"{leg}TimeInForce" not in params:
        raise errors.missing(f"{leg}TimeInForce")
    has_price = kind in LIMIT_TYPES or kind == "LIMIT_MAKER"
    stop, trailing = amount(params, f"{leg}StopPrice"), trail(params, f"{leg}TrailingDelta")
    if kind in SPOT_CONDITIONAL and stop is None and trailing is None:
        raise errors.missing_both(f"{leg}StopPrice", f"{leg}TrailingDelta")
    return Spec(
        symbol=params.text("symbol"),
        side=Side(params.choice("side", list(Side), errors.bad_side())),
        type=kind,
        client_id=client_id(params, f"{leg}ClientOrderId"),
        quantity=needed(params, "quantity"),
        price=needed(params, f"{leg}Price") if has_price else None,
        tif=Tif(tif),
        stop_price=stop if kind in SPOT_CONDITIONAL else None,
        trail=trailing if kind in SPOT_CONDITIONAL else None,
        activation=stop if trailing else None,
        post_only=kind == "LIMIT_MAKER",
    )


def _place(call: Call, specs: tuple[Spec, Spec]) -> Json:
    if specs[0].client_id == specs[1].client_id:
        raise errors.duplicate_order()
    name = call.params.optional("listClientOrderId") or secrets.token_hex(11)
    order_list = call.exchange.spot.place_list(call.account, specs, name, call.mischief, call.arrival_ns)
    call.placed.extend(order_list.orders)
    row = spot_json.list_row(order_list, call.now)
    response = response_type(call.params, "RESULT")
    row["orderReports"] = [spot_json.placed(order, response) for order in order_list.orders]
    return row


@route("POST", LIST + "/oco", security=SIGNED, orders=2, trades=True)
def new_oco(call: Call) -> Json:
    """One leg must be a limit maker or a target, the other a stop."""
    above, below = _leg(call.params, "above"), _leg(call.params, "below")
    stops = [SPOT_CONDITIONAL.get(spec.type, False) for spec in (above, below)]
    if stops.count(True) != 1:
        raise errors.oco_prices()
    return _place(call, (above, below))


@route("POST", "/api/v3/order/oco", security=SIGNED, orders=2, trades=True)
def new_old_oco(call: Call) -> Json:
    """The former endpoint: price is the limit leg, stopPrice and perhaps stopLimitPrice the stop leg."""
    params = call.params
    limit = Spec(
        symbol=params.text("symbol"),
        side=Side(params.choice("side", list(Side), errors.bad_side())),
        type="LIMIT_MAKER",
        client_id=client_id(params, "limitClientOrderId"),
        quantity=needed(params, "quantity"),
        price=needed(params, "price"),
        post_only=True,
    )
    stop_limit = amount(params, "stopLimitPrice")
    tif = params.choice("stopLimitTimeInForce", ("GTC", "IOC", "FOK"), errors.bad_tif(), "GTC")
    stop = replace(
        limit,
        type="STOP_LOSS" if stop_limit is None else "STOP_LOSS_LIMIT",
        client_id=client_id(params, "stopClientOrderId"),
        price=stop_limit,
        stop_price=needed(params, "stopPrice"),
        tif=Tif(tif),
        post_only=False,
    )
    return _place(call, (stop, limit))


def _find(call: Call) -> OrderList | None:
    """This function will find a list by its number, or by the client's name for it."""
    params, lists = call.params, call.account.lists
    if "orderListId" in params:
        return lists.get(params.integer("orderListId"))
    name = params.optional("origClientOrderId") or params.optional("listClientOrderId")
    if name is None:
        raise errors.missing_both("orderListId", "listClientOrderId")
    return next((row for row in reversed(lists.values()) if row.client_id == name), None)


@route("GET", LIST, weight=4, security=SIGNED)
def query_list(call: Call) -> Json:
    found = _find(call)
    if found is None:
        raise errors.no_such_list()
    return spot_json.list_row(found, found.created_at)


@route("DELETE", LIST, security=SIGNED, trades=True)
def cancel_list(call: Call) -> Json:
    found = _find(call)
    if found is None or not found.is_open:
        raise errors.unknown_order()
    call.exchange.spot.cancel_list(found)
    row: dict[str, Any] = spot_json.list_row(found, call.now)
    row["orderReports"] = [spot_json.canceled(order, client_id(call.params)) for order in found.orders]
    return row


@route("GET", "/api/v3/openOrderList", weight=6, security=SIGNED)
def open_lists(call: Call) -> Json:
    rows = (row for row in call.account.lists.values() if row.is_open)
    return [spot_json.list_row(row, row.created_at) for row in rows]


@route("GET", "/api/v3/allOrderList", weight=20, security=SIGNED)
def all_lists(call: Call) -> Json:
    rows = list(call.account.lists.values())[-call.params.limit(500, 1000) :]
    return [spot_json.list_row(row, row.created_at) for row in rows]
