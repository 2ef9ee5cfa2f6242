"""Admin: accounts, their money and keys, and what a customer might do by hand at the venue."""

from __future__ import annotations

from decimal import Decimal
from secrets import token_hex
from typing import Any

from venue.config import account_from, update_account
from venue.engine.accounts import Account, Fees, Permissions
from venue.engine.decimals import plain
from venue.engine.margin import margin_of
from venue.engine.orders import AlgoOrder, Order, Spec
from venue.engine.terms import Market, Side
from venue.wire.admin_books import algo_row, order_row
from venue.wire.admin_routes import Asked, admin


def account_row(asked: Asked, account: Account) -> dict[str, Any]:
    margin = margin_of(account, asked.venue.exchange.usdm.listings)
    spot = account.spot.balances.items()
    return {
        "name": account.name,
        "api_key": account.api_key,
        "secret": account.secret,
        "revoked": account.revoked,
        "latency_ms": account.latency_ms,
        "hedge_mode": account.hedge_mode,
        "permissions": {name: getattr(account.permissions, name) for name in Permissions.__dataclass_fields__},
        "fees": {name: _text(getattr(account.fees, name)) for name in Fees.__dataclass_fields__},
        "spot": {asset: {"free": plain(row.free), "locked": plain(row.locked)} for asset, row in spot},
        "usdm": {asset: plain(amount) for asset, amount in account.usdm.items()},
        "usdm_available": plain(margin.available),
        "settings": {
            symbol: {"leverage": row.leverage, "isolated": row.isolated}
            for symbol, row in account.settings.items()
        },
    }


def _text(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else value


@admin("GET", "/admin/accounts")
def accounts(asked: Asked) -> Any:
    return [account_row(asked, account) for account in asked.venue.exchange.accounts.values()]


@admin("POST", "/admin/accounts")
def create_account(asked: Asked) -> Any:
    """{"name", "api_key"?, "secret"?, "spot"?, "usdm"?, "fees"?, "permissions"?, "latency_ms"?, ...}."""
    account = account_from(asked.body)
    asked.venue.exchange.add(account)
    return account_row(asked, account)


@admin("GET", "/admin/accounts/*")
def one_account(asked: Asked) -> Any:
    return account_row(asked, asked.account())


@admin("POST", "/admin/accounts/*")
def change_account(asked: Asked) -> Any:
    """{"fees"?, "permissions"?, "latency_ms"?, "revoked"?, "hedge_mode"?, "settings"?, "new_key"?: true,
    "expire_listen_keys"?: true}.
    """
    account = asked.account()
    update_account(account, asked.body)
    if asked.body.get("new_key"):
        asked.venue.exchange.rekey(account, token_hex(32), token_hex(32))
    if asked.body.get("expire_listen_keys"):
        asked.venue.listen_keys.expire(account)
    return account_row(asked, account)


@admin("POST", "/admin/transfer")
def transfer(asked: Asked) -> Any:
    """{"account", "market", "asset", "amount"}: deposit, or withdraw a negative amount."""
    account, market = asked.account(), asked.market() or Market.SPOT
    asked.venue.exchange.transfer(account, market, str(asked.needed("asset")), asked.decimal("amount"))
    return account_row(asked, account)


@admin("POST", "/admin/act")
def act(asked: Asked) -> Any:
    """Do what the customer could do on the venue's own page.

    {"account", "action": "order", "market", "symbol", "side", "quantity", "price"?, "client_order_id"?}
    {"account", "action": "close_position", "symbol", "position_side"?}
    {"account", "action": "cancel_order", "market", "symbol", "client_order_id" | "order_id"}
    {"account", "action": "cancel_all", "market"?, "symbol"?}
    """
    actions = {
        "order": _order,
        "close_position": _close,
        "cancel_order": _cancel,
        "cancel_all": _cancel_all,
    }
    action = asked.needed("action")
    if action not in actions:
        raise ValueError(f"action was {action!r} but must be one of {sorted(actions)}")
    return actions[action](asked, asked.account())


def _spec(asked: Asked, quantity: Decimal, side: Side, **more: Any) -> Spec:
    price = asked.decimal("price") if "price" in asked.body else None
    name = str(asked.body.get("client_order_id", f"web_{token_hex(8)}"))
    kind = "MARKET" if price is None else "LIMIT"
    return Spec(str(asked.needed("symbol")), side, kind, name, quantity, price, **more)


def _order(asked: Asked, account: Account) -> Any:
    side, market = Side(asked.needed("side")), asked.market() or Market.SPOT
    spec = _spec(asked, asked.decimal("quantity"), side, position_side=_position_side(asked))
    return order_row(asked.venue.exchange.engines[market].place(account, spec))


def _position_side(asked: Asked) -> str:
    return str(asked.body.get("position_side", "BOTH"))


def _close(asked: Asked, account: Account) -> Any:
    symbol, side = str(asked.needed("symbol")), _position_side(asked)
    position = account.position(symbol, side)
    if not position.amount:
        raise LookupError(f"{account.name} has no {side} position in {symbol}")
    closing = Side.SELL if position.amount > 0 else Side.BUY
    hedge = side != "BOTH"
    spec = _spec(asked, abs(position.amount), closing, position_side=side, reduce_only=not hedge)
    return order_row(asked.venue.exchange.usdm.place(account, spec))


def _find(asked: Asked, account: Account) -> Order | AlgoOrder:
    symbol, market = str(asked.needed("symbol")), asked.market() or Market.SPOT
    stores: list[Any] = [account.orders[market]] + ([account.algos] if market is Market.USDM else [])
    for store in stores:
        if "order_id" in asked.body:
            found = store.by_id(symbol, int(asked.body["order_id"]))
        else:
            found = store.by_client_id(symbol, str(asked.needed("client_order_id")))
        if found is not None:
            return found
    raise LookupError(f"{account.name} has no such order in {symbol}")


def _cancel(asked: Asked, account: Account) -> Any:
    found = _find(asked, account)
    if not found.is_open:
        raise LookupError(f"the order is not open but {found.status.value}")
    if isinstance(found, AlgoOrder):
        asked.venue.exchange.usdm.algos.cancel(found)
        return algo_row(found)
    asked.venue.exchange.engines[found.market].cancel(found)
    return order_row(found)


def _cancel_all(asked: Asked, account: Account) -> Any:
    symbol, rows = asked.body.get("symbol"), []
    for market in [asked.market()] if asked.market() else list(Market):
        for order in account.orders[market].open_of(symbol):  # type: ignore[index]
            asked.venue.exchange.engines[order.market].cancel(order)
            rows.append(order_row(order))
    for algo in account.algos.open_of(symbol) if asked.market() is not Market.SPOT else []:
        asked.venue.exchange.usdm.algos.cancel(algo)
        rows.append(algo_row(algo))
    return rows
