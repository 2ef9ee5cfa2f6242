"""Spot state as Binance writes it: eight decimals everywhere.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from venue.engine.accounts import Account
from venue.engine.decimals import fixed
from venue.engine.orders import Fill, Order, OrderList
from venue.engine.rules import SymbolRules
from venue.engine.terms import SPOT_TYPES, Stp

NO_LIST = -1


def list_id(order: Order) -> int:
    return order.order_list.id if order.order_list else NO_LIST


def _core(order: Order) -> dict[str, Any]:
    return {
        "price": fixed(order.price),
        "origQty": fixed(order.quantity),
        "executedQty": fixed(order.executed),
        "origQuoteOrderQty": fixed(order.spec.quote_quantity),
        "cummulativeQuoteQty": fixed(order.quote),
        "status": order.status.value,
        "timeInForce": order.spec.tif.value,
        "type": order.spec.type,
        "side": order.side.value,
    }


def _conditional(order: Order) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if order.spec.stop_price is not None:
        row["stopPrice"] = fixed(order.spec.stop_price)
    if order.spec.trail is not None:
        row["trailingDelta"] = int(order.spec.trail * 10_000)
    return row


def order_row(order: Order) -> dict[str, Any]:
    """This function will write an order as GET order, openOrders and allOrders answer it."""
    return {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": list_id(order),
        "clientOrderId": order.client_id,
        **_core(order),
        "stopPrice": fixed(order.spec.stop_price),
        **_conditional(order),
        "icebergQty": fixed(None),
        "time": order.created_at,
        "updateTime": order.updated_at,
        "isWorking": order.working,
        "workingTime": order.working_at or -1,
        "selfTradePreventionMode": order.spec.stp.value,
    }


def placed(order: Order, response: str) -> dict[str, Any]:
    """This function will write the answer to a new order: ACK, RESULT or FULL."""
    row: dict[str, Any] = {
        "symbol": order.symbol,
        "orderId": order.id,
        "orderListId": list_id(order),
        "clientOrderId": order.client_id,
        "transactTime": order.updated_at,
    }
    if response == "ACK":
        return row
    row |= _core(order) | _conditional(order)
    row["workingTime"] = order.working_at or -1
    row["selfTradePreventionMode"] = order.spec.stp.value
    if response == "FULL":
        row["fills"] = [_fill_in_answer(fill) for fill in order.fills]
    return row


def _fill_in_answer(fill: Fill) -> dict[str, Any]:
    return {
        "price": fixed(fill.price),
        "qty": fixed(fill.quantity),
        "commission": fixed(fill.commission),
        "commissionAsset": fill.commission_asset,
        "tradeId": fill.trade_id,
    }


def canceled(order: Order, client_id: str) -> dict[str, Any]:
    """This function will write the answer to a cancel; `client_id` names the cancel itself."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_id,
        "orderId": order.id,
        "orderListId": list_id(order),
        "clientOrderId": client_id,
        "transactTime": order.updated_at,
        **_core(order),
        **_conditional(order),
        "selfTradePreventionMode": order.spec.stp.value,
    }


def trade_row(fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "symbol": order.symbol,
        "id": fill.trade_id,
        "orderId": order.id,
        "orderListId": list_id(order),
        "price": fixed(fill.price),
        "qty": fixed(fill.quantity),
        "quoteQty": fixed(fill.quote),
        "commission": fixed(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.time,
        "isBuyer": order.side == "BUY",
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def list_row(order_list: OrderList, now: int) -> dict[str, Any]:
    return {
        "orderListId": order_list.id,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED" if order_list.is_open else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if order_list.is_open else "ALL_DONE",
        "listClientOrderId": order_list.client_id,
        "transactionTime": now,
        "symbol": order_list.symbol,
        "orders": [
            {"symbol": order.symbol, "orderId": order.id, "clientOrderId": order.client_id}
            for order in order_list.orders
        ],
    }


def account_row(account: Account, now: int) -> dict[str, Any]:
    fees, permissions = account.fees, account.permissions
    return {
        "makerCommission": int(fees.spot_maker * 10_000),
        "takerCommission": int(fees.spot_taker * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": fixed(fees.spot_maker),
            "taker": fixed(fees.spot_taker),
            "buyer": fixed(None),
            "seller": fixed(None),
        },
        "canTrade": permissions.can_trade,
        "canWithdraw": permissions.withdrawals,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": account.spot.updated_at,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": fixed(balance.free), "locked": fixed(balance.locked)}
            for asset, balance in sorted(account.spot.balances.items())
        ],
        "permissions": ["SPOT"],
        "uid": crc32(account.name.encode()),
    }


def symbol_row(rules: SymbolRules) -> dict[str, Any]:
    """This function will write a symbol with its filters, as exchangeInfo lists it."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(SPOT_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": Stp.EXPIRE_MAKER.value,
        "allowedSelfTradePreventionModes": [mode.value for mode in Stp if mode is not Stp.NONE],
    }


def _filters(rules: SymbolRules) -> list[dict[str, Any]]:
    up, down = fixed(rules.up), fixed(rules.down)
    step, lowest = fixed(rules.step), fixed(rules.min_price or rules.tick)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": lowest,
            "maxPrice": fixed(rules.max_price),
            "tickSize": fixed(rules.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": fixed(rules.min_qty),
            "maxQty": fixed(rules.max_qty),
            "stepSize": step,
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": fixed(None),
            "maxQty": fixed(rules.market_max_qty),
            "stepSize": fixed(None),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 10,
            "maxTrailingBelowDelta": 2000,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": up,
            "bidMultiplierDown": down,
            "askMultiplierUp": up,
            "askMultiplierDown": down,
            "avgPriceMins": 0,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": fixed(rules.min_notional),
            "applyMinToMarket": True,
            "maxNotional": fixed(rules.max_notional),
            "applyMaxToMarket": True,
            "avgPriceMins": 0,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": rules.max_algo_orders},
    ]
