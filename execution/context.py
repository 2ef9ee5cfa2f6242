"""Loads, for many rows at once, everything their decisions need. Five queries and one cache call a batch."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, TextField
from django.db.models.functions import Cast

from connections import registry
from connections.access import DEFAULT_TIMEOUT, check_address
from connections.budget import Priority, spending
from connections.checking import balance_from
from connections.contract import (
    AccountAccess,
    Environment,
    Instrument,
    MarketType,
    OrderType,
    Quote,
    Side,
    TimeInForce,
)
from connections.errors import Misconfigured
from connections.fields import unseal
from connections.health import HealthStatus
from connections.models import DataConnection, ExecutionConnection
from connections.presets import Effective, Layer, combine
from core.clock import Clock
from core.crypto import UnableToOpen
from core.ids import client_order_id, uuid7
from execution.case import AccountView, Case, HeldPosition, SignalView, WaitingEntry
from execution.courier import Account
from execution.models import ExecutionLog, Subscription
from execution.reserves import SentEntry, less, reserved
from execution.roles import OrderRole
from execution.selectors import recent_orders
from marketdata import selectors as marketdata
from marketdata import services as quotes
from marketdata.symbols import resolve
from positions.models import ExecutionPosition, PositionStatus
from signals.models import Signal
from signals.rules import SignalStatus, Target, Terms

logger = logging.getLogger(__name__)

_SEALED_FIELD = "connections.executionconnection:credentials"

#: An answer comes this long after an order was written at most, or it is in doubt; older entries are in the balance.
_ANSWERED_WITHIN = timedelta(minutes=1)
#: A balance that is older is not believed by any preset.
_OLDEST_BALANCE = timedelta(days=1)

_SIGNAL_COLUMNS = {
    "signal_id": "id",
    "version": "version",
    "signal_status": "status",
    "currency_pair": "currency_pair",
    "direction": "direction",
    "order_type": "order_type",
    "open_price": "open_price",
    "sl": "sl",
    "targets": "targets",
    "time_in_force": "time_in_force",
    "expires_at": "expires_at",
    "drift": "max_drift_bps",
    "channel_values": "channel__preset__values",
}
_CONNECTION_COLUMNS = {
    "connection_id": "connection_id",
    "connection_name": "connection__name",
    "owner_id": "connection__owner_id",
    "kind": "connection__type",
    "exchange": "connection__exchange_name",
    "market": "connection__market",
    "environment": "connection__environment",
    "base_url": "connection__base_url",
    "sealed": "connection__credentials",
    "settings": "connection__settings",
    "is_active": "connection__is_active",
    "paused_reason": "connection__paused_reason",
    "status": "connection__status",
    "last_error": "connection__last_error",
    "last_tested_at": "connection__last_tested_at",
    "is_hedge_mode": "connection__is_hedge_mode",
    "data_connection_id": "connection__data_connection_id",
    "connection_values": "connection__preset__values",
    "is_owner_active": "connection__owner__is_active",
    "is_house": "connection__is_admin_owned",
    "assets": "connection__snapshot__assets",
    "equity": "connection__snapshot__equity",
    "as_of": "connection__snapshot__as_of",
    "prepared": "connection__snapshot__prepared",
}
_SUBSCRIPTION_COLUMNS = {"overrides": "overrides", "is_subscribed": "is_active"}

#: One row of everything but its signal, by dotted name.
_COLUMNS = {
    "log_id": "id",
    "signal_id": "signal_id",
    **_CONNECTION_COLUMNS,
    **{name: f"subscription__{path}" for name, path in _SUBSCRIPTION_COLUMNS.items()},
}
#: What a follower brings to a signal that has no rows yet. Nothing is sent for these, so the secrets stay out.
_FOLLOWER_COLUMNS = {
    name: path for name, path in (_CONNECTION_COLUMNS | _SUBSCRIPTION_COLUMNS).items() if name != "sealed"
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One row with its case, and what sending needs."""

    case: Case
    #: None when its credentials cannot be opened, or are not needed
    account: Account | None
    effective: Effective
    #: when its balance was read; None when it never was
    balance_as_of: datetime | None
    #: leverage and margin mode that were set per symbol
    prepared: Mapping[str, str]
    #: None when the house owns it
    owner_id: UUID | None
    connection_name: str


def load(log_ids: Sequence[UUID], *, clock: Clock) -> list[Loaded]:
    """Return the cases of these rows, with prices no older than a decision may be."""
    return _load(_rows(log_ids), clock, opened=_account_or_none)


def load_unsaved(signal_id: UUID, *, clock: Clock) -> list[Loaded]:
    """Return the cases of the rows that publishing a signal now would make. Nothing is written."""
    return _load(_unsaved_rows(signal_id), clock, opened=lambda _: None)


def _load(
    rows: Sequence[Mapping[str, Any]], clock: Clock, *, opened: Callable[[Mapping[str, Any]], Account | None]
) -> list[Loaded]:
    orders = _Orders.of(rows, now=clock())
    held = _held([row["connection_id"] for row in rows])
    instruments = {row["log_id"]: _instrument(row) for row in rows}
    prices = _prices(rows, instruments, clock)
    signals = {row["signal_id"]: _signal(row) for row in rows}
    return [_loaded(row, opened(row), instruments[row["log_id"]], prices, held, orders, signals) for row in rows]


def account_of(row: Mapping[str, Any]) -> Account:
    """Return the account of a row of connection columns, its credentials opened in memory."""
    check_address(row["base_url"], row["environment"])
    access = AccountAccess(
        exchange=row["exchange"],
        market=MarketType(row["market"]),
        environment=Environment(row["environment"]),
        credentials=unseal(row["sealed"], bound_to=f"{_SEALED_FIELD}:{row['connection_id']}"),
        base_url=row["base_url"] or None,
        timeout=DEFAULT_TIMEOUT,
    )
    version = hashlib.blake2b(str.encode(row["sealed"] or ""), digest_size=8).hexdigest()
    return Account(row["connection_id"], row["kind"], version, access)


def accounts_of(connection_ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Return accounts by connection. Cost: one query."""
    found = ExecutionConnection.objects.filter(pk__in=set(connection_ids)).values(
        "base_url", "environment", "market",
        exchange=F("exchange_name"), sealed=F("credentials"), connection_id=F("id"), kind=F("type"),
    )  # fmt: skip
    return {row["connection_id"]: account_of(row) for row in found}


def venue_key_of(row: Mapping[str, Any]) -> str:
    """Return the venue key of a row of connection columns."""
    parts = [row["kind"], row["exchange"], row["market"], row["environment"]]
    return ":".join([*parts, row["base_url"]] if row["base_url"] else parts)


def effective_preset(channel: Any, connection: Any, overrides: Any) -> Effective:
    """Return the effective preset of three layers of values; equal layers are combined once per process."""
    return _combined(_text(channel), _text(connection), _text(overrides))


def _text(values: Any) -> str:
    return values if isinstance(values, str) else json.dumps(values or {}, sort_keys=True)


def _plain(path: str) -> Any:
    """Return a column to ask for. Layers of values stay the text they are: equal ones are read once a process."""
    return Cast(path, TextField()) if path.endswith(("preset__values", "overrides")) else F(path)


@lru_cache(maxsize=4096)
def _combined(channel: str, connection: str, overrides: str) -> Effective:
    return combine(
        [
            Layer("channel", json.loads(channel)),
            Layer("connection", json.loads(connection)),
            Layer("subscription", json.loads(overrides)),
        ]
    )


def _rows(log_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    found = ExecutionLog.objects.filter(pk__in=log_ids).values_list(*map(_plain, _COLUMNS.values()))
    rows = [dict(zip(_COLUMNS, values, strict=True)) for values in found]
    wanted = {row["signal_id"] for row in rows}
    columns = ["pk", *map(_plain, _SIGNAL_COLUMNS.values())]
    signals = {
        said[0]: dict(zip(_SIGNAL_COLUMNS, said[1:], strict=True))
        for said in Signal.objects.filter(pk__in=wanted).values_list(*columns)
    }
    return [row | signals[row["signal_id"]] for row in rows]


def _unsaved_rows(signal_id: UUID) -> list[dict[str, Any]]:
    columns = [*map(_plain, _SIGNAL_COLUMNS.values()), "channel_id"]
    said = Signal.objects.filter(pk=signal_id).values_list(*columns).get()
    signal = dict(zip(_SIGNAL_COLUMNS, said[:-1], strict=True))
    followers = (
        Subscription.objects.filter(channel_id=said[-1])
        .order_by("pk")
        .values_list(*map(_plain, _FOLLOWER_COLUMNS.values()))
    )
    return [{"log_id": uuid7(), **signal, **dict(zip(_FOLLOWER_COLUMNS, row, strict=True))} for row in followers]


def _held(connection_ids: Sequence[UUID]) -> dict[UUID, list[HeldPosition]]:
    held: dict[UUID, list[HeldPosition]] = {}
    rows = ExecutionPosition.objects.filter(connection_id__in=connection_ids, status=PositionStatus.OPEN)
    for connection_id, key, symbol, side, quantity in rows.values_list(
        "connection_id", "id", "symbol", "side", "quantity"
    ):
        if quantity:
            held.setdefault(connection_id, []).append(HeldPosition(key, symbol, Side(side), abs(quantity)))
    return held


@dataclass(frozen=True, slots=True)
class _Orders:
    """What is known of the orders of some connections. Cost: one query."""

    #: symbols by connection
    doubts: Mapping[UUID, set[str]]
    entries: Mapping[UUID, list[SentEntry]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> "_Orders":
        oldest = min((row["as_of"] for row in rows if row["as_of"] is not None), default=now)
        since = max(oldest, now - _OLDEST_BALANCE) - _ANSWERED_WITHIN
        doubts: dict[UUID, set[str]] = {}
        entries: dict[UUID, list[SentEntry]] = {}
        for order in recent_orders({row["connection_id"] for row in rows}, since):
            if order.is_recent:
                entries.setdefault(order.connection_id, []).append(order.entry)
            else:
                doubts.setdefault(order.connection_id, set()).add(order.entry.symbol)
        return cls(doubts, entries)


def _instrument(row: Mapping[str, Any]) -> Instrument | None:
    listed = marketdata.instruments_of(venue_key_of(row))
    aliases = (row["settings"] or {}).get("aliases") or {}
    return resolve(row["currency_pair"], MarketType(row["market"]), aliases=aliases, listed=listed)


def _prices(
    rows: Sequence[Mapping[str, Any]], instruments: Mapping[UUID, Instrument | None], clock: Clock
) -> dict[tuple[str, str], Quote]:
    wanted: dict[str, set[str]] = {}
    sources: dict[str, Any] = {}
    for row in rows:
        instrument = instruments[row["log_id"]]
        if instrument is not None:
            key = venue_key_of(row)
            wanted.setdefault(key, set()).add(instrument.symbol)
            # One account without a source takes the price from no other of its venue.
            sources[key] = row["data_connection_id"] or sources.get(key)
    known = DataConnection.objects.in_bulk([each for each in sources.values() if each]) if wanted else {}
    prices = {}
    for key, symbols in wanted.items():
        source = known.get(sources[key])
        if source is not None:
            # Without a price there is no order, so the question is part of it.
            with spending(Priority.ENTRY):
                found = quotes.current_quotes(source=source, symbols=sorted(symbols), clock=clock)
            prices.update({(key, symbol): quote for symbol, quote in found.items()})
    return prices


def _loaded(
    row: Mapping[str, Any],
    account: Account | None,
    instrument: Instrument | None,
    prices: Mapping[tuple[str, str], Quote],
    held: Mapping[UUID, Sequence[HeldPosition]],
    orders: _Orders,
    signals: Mapping[UUID, SignalView],
) -> Loaded:
    effective = effective_preset(row["channel_values"], row["connection_values"], row["overrides"])
    quote = prices.get((venue_key_of(row), instrument.symbol)) if instrument else None
    case = Case(
        log_id=row["log_id"],
        client_order_id=client_order_id(settings.SIGNALBOX_INSTALLATION, row["log_id"], OrderRole.ENTRY, 1),
        signal=signals[row["signal_id"]],
        account=_account_view(row, held.get(row["connection_id"], ()), orders, effective.preset.leverage),
        preset=effective.preset,
        instrument=instrument,
        quote=quote,
    )
    return Loaded(
        case=case,
        account=account,
        effective=effective,
        balance_as_of=row["as_of"],
        prepared=row["prepared"] or {},
        owner_id=row["owner_id"],
        connection_name=row["connection_name"],
    )


def _account_or_none(row: Mapping[str, Any]) -> Account | None:
    try:
        return account_of(row)
    except (UnableToOpen, Misconfigured):
        logger.exception("Connection %s cannot be used.", row["connection_id"])
        return None


def _signal(row: Mapping[str, Any]) -> SignalView:
    targets = tuple(Target(Decimal(each["price"]), Decimal(each["share"])) for each in row["targets"])
    terms = Terms(
        currency_pair=row["currency_pair"],
        direction=Side(row["direction"]),
        order_type=OrderType(row["order_type"]),
        open_price=row["open_price"],
        sl=row["sl"],
        targets=targets,
        time_in_force=TimeInForce(row["time_in_force"]),
        expires_at=row["expires_at"],
        max_drift_bps=row["drift"],
    )
    return SignalView(row["signal_id"], row["version"], SignalStatus(row["signal_status"]), terms)


def _account_view(
    row: Mapping[str, Any], held: Sequence[HeldPosition], orders: _Orders, leverage: Decimal
) -> AccountView:
    market, key = MarketType(row["market"]), row["connection_id"]
    balance = None
    taken: dict[str, Decimal] = {}
    if row["as_of"] is not None:
        listed = marketdata.instruments_of(venue_key_of(row))
        taken = reserved(orders.entries.get(key, ()), instruments=listed, as_of=row["as_of"], leverage=leverage)
        balance = less(balance_from(row["assets"], row["equity"], row["as_of"]), taken)
    return AccountView(
        connection_id=key,
        market=market,
        is_active=row["is_active"],
        paused_reason=row["paused_reason"],
        status=HealthStatus(row["status"]),
        last_error=row["last_error"],
        last_tested_at=row["last_tested_at"],
        is_owner_active=bool(row["is_house"] or row["is_owner_active"]),
        is_subscribed=bool(row["is_subscribed"]),
        capabilities=registry.capabilities(row["kind"], row["exchange"], market),
        is_hedge_mode=bool(row["is_hedge_mode"]),
        balance=balance,
        held=tuple(held),
        entering=tuple(
            WaitingEntry(each.symbol, each.side, each.quantity)
            for each in orders.entries.get(key, ())
            if each.is_open and not each.filled  # what has traded is held
        ),
        symbols_in_doubt=frozenset(orders.doubts.get(key, ())),
        reserved=taken,
    )


def is_balance_old(loaded: Loaded, *, now: datetime) -> bool:
    """Return whether the stored balance is older than this account's preset lets it decide by."""
    limit = timedelta(seconds=loaded.effective.preset.balance_max_age_s)
    return loaded.balance_as_of is None or now - loaded.balance_as_of > limit
