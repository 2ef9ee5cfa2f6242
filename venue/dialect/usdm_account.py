"""USD-M account: balances, positions, trades, income, leverage and modes, listen keys.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api
"""

from __future__ import annotations

from typing import Any

from venue.dialect import usdm_json
from venue.dialect.calls import Call, Json, Security, route
from venue.dialect.spot_account import FOREVER, page, visible_fills
from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.decimals import plain
from venue.engine.errors import VenueError
from venue.engine.margin import Margin, margin_of
from venue.engine.positions import Position
from venue.engine.terms import Market
from venue.engine.usdm import ASSET

SIGNED = Security.SIGNED
DONE = {"code": 200, "msg": "success"}


def _margin(call: Call) -> Margin:
    return margin_of(call.account, call.exchange.usdm.listings)


def _assets(account: Account) -> list[str]:
    return sorted({ASSET, *account.usdm})


@route("GET", "/fapi/v1/balance", "/fapi/v2/balance", "/fapi/v3/balance", weight=5, security=SIGNED)
def balance(call: Call) -> Json:
    margin = _margin(call)
    rows = [usdm_json.asset_row(call.account, asset, margin) for asset in _assets(call.account)]
    return [
        {
            "accountAlias": call.account.name,
            "asset": row["asset"],
            "balance": row["walletBalance"],
            "crossWalletBalance": row["crossWalletBalance"],
            "crossUnPnl": row["crossUnPnl"],
            "availableBalance": row["availableBalance"],
            "maxWithdrawAmount": row["maxWithdrawAmount"],
            "marginAvailable": row["asset"] == ASSET,
            "updateTime": row["updateTime"],
        }
        for row in rows
    ]


@route("GET", "/fapi/v3/account", weight=5, security=SIGNED)
def account_v3(call: Call) -> Json:
    margin = _margin(call)
    risks = _risks(call, margin)
    return usdm_json.totals(margin) | {
        "assets": [usdm_json.asset_row(call.account, asset, margin) for asset in _assets(call.account)],
        "positions": [_account_position(call.account, row) for row in risks],
    }


@route("GET", "/fapi/v1/account", "/fapi/v2/account", weight=5, security=SIGNED)
def account_v2(call: Call) -> Json:
    permissions = call.account.permissions
    return {
        "feeTier": 0,
        "canTrade": permissions.can_trade,
        "canDeposit": True,
        "canWithdraw": permissions.withdrawals,
        "updateTime": 0,
        "multiAssetsMargin": call.account.multi_assets,
        **dict(account_v3(call)),
    }


def _account_position(account: Account, row: dict[str, Any]) -> dict[str, Any]:
    settings = account.settings_of(row["symbol"])
    names = [
        "symbol",
        "positionSide",
        "positionAmt",
        "entryPrice",
        "notional",
        "isolatedMargin",
        "isolatedWallet",
        "initialMargin",
        "maintMargin",
        "positionInitialMargin",
        "openOrderInitialMargin",
        "updateTime",
    ]
    return {name: row[name] for name in names} | {
        "unrealizedProfit": row["unRealizedProfit"],
        "leverage": str(settings.leverage),
        "isolated": settings.isolated,
    }


def _risks(call: Call, margin: Margin) -> list[dict[str, Any]]:
    listings = call.exchange.usdm.listings
    rows = margin.positions
    return [usdm_json.position_risk_row(row, margin, listings[row.position.symbol]) for row in rows]


@route("GET", "/fapi/v3/positionRisk", weight=5, security=SIGNED)
def position_risk(call: Call) -> Json:
    """This function will list open positions only, as v3 does."""
    symbol = call.params.optional("symbol")
    return [row for row in _risks(call, _margin(call)) if symbol in (None, row["symbol"])]


@route("GET", "/fapi/v1/positionRisk", "/fapi/v2/positionRisk", weight=5, security=SIGNED)
def position_risk_v2(call: Call) -> Json:
    """This function will list every symbol with its settings, held or not, as v2 does."""
    symbol, margin, account = call.params.optional("symbol"), _margin(call), call.account
    held = {(row["symbol"], row["positionSide"]): row for row in _risks(call, margin)}
    sides = ("LONG", "SHORT") if account.hedge_mode else ("BOTH",)
    rows = []
    for listing in call.exchange.usdm.listings.values():
        if symbol in (None, listing.symbol):
            rows += [held.get((listing.symbol, side)) or _empty(call, listing.symbol, side) for side in sides]
    return [row | _v2(account, row["symbol"]) for row in rows]


def _empty(call: Call, symbol: str, side: str) -> dict[str, Any]:
    position = Position(symbol, side)
    mark = call.exchange.usdm.listings[symbol].mark
    return {
        "symbol": symbol,
        "positionSide": side,
        "positionAmt": "0",
        "entryPrice": "0",
        "breakEvenPrice": "0",
        "markPrice": plain(round(mark, 8)),
        "unRealizedProfit": "0",
        "liquidationPrice": "0",
        "isolatedMargin": "0",
        "notional": "0",
        "isolatedWallet": "0",
        "updateTime": position.updated_at,
    }


def _v2(account: Account, symbol: str) -> dict[str, Any]:
    settings = account.settings_of(symbol)
    return {
        "leverage": str(settings.leverage),
        "marginType": "isolated" if settings.isolated else "cross",
        "isAutoAddMargin": "false",
        "maxNotionalValue": "100000000",
    }


@route("GET", "/fapi/v1/userTrades", weight=5, security=SIGNED)
def user_trades(call: Call) -> Json:
    fills = visible_fills(call, Market.USDM, call.params.optional("symbol"))
    if "orderId" in call.params:
        number = call.params.integer("orderId")
        fills = [fill for fill in fills if fill.order.id == number]
    chosen = page(call, fills, "fromId", lambda row: row.trade_id, lambda row: row.time)
    return [usdm_json.trade_row(fill) for fill in chosen]


@route("GET", "/fapi/v1/income", weight=30, security=SIGNED)
def income(call: Call) -> Json:
    params = call.params
    kind, symbol = params.optional("incomeType"), params.optional("symbol")
    since, until = params.integer("startTime"), params.integer("endTime", FOREVER)
    rows = [
        row
        for row in call.account.income
        if kind in (None, row.kind) and symbol in (None, row.symbol) and since <= row.time <= until
    ]
    return [usdm_json.income_row(row) for row in rows[-params.limit(100, 1000) :]]


@route("GET", "/fapi/v1/commissionRate", weight=20, security=SIGNED)
def commission_rate(call: Call) -> Json:
    fees = call.account.fees
    rates = {
        "makerCommissionRate": plain(fees.usdm_maker),
        "takerCommissionRate": plain(fees.usdm_taker),
    }
    return {"symbol": call.params.text("symbol"), **rates}


@route("GET", "/fapi/v1/symbolConfig", weight=5, security=SIGNED)
def symbol_config(call: Call) -> Json:
    symbol, account = call.params.optional("symbol"), call.account
    rows = []
    for listing in call.exchange.usdm.listings.values():
        settings = account.settings_of(listing.symbol)
        most = call.exchange.usdm.largest_notional(listing, settings.leverage)
        if symbol in (None, listing.symbol):
            rows.append(
                {
                    "symbol": listing.symbol,
                    "marginType": "ISOLATED" if settings.isolated else "CROSSED",
                    "isAutoAddMargin": False,
                    "leverage": settings.leverage,
                    "maxNotionalValue": plain(most),
                }
            )
    return rows


@route("GET", "/fapi/v1/accountConfig", weight=5, security=SIGNED)
def account_config(call: Call) -> Json:
    permissions = call.account.permissions
    return {
        "feeTier": 0,
        "canTrade": permissions.can_trade,
        "canDeposit": True,
        "canWithdraw": permissions.withdrawals,
        "dualSidePosition": call.account.hedge_mode,
        "updateTime": 0,
        "multiAssetsMargin": call.account.multi_assets,
        "tradeGroupId": -1,
    }


# Settings


def _has_orders(account: Account, symbol: str | None) -> bool:
    return bool(account.orders[Market.USDM].open_of(symbol) or account.algos.open_of(symbol))


def _has_position(account: Account, symbol: str | None) -> bool:
    return any(row.amount and symbol in (None, row.symbol) for row in account.positions.values())


@route("POST", "/fapi/v1/leverage", security=SIGNED, trades=True)
def set_leverage(call: Call) -> Json:
    engine, account = call.exchange.usdm, call.account
    listing = engine.listing(call.params.text("symbol"))
    leverage = int(call.params.text("leverage")) if call.params.text("leverage").isdigit() else 0
    if not 1 <= leverage <= max(row.leverage for row in listing.rules.brackets):
        raise errors.invalid_leverage(call.params["leverage"])
    settings = account.settings_of(listing.symbol)
    before, settings.leverage = settings.leverage, leverage
    margin = margin_of(account, engine.listings)
    most = engine.largest_notional(listing, leverage)
    too_large = any(abs(row.notional) > most for row in margin.positions if row.position.symbol == listing.symbol)
    if too_large or (leverage < before and margin.free < 0):
        settings.leverage = before
        raise errors.max_position() if too_large else errors.leverage_too_small()
    return {"leverage": leverage, "maxNotionalValue": plain(most), "symbol": listing.symbol}


@route("POST", "/fapi/v1/marginType", security=SIGNED, trades=True)
def set_margin_type(call: Call) -> Json:
    symbol = call.exchange.usdm.listing(call.params.text("symbol")).symbol
    invalid = VenueError(-1128, "Combination of optional parameters invalid.")
    isolated = call.params.choice("marginType", ("ISOLATED", "CROSSED"), invalid) == "ISOLATED"
    settings = call.account.settings_of(symbol)
    if settings.isolated is isolated:
        raise errors.same_margin_type()
    if _has_orders(call.account, symbol):
        raise errors.margin_type_has_orders()
    if _has_position(call.account, symbol):
        raise errors.margin_type_has_position()
    settings.isolated = isolated
    return DONE


@route("GET", "/fapi/v1/positionSide/dual", weight=30, security=SIGNED)
def position_mode(call: Call) -> Json:
    return {"dualSidePosition": call.account.hedge_mode}


@route("POST", "/fapi/v1/positionSide/dual", security=SIGNED, trades=True)
def set_position_mode(call: Call) -> Json:
    call.params.text("dualSidePosition")
    hedge = call.params.flag("dualSidePosition")
    if call.account.hedge_mode is hedge:
        raise errors.same_position_side()
    if _has_orders(call.account, None):
        raise errors.position_side_has_orders()
    if _has_position(call.account, None):
        raise errors.position_side_has_position()
    call.account.hedge_mode = hedge
    return DONE


@route("GET", "/fapi/v1/multiAssetsMargin", weight=30, security=SIGNED)
def multi_assets(call: Call) -> Json:
    return {"multiAssetsMargin": call.account.multi_assets}


@route("POST", "/fapi/v1/multiAssetsMargin", security=SIGNED)
def set_multi_assets(call: Call) -> Json:
    """The flag is kept and shown; margin is counted in USDT all the same."""
    call.params.text("multiAssetsMargin")
    wanted = call.params.flag("multiAssetsMargin")
    if call.account.multi_assets is wanted:
        raise VenueError(-4171, "Adjusted asset mode is currently set and does not need to be adjusted repeatedly")
    call.account.multi_assets = wanted
    return DONE


# Listen keys


@route("POST", "/fapi/v1/listenKey", security=Security.KEY)
def open_stream(call: Call) -> Json:
    return {"listenKey": call.venue.listen_keys.open(call.account, Market.USDM, call.now)}


@route("PUT", "/fapi/v1/listenKey", security=Security.KEY)
def keep_stream(call: Call) -> Json:
    return {"listenKey": call.venue.listen_keys.keep_of(call.account, Market.USDM, call.now)}


@route("DELETE", "/fapi/v1/listenKey", security=Security.KEY)
def close_stream(call: Call) -> Json:
    call.venue.listen_keys.close_of(call.account, Market.USDM)
    return {}
