"""Wallet endpoints: what the key may do, which coins there are, whether the system is up.

Source: https://developers.binance.com/docs/wallet/account/api-key-permission
"""

from __future__ import annotations

from typing import Any

from venue.dialect.calls import Call, Json, Security, route
from venue.engine.decimals import fixed, plain

SIGNED = Security.SIGNED


@route("GET", "/sapi/v1/account/apiRestrictions", security=SIGNED)
def api_restrictions(call: Call) -> Json:
    permissions = call.account.permissions
    return {
        "ipRestrict": bool(permissions.ips),
        "createTime": 1_600_000_000_000,
        "enableReading": permissions.reading,
        "enableWithdrawals": permissions.withdrawals,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": permissions.futures,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": permissions.spot,
        "enablePortfolioMarginTrading": False,
    }


@route("GET", "/sapi/v1/account/status", security=SIGNED)
def account_status(call: Call) -> Json:
    return {"data": "Normal"}


@route("GET", "/sapi/v1/account/apiTradingStatus", security=SIGNED)
def trading_status(call: Call) -> Json:
    return {"data": {"isLocked": not call.account.permissions.can_trade, "plannedRecoverTime": 0}}


@route("GET", "/sapi/v1/system/status")
def system_status(call: Call) -> Json:
    return {"status": 0, "msg": "normal"}


@route("GET", "/sapi/v1/capital/config/getall", security=SIGNED)
def coins(call: Call) -> Json:
    assets: dict[str, None] = {}
    for engine in call.exchange.engines.values():
        for listing in engine.listings.values():
            assets |= {listing.rules.base: None, listing.rules.quote: None}
    return [_coin(call, asset) for asset in assets]


def _coin(call: Call, asset: str) -> dict[str, Any]:
    balance = call.account.spot.of(asset)
    return {
        "coin": asset,
        "name": asset,
        "free": plain(balance.free),
        "locked": plain(balance.locked),
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "isLegalMoney": False,
        "trading": True,
        "networkList": [],
    }


@route("GET", "/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs", security=SIGNED)
def margin_pairs(call: Call) -> Json:
    """There is no margin trading here."""
    return []


@route("GET", "/sapi/v1/asset/tradeFee", security=SIGNED)
def trade_fees(call: Call) -> Json:
    fees, symbol = call.account.fees, call.params.optional("symbol")
    rates = {"makerCommission": fixed(fees.spot_maker), "takerCommission": fixed(fees.spot_taker)}
    chosen = call.exchange.spot.listings if symbol is None else [call.exchange.spot.listing(symbol).symbol]
    return [{"symbol": name, **rates} for name in chosen]
