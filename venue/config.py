"""How a venue is set up: options of the command line, and the account and symbol files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

from venue.engine.accounts import Account, Fees, Permissions, SymbolSettings
from venue.engine.catalogue import default_rules, rules_from
from venue.engine.rules import SymbolRules
from venue.engine.wallets import Balance

DEMO_SPOT = {"USDT": "10000", "BTC": "0.1", "ETH": "1", "BNB": "1"}
DEMO_USDM = {"USDT": "10000"}


@dataclass(slots=True)
class Config:
    """Everything a venue needs to know before it starts."""

    host: str = "127.0.0.1"
    port: int = 0
    accounts: list[dict[str, Any]] = field(default_factory=list)
    rules: list[SymbolRules] = field(default_factory=default_rules)
    driver: str = "manual"
    seed: int = 1
    tick_ms: int = 250
    volatility_bps: Decimal = Decimal(5)
    replay: str | None = None
    replay_symbol: str | None = None
    replay_columns: str | None = None
    replay_zone: str = "UTC"
    replay_header: bool | None = None
    replay_loop: bool = False
    speed: float = 1.0
    paused: bool = False
    latency_ms: float = 0
    #: How often tickers, depth and mark prices go out on streams.
    stream_ms: int = 250
    limits: bool = True
    admin_token: str | None = None
    #: File that keeps accounts and books over restarts.
    state: str | None = None


def demo_rows(count: int) -> list[dict[str, Any]]:
    """This function will describe demo accounts; their keys depend on the number only, so runs agree."""
    return [{"name": f"demo{number:03d}"} for number in range(1, count + 1)]


def derived_key(purpose: str, name: str) -> str:
    """This function will make a 64 character key from a name, as long as Binance's keys are."""
    return blake2b(f"{purpose}:{name}".encode(), digest_size=32).hexdigest()


def account_from(row: dict[str, Any]) -> Account:
    """This function will open the account a row describes; everything but the name has a default.

    Raises: ValueError naming the key that is not known.
    """
    known = {
        "name", "api_key", "secret", "spot", "usdm", "fees", "permissions", "hedge_mode", "latency_ms", "revoked",
        "settings",
    }  # fmt: skip
    unknown = set(row) - known
    if unknown or not row.get("name"):
        raise ValueError(f"an account needs a name and knows {sorted(known)}, but not {sorted(unknown)}")
    name = str(row["name"])
    account = Account(
        name, row.get("api_key") or derived_key("key", name), row.get("secret") or derived_key("secret", name)
    )
    for asset, amount in row.get("spot", DEMO_SPOT).items():
        account.spot.balances[asset] = Balance(Decimal(str(amount)))
    account.usdm = {asset: Decimal(str(amount)) for asset, amount in row.get("usdm", DEMO_USDM).items()}
    update_account(account, row)
    return account


def update_account(account: Account, row: dict[str, Any]) -> None:
    """This function will change what a row names: fees, permissions, mode, latency, revocation, settings.

    Raises: ValueError or TypeError when a value does not fit.
    """
    fees = row.get("fees", {})
    for name, value in fees.items():
        _set(account.fees, Fees, name, bool(value) if name == "burn_bnb" else Decimal(str(value)))
    for name, value in row.get("permissions", {}).items():
        _set(account.permissions, Permissions, name, tuple(value) if name == "ips" else bool(value))
    for symbol, values in row.get("settings", {}).items():
        account.settings[symbol] = SymbolSettings(**values)
    account.hedge_mode = bool(row.get("hedge_mode", account.hedge_mode))
    account.latency_ms = float(row.get("latency_ms", account.latency_ms))
    account.revoked = bool(row.get("revoked", account.revoked))


def _set(target: object, kind: type, name: str, value: object) -> None:
    if name not in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        raise ValueError(f"{kind.__name__.lower()} has no {name!r}, only {list(kind.__dataclass_fields__)}")  # type: ignore[attr-defined]
    setattr(target, name, value)


def load_accounts(path: str) -> list[dict[str, Any]]:
    """This function will read an accounts file: a JSON list of rows."""
    rows = json.loads(Path(path).read_text())
    if not isinstance(rows, list):
        raise ValueError(f"{path} should hold a JSON list of accounts")  # noqa: TRY004
    return rows


def load_rules(path: str) -> list[SymbolRules]:
    """This function will read a symbols file: a JSON list of rows, see `catalogue.rules_from`."""
    return [rules_from(row) for row in json.loads(Path(path).read_text())]
