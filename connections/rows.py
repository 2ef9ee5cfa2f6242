"""What the pages show of a connection and of a preset: plain values, read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404

from accounts.models import User
from connections import circuits, registry, selectors
from connections.errors import Misconfigured
from connections.forms import told
from connections.health import HealthStatus
from connections.labels import ENVIRONMENTS, HEALTH, MARKETS, circuit_label, intention_of
from connections.models import AccountSnapshot, ExecutionConnection
from connections.preset_specs import SPECS
from connections.presets import Layer, combine
from core.labels import Label

#: A balance older than this is said to be old.
BALANCE_OLD_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    id: UUID
    name: str
    exchange: str
    #: "you", "the house", or an address that only administrators see
    owner: str
    is_own: bool
    environment: Label
    market: Label
    base_url: str
    intention: Label
    is_active: bool
    paused_reason: str
    health: Label
    #: whether the measurement is too old to say anything about now
    is_stale: bool
    is_untested: bool
    can_trade: bool
    needs_attention: bool
    last_error: str
    #: empty while entries may leave
    circuit: Label | None
    circuit_reason: str
    warnings: Sequence[str]
    last_tested_at: datetime | None
    last_used_at: datetime | None
    last_reconciled_at: datetime | None
    latency_ms: int | None
    clock_offset_ms: int | None
    preset_id: UUID | None
    preset: str


@dataclass(frozen=True, slots=True)
class AssetRow:
    currency: str
    free: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value of an effective preset."""

    label: str
    help: str
    unit: str
    value: str
    source: str
    is_inherited: bool


def visible_connection(user: User, connection_id: UUID) -> ExecutionConnection:
    """Return a connection that the user may see.

    Raises:
        Http404: there is none, or it is somebody else's.
    """
    found = (
        selectors.connections_visible_to(user).select_related("owner", "preset").filter(pk=connection_id).first()
    )
    if found is None:
        raise Http404
    return found


def connection_row(connection: ExecutionConnection, user: User, *, now: datetime) -> ConnectionRow:
    """Return what a page shows. Needs owner and preset."""
    circuit = circuits.circuit_of(connection.venue_key, str(connection.pk), now=now)
    is_broken = connection.is_active and connection.status in (HealthStatus.ERROR, HealthStatus.UNTESTED)
    return ConnectionRow(
        id=connection.pk,
        name=connection.name,
        exchange=exchange_label(connection.type, connection.exchange_name),
        owner=_owner(connection, user),
        is_own=connection.owner_id == user.pk,
        environment=ENVIRONMENTS[connection.environment],
        market=MARKETS[connection.market],
        base_url=connection.base_url,
        intention=intention_of(connection.is_active),
        is_active=connection.is_active,
        paused_reason=connection.paused_reason,
        health=HEALTH[connection.status],
        is_stale=connection.last_tested_at is not None and connection.is_stale(now=now),
        is_untested=connection.status == HealthStatus.UNTESTED,
        can_trade=connection.can_execute_trades(),
        needs_attention=is_broken or not connection.is_active,
        last_error=connection.last_error,
        circuit=circuit_label(circuit.state, is_venue=circuit.is_venue),
        circuit_reason=circuit.reason,
        warnings=connection.warnings,
        last_tested_at=connection.last_tested_at,
        last_used_at=connection.last_used_at,
        last_reconciled_at=connection.last_reconciled_at,
        latency_ms=connection.latency_ms,
        clock_offset_ms=connection.clock_offset_ms,
        preset_id=connection.preset_id,
        preset=connection.preset.name if connection.preset else "",
    )


def exchange_label(kind: str, exchange: str) -> str:
    """Return the exchange's own name, or ours where the registry no longer knows it."""
    try:
        return registry.kind_of(kind).exchanges().get(exchange, exchange)
    except Misconfigured:
        return exchange


def asset_rows(snapshot: AccountSnapshot | None) -> list[AssetRow]:
    """Return what an account holds, the largest first as far as numbers of different currencies can say."""
    assets = snapshot.assets.items() if snapshot else ()
    rows = [AssetRow(name, Decimal(amounts["free"]), Decimal(amounts["total"])) for name, amounts in assets]
    return sorted((row for row in rows if row.total), key=lambda row: -row.total)


def value_rows(layers: Sequence[Layer]) -> list[ValueRow]:
    """Return every value of the effective preset and where it comes from."""
    effective = combine(layers)
    rows = []
    for spec in SPECS:
        source = effective.sources[spec.name]
        value = told(spec, getattr(effective.preset, spec.name))
        rows.append(ValueRow(spec.label, spec.help, spec.unit, value, source, source == "default"))
    return rows


def _owner(connection: ExecutionConnection, user: User) -> str:
    if connection.owner_id == user.pk:
        return "you"
    return "the house" if connection.owner is None else connection.owner.email


def hints_of(connection: ExecutionConnection) -> list[dict[str, Any]]:
    """Return what is stored, as far as anybody may know: names and last four characters."""
    try:
        fields = registry.credential_fields(connection.type, connection.exchange_name)
    except Misconfigured:
        fields = ()
    labels = {each.name: each.label for each in fields}
    return [{"label": labels.get(name, name), "hint": hint} for name, hint in connection.credentials_hint.items()]
