"""USD-M conditional orders, and the dead man's switch.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/New-Algo-Order
"""

from __future__ import annotations

from decimal import Decimal

from venue.dialect import usdm_json
from venue.dialect.calls import Call, Json, Security, by_symbol, route
from venue.dialect.params import Params
from venue.dialect.spot_account import page
from venue.dialect.usdm_orders import WORKING_TYPES, client_id, good_till, position_side, reduce_only, stp
from venue.engine import errors
from venue.engine.errors import VenueError
from venue.engine.orders import AlgoOrder, Spec
from venue.engine.terms import USDM_CONDITIONAL, Side, Tif

ALGO = "/fapi/v1/algoOrder"
SIGNED = Security.SIGNED
TIFS = ("GTC", "IOC", "FOK", "GTX", "GTD", "GTE_GTC")
WITH_PRICE = ("STOP", "TAKE_PROFIT")


def parse(call: Call, params: Params) -> Spec:
    """This function will read a new conditional order."""
    params.choice("algoType", ("CONDITIONAL",), errors.invalid_data("algoType"))
    kind = params.choice("type", tuple(USDM_CONDITIONAL), errors.bad_type())
    side = Side(params.choice("side", list(Side), errors.bad_side()))
    tif = params.choice("timeInForce", TIFS, errors.bad_tif(), "GTC")
    stop, trail, activation = _trigger(params, kind)
    closes = params.flag("closePosition")
    quantity, price = params.decimal("quantity"), params.decimal("price")
    _check_close(params, kind, closes)
    if quantity is None and not closes:
        raise errors.missing("quantity")
    if (price is None) is (kind in WITH_PRICE):
        raise errors.missing("price") if price is None else errors.not_required("price")
    return Spec(
        symbol=params.text("symbol"),
        side=side,
        type=kind,
        client_id=client_id(params, "clientAlgoId"),
        quantity=None if closes else quantity,
        price=price,
        tif=Tif(tif),
        stop_price=stop,
        trail=trail,
        activation=activation,
        post_only=tif == Tif.GTX,
        position_side=position_side(params),
        reduce_only=reduce_only(call, params),
        close_position=closes,
        working_type=params.choice(
            "workingType", WORKING_TYPES, errors.invalid_data("workingType"), "CONTRACT_PRICE"
        ),
        good_till=good_till(call, params, tif),
        stp=stp(params),
    )


def _trigger(params: Params, kind: str) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """This function will read the trigger price, or rate and activation of a trailing stop."""
    if kind != "TRAILING_STOP_MARKET":
        stop = params.decimal("triggerPrice")
        if stop is None:
            raise errors.missing("triggerprice")
        return stop, None, None
    rate = params.decimal("callbackRate")
    if rate is None:
        raise errors.missing("callbackrate")
    if not Decimal("0.1") <= rate <= 10:
        raise VenueError(-2007, "Invalid callBack rate")
    return None, rate / 100, params.decimal("activatePrice")


def _check_close(params: Params, kind: str, closes: bool) -> None:
    if not closes:
        return
    if "quantity" in params and params.decimal("quantity"):
        raise errors.close_with_quantity()
    if "reduceOnly" in params:
        raise errors.not_required("reduceonly")
    if kind not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
        raise VenueError(-4136, f"Target strategy invalid for orderType {kind},closePosition true")


def _find(call: Call, unknown: VenueError) -> AlgoOrder:
    """This function will find a conditional by its number or the client's id; no symbol is needed."""
    params = call.params
    if "algoId" not in params and "clientAlgoId" not in params:
        raise errors.missing_both("algoId", "clientAlgoId")
    number, name = params.integer("algoId"), params.optional("clientAlgoId")
    for algo in reversed(call.account.algos.all):
        if number == algo.id if number else name == algo.client_id:
            if not algo.is_visible(call.now):
                break
            return algo
    raise unknown


@route("POST", ALGO, weight=0, security=SIGNED, orders=1, trades=True)
def new_algo(call: Call) -> Json:
    spec = parse(call, call.params)
    algo = call.exchange.usdm.algos.place(call.account, spec, call.mischief, call.arrival_ns)
    call.placed.append(algo)
    return usdm_json.algo_row(algo)


@route("GET", ALGO, security=SIGNED)
def query_algo(call: Call) -> Json:
    return usdm_json.algo_row(_find(call, errors.no_such_order()))


@route("DELETE", ALGO, security=SIGNED, trades=True)
def cancel_algo(call: Call) -> Json:
    algo = _find(call, errors.unknown_order())
    call.before_cancel(algo)
    if not algo.is_open:
        raise errors.unknown_order()
    call.exchange.usdm.algos.cancel(algo)
    return usdm_json.algo_canceled(algo)


@route("GET", "/fapi/v1/openAlgoOrders", weight=by_symbol(1, 40), security=SIGNED)
def open_algos(call: Call) -> Json:
    algos = call.account.algos.open_of(call.params.optional("symbol"))
    return [usdm_json.algo_row(algo) for algo in algos if algo.is_visible(call.now)]


@route("GET", "/fapi/v1/allAlgoOrders", weight=5, security=SIGNED)
def all_algos(call: Call) -> Json:
    symbol = call.params.text("symbol")
    rows = [algo for algo in call.account.algos.all if algo.symbol == symbol and algo.is_visible(call.now)]
    chosen = page(call, rows, "algoId", lambda row: row.id, lambda row: row.created_at)
    return [usdm_json.algo_row(algo) for algo in chosen]


@route("DELETE", "/fapi/v1/algoOpenOrders", security=SIGNED, trades=True)
def cancel_all_algos(call: Call) -> Json:
    symbol = call.exchange.usdm.listing(call.params.text("symbol")).symbol
    for algo in call.account.algos.open_of(symbol):
        call.exchange.usdm.algos.cancel(algo)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


@route("POST", "/fapi/v1/countdownCancelAll", weight=10, security=SIGNED, trades=True)
def countdown(call: Call) -> Json:
    """This function will cancel a symbol's open orders unless it is called again in time; 0 stops the clock."""
    symbol = call.exchange.usdm.listing(call.params.text("symbol")).symbol
    ms = call.params.integer("countdownTime")
    call.venue.countdowns.set(call.account, symbol, call.now + ms if ms else 0)
    return {"symbol": symbol, "countdownTime": str(ms)}
