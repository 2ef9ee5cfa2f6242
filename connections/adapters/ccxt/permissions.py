"""What a key may do, where an exchange tells. A key that may withdraw is refused by its owner's own interest."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connections.adapters.ccxt.library import ccxt


@dataclass(frozen=True, slots=True)
class Permissions:
    #: None when the exchange does not say
    can_trade: bool | None = None
    can_withdraw: bool | None = None
    warnings: tuple[str, ...] = ()


_UNSAID = "The exchange does not say whether this key may withdraw. Look it up in the exchange's own key list."
_NO_ADDRESS_LIST = "The key works from any address. Restrict it to this server's address at the exchange."


async def permissions_of(exchange: Any, is_derivative: bool) -> Permissions:
    """Return what the exchange says about the key in use. Cost: one request where it says anything."""
    ask = _ASK.get(exchange.id)
    if ask is None:
        return Permissions(warnings=(_UNSAID,))
    try:
        return await ask(exchange, is_derivative)
    except ccxt.NotSupported:
        return Permissions(warnings=(_UNSAID,))


async def _binance(exchange: Any, is_derivative: bool) -> Permissions:
    reply = await exchange.sapiGetAccountApiRestrictions()
    trading = "enableFutures" if is_derivative else "enableSpotAndMarginTrading"
    return Permissions(
        can_trade=_stated(reply.get(trading)),
        can_withdraw=_stated(reply.get("enableWithdrawals")),
        warnings=() if _stated(reply.get("ipRestrict")) else (_NO_ADDRESS_LIST,),
    )


async def _bybit(exchange: Any, is_derivative: bool) -> Permissions:
    result: Mapping[str, Any] = (await exchange.privateGetV5UserQueryApi()).get("result") or {}
    granted: Mapping[str, Any] | None = result.get("permissions")
    if granted is None:
        return Permissions(warnings=(_UNSAID,))
    section = "ContractTrade" if is_derivative else "Spot"
    return Permissions(
        can_trade=str(result.get("readOnly")) == "0" and bool(granted.get(section)),
        can_withdraw="Withdraw" in (granted.get("Wallet") or []),
        warnings=() if result.get("ips") not in (None, [], ["*"]) else (_NO_ADDRESS_LIST,),
    )


async def _okx(exchange: Any, is_derivative: bool) -> Permissions:
    rows = (await exchange.privateGetAccountConfig()).get("data") or [{}]
    if not rows[0].get("perm"):
        return Permissions(warnings=(_UNSAID,))
    granted = str(rows[0]["perm"]).split(",")
    return Permissions(
        can_trade="trade" in granted,
        can_withdraw="withdraw" in granted,
        warnings=() if rows[0].get("ip") else (_NO_ADDRESS_LIST,),
    )


def _stated(value: Any) -> bool | None:
    """Return a yes or no; None where nothing was said, which is neither."""
    return None if value is None else str(value).lower() == "true"


_ASK: Mapping[str, Callable[[Any, bool], Awaitable[Permissions]]] = {
    "binance": _binance,
    "bybit": _bybit,
    "okx": _okx,
}
