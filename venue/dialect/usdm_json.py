"""USD-M state as Binance writes it: plain numbers.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api
"""

from __future__ import annotations

from typing import Any

from venue.engine.accounts import Account, Income
from venue.engine.decimals import plain
from venue.engine.listing import Listing
from venue.engine.margin import Margin, PositionMargin, liquidation_price
from venue.engine.orders import AlgoOrder, Fill, Order
from venue.engine.rules import Bracket, SymbolRules
from venue.engine.terms import USDM_TYPES, AlgoStatus, Status
from venue.engine.usdm import ASSET

PERPETUAL_DELIVERY = 4_133_404_800_000
ONBOARD = 1_569_398_400_000


def order_row(order: Order) -> dict[str, Any]:
    """This function will write an order as every order endpoint answers it."""
    spec = order.spec
    return {
        "orderId": order.id,
        "symbol": order.symbol,
        "status": _status(order),
        "clientOrderId": order.client_id,
        "price": plain(order.price),
        "avgPrice": plain(round(order.average, 8)),
        "origQty": plain(order.quantity),
        "executedQty": plain(order.executed),
        "cumQty": plain(order.executed),
        "cumQuote": plain(order.quote),
        "timeInForce": spec.tif.value,
        "type": spec.type,
        "reduceOnly": spec.reduce_only,
        "closePosition": spec.close_position,
        "side": order.side.value,
        "positionSide": spec.position_side,
        "stopPrice": "0",
        "workingType": spec.working_type,
        "priceProtect": False,
        "origType": order.algo.spec.type if order.algo else spec.type,
        "priceMatch": "NONE",
        "selfTradePreventionMode": spec.stp.value,
        "goodTillDate": spec.good_till,
        "time": order.created_at,
        "updateTime": order.updated_at,
    }


def _status(order: Order) -> str:
    expired = (Status.EXPIRED, Status.EXPIRED_IN_MATCH)
    return order.status.value if order.status not in expired else "EXPIRED"


def acknowledged(order: Order) -> dict[str, Any]:
    """This function will write the ACK of a new order: as if nothing had happened to it yet."""
    return order_row(order) | {
        "status": "NEW",
        "avgPrice": "0",
        "executedQty": "0",
        "cumQty": "0",
        "cumQuote": "0",
    }


def algo_row(algo: AlgoOrder) -> dict[str, Any]:
    spec, order = algo.spec, algo.order
    row: dict[str, Any] = {
        "algoId": algo.id,
        "clientAlgoId": algo.client_id,
        "algoType": "CONDITIONAL",
        "orderType": spec.type,
        "symbol": algo.symbol,
        "side": algo.side.value,
        "positionSide": spec.position_side,
        "timeInForce": spec.tif.value,
        "quantity": plain(spec.quantity),
        "algoStatus": algo.status.value,
        "actualOrderId": str(order.id) if order else "",
        "actualPrice": plain(round(order.average, 8)) if order else "0",
        "actualQty": plain(order.executed) if order else "0",
        "triggerPrice": plain(spec.stop_price),
        "price": plain(spec.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": spec.stp.value,
        "workingType": spec.working_type,
        "priceMatch": "NONE",
        "closePosition": spec.close_position,
        "priceProtect": False,
        "reduceOnly": spec.reduce_only,
        "createTime": algo.created_at,
        "updateTime": algo.updated_at,
        "triggerTime": algo.triggered_at,
        "goodTillDate": spec.good_till,
    }
    if spec.trail is not None:
        row |= {"activatePrice": plain(spec.activation), "callbackRate": plain(spec.trail * 100)}
    if algo.status is AlgoStatus.REJECTED:
        row["failReason"] = algo.reason
    return row


def algo_canceled(algo: AlgoOrder) -> dict[str, Any]:
    return {"algoId": algo.id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}


def trade_row(fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "symbol": order.symbol,
        "id": fill.trade_id,
        "orderId": order.id,
        "side": order.side.value,
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        "realizedPnl": plain(fill.realized_pnl),
        "quoteQty": plain(fill.quote),
        "commission": plain(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.time,
        "positionSide": order.spec.position_side,
        "buyer": order.side == "BUY",
        "maker": fill.is_maker,
    }


def income_row(income: Income) -> dict[str, Any]:
    return {
        "symbol": income.symbol,
        "incomeType": income.kind,
        "income": plain(income.amount),
        "asset": income.asset,
        "info": str(income.trade_id or income.kind),
        "time": income.time,
        "tranId": income.id,
        "tradeId": str(income.trade_id or ""),
    }


def position_risk_row(row: PositionMargin, margin: Margin, listing: Listing) -> dict[str, Any]:
    """This function will write a position as positionRisk v3 does (v2 adds a few fields)."""
    position, order_margin = row.position, "0"
    isolated = position.isolated_margin if row.isolated else None
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(position.amount),
        "entryPrice": plain(round(position.entry_price, 8)),
        "breakEvenPrice": plain(round(position.entry_price, 8)),
        "markPrice": plain(round(listing.mark, 8)),
        "unRealizedProfit": plain(round(row.unrealized, 8)),
        "liquidationPrice": plain(round(liquidation_price(row, margin, listing), 8)),
        "isolatedMargin": plain(round(isolated + row.unrealized, 8)) if isolated is not None else "0",
        "notional": plain(row.notional),
        "marginAsset": ASSET,
        "isolatedWallet": plain(isolated),
        "initialMargin": plain(round(row.initial, 8)),
        "maintMargin": plain(round(row.maintenance, 8)),
        "positionInitialMargin": plain(round(row.initial, 8)),
        "openOrderInitialMargin": order_margin,
        "adl": 1,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": position.updated_at,
    }


def totals(margin: Margin) -> dict[str, Any]:
    """This function will write the sums at the head of an account answer."""
    initial = margin.position_initial + margin.order_initial
    return {
        "totalInitialMargin": plain(round(initial, 8)),
        "totalMaintMargin": plain(round(margin.maintenance, 8)),
        "totalWalletBalance": plain(margin.wallet),
        "totalUnrealizedProfit": plain(round(margin.unrealized, 8)),
        "totalMarginBalance": plain(round(margin.wallet + margin.unrealized, 8)),
        "totalPositionInitialMargin": plain(round(margin.position_initial, 8)),
        "totalOpenOrderInitialMargin": plain(round(margin.order_initial, 8)),
        "totalCrossWalletBalance": plain(margin.cross_wallet),
        "totalCrossUnPnl": plain(round(margin.cross_unrealized, 8)),
        "availableBalance": plain(round(margin.available, 8)),
        "maxWithdrawAmount": plain(round(min(margin.available, margin.wallet), 8)),
    }


def asset_row(account: Account, asset: str, margin: Margin) -> dict[str, Any]:
    """This function will write one asset of an account; only USDT carries margin."""
    balance = account.usdm_balance(asset)
    counts = asset == ASSET
    sums = totals(margin) if counts else None
    other = plain(balance)
    return {
        "asset": asset,
        "walletBalance": other,
        "unrealizedProfit": sums["totalUnrealizedProfit"] if sums else "0",
        "marginBalance": sums["totalMarginBalance"] if sums else other,
        "maintMargin": sums["totalMaintMargin"] if sums else "0",
        "initialMargin": sums["totalInitialMargin"] if sums else "0",
        "positionInitialMargin": sums["totalPositionInitialMargin"] if sums else "0",
        "openOrderInitialMargin": sums["totalOpenOrderInitialMargin"] if sums else "0",
        "crossWalletBalance": sums["totalCrossWalletBalance"] if sums else other,
        "crossUnPnl": sums["totalCrossUnPnl"] if sums else "0",
        "availableBalance": sums["availableBalance"] if sums else other,
        "maxWithdrawAmount": sums["maxWithdrawAmount"] if sums else other,
        # Zero would tell clients that the asset was never touched; ccxt then leaves it out.
        "updateTime": account.usdm_updated_at or 1,
    }


def bracket_row(bracket: Bracket) -> dict[str, Any]:
    return {
        "bracket": bracket.number,
        "initialLeverage": bracket.leverage,
        "notionalCap": int(bracket.cap),
        "notionalFloor": int(bracket.floor),
        "maintMarginRatio": float(bracket.rate),
        "cum": float(bracket.deduction),
    }


def symbol_row(rules: SymbolRules) -> dict[str, Any]:
    """This function will write a perpetual with its filters, as exchangeInfo lists it."""
    return {
        "symbol": rules.symbol,
        "pair": rules.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_DELIVERY,
        "onboardDate": ONBOARD,
        "status": rules.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": rules.base,
        "quoteAsset": rules.quote,
        "marginAsset": ASSET,
        "pricePrecision": rules.price_places,
        "quantityPrecision": rules.qty_places,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": _filters(rules),
        "orderTypes": list(USDM_TYPES),
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _filters(rules: SymbolRules) -> list[dict[str, Any]]:
    lowest = plain(rules.min_price or rules.tick)
    step, min_qty = plain(rules.step), plain(rules.min_qty)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": lowest,
            "maxPrice": plain(rules.max_price),
            "tickSize": plain(rules.tick),
        },
        {"filterType": "LOT_SIZE", "minQty": min_qty, "maxQty": plain(rules.max_qty), "stepSize": step},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": min_qty,
            "maxQty": plain(rules.market_max_qty),
            "stepSize": step,
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": rules.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 200},
        {"filterType": "MIN_NOTIONAL", "notional": plain(rules.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": plain(rules.up),
            "multiplierDown": plain(rules.down),
            "multiplierDecimal": "4",
        },
    ]
