"""Everything that changes a connection. Keyword-only; the caller says who does it and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from connections import access, health, registry
from connections.contract import Environment, MarketType
from connections.errors import Misconfigured
from connections.fields import EncryptedJSONField, seal
from connections.models import AccountSnapshot, DataConnection, ExecutionConnection, TradingPreset
from events import services as events
from events.catalogue import Kind

HINT_LENGTH = 4


class InvalidConnection(ValueError):
    """What was entered cannot be a connection. ``field`` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """A connection as it was entered, before it is checked."""

    name: str
    type: str
    exchange_name: str
    credentials: Mapping[str, str] = field(repr=False)
    market: str = MarketType.SPOT
    environment: str = Environment.LIVE
    base_url: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    preset: TradingPreset | None = None


@transaction.atomic
def create_connection(
    *, draft: ConnectionDraft, owner: User | None, actor: User | None, now: datetime
) -> ExecutionConnection:
    """Make a connection; without an owner it belongs to the house. It trades after its first passed test.

    Raises:
        InvalidConnection: names the field that does not fit.
    """
    credentials = _check(draft)
    _check_name_is_free(owner, draft.name)
    connection = ExecutionConnection(
        owner=owner,
        is_admin_owned=owner is None,
        name=draft.name.strip(),
        type=draft.type,
        exchange_name=draft.exchange_name,
        market=draft.market,
        environment=draft.environment,
        base_url=draft.base_url,
        settings=dict(draft.settings),
        preset=draft.preset,
        data_connection=_shared_data_connection(draft),
        created_at=now,
    )
    _put_credentials(connection, credentials, now)
    _save_named(connection, force_insert=True)
    _note(
        Kind.CONNECTION_CREATED,
        connection,
        actor,
        now,
        exchange=draft.exchange_name,
        environment=draft.environment,
    )
    return connection


@transaction.atomic
def change_connection(
    *,
    connection: ExecutionConnection,
    actor: User | None,
    now: datetime,
    name: str | None = None,
    preset: TradingPreset | None = None,
    keep_preset: bool = True,
    settings: Mapping[str, Any] | None = None,
) -> ExecutionConnection:
    """Change name, preset or settings. Venue, market and environment never change: make another connection.

    Raises:
        InvalidConnection: the name is empty or taken, or the settings do not fit.
    """
    if name is not None and name.strip() != connection.name:
        _check_name_is_free(connection.owner, name)
        connection.name = name.strip()
    if not keep_preset:
        connection.preset = preset
    if settings is not None:
        connection.settings = _checked_settings(settings)
    _save_named(connection, update_fields=["name", "preset", "settings"])
    _note(Kind.CONNECTION_CHANGED, connection, actor, now)
    return connection


@transaction.atomic
def set_credentials(
    *, connection: ExecutionConnection, credentials: Mapping[str, str], actor: User | None, now: datetime
) -> ExecutionConnection:
    """Replace the credentials. The connection counts as untested until its next test.

    Raises:
        InvalidConnection: a required field is missing, or a field is not one of this exchange's.
    """
    clean = _checked_credentials(connection.type, connection.exchange_name, credentials)
    _put_credentials(connection, clean, now)
    connection.status = health.HealthStatus.UNTESTED
    connection.last_tested_at = None
    connection.last_error = ""
    connection.save(
        update_fields=[
            "credentials", "credentials_hint", "credentials_set_at", "status", "last_tested_at", "last_error"
        ]
    )  # fmt: skip
    # Another key may open another account, of which nothing is known yet.
    AccountSnapshot.objects.filter(connection=connection).delete()
    _note(Kind.CREDENTIALS_CHANGED, connection, actor, now, fields=sorted(clean))
    return connection


@transaction.atomic
def pause(*, connection: ExecutionConnection, reason: str, actor: User | None, now: datetime) -> bool:
    """Stop new entries; exits go on. Return False when it was paused before. Cost: two statements."""
    words = reason.strip()[:300] or "Paused by hand."
    moved = ExecutionConnection.objects.filter(pk=connection.pk, is_active=True).update(
        is_active=False, paused_reason=words
    )
    if moved:
        connection.is_active, connection.paused_reason = False, words
        _note(Kind.CONNECTION_PAUSED, connection, actor, now, reason=words)
    return bool(moved)


@transaction.atomic
def resume(*, connection: ExecutionConnection, actor: User | None, now: datetime) -> bool:
    """Let new entries trade again. Return False when it was active before."""
    moved = ExecutionConnection.objects.filter(pk=connection.pk, is_active=False).update(
        is_active=True, paused_reason=""
    )
    if moved:
        connection.is_active, connection.paused_reason = True, ""
        _note(Kind.CONNECTION_RESUMED, connection, actor, now)
    return bool(moved)


@transaction.atomic
def change_data_connection(
    *,
    source: DataConnection,
    actor: User | None,
    now: datetime,
    name: str | None = None,
    is_active: bool | None = None,
) -> DataConnection:
    """Rename a source of market data, or let nobody ask it any more."""
    source.name = source.name if name is None else name
    source.is_active = source.is_active if is_active is None else is_active
    source.save(update_fields=["name", "is_active"])
    events.append(
        events.NewEvent(
            kind=Kind.CONNECTION_CHANGED,
            subject_type="connections.dataconnection",
            subject_id=str(source.pk),
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={"name": source.name, "is_active": source.is_active},
        )
    )
    return source


@transaction.atomic
def remove_connection(*, connection: ExecutionConnection, actor: User | None, now: datetime) -> None:
    """Delete a connection that never traded. One that was deleted meanwhile is left alone.

    Raises:
        InvalidConnection: it has history, which is kept; pause it instead.
    """
    if ExecutionConnection.objects.select_for_update().filter(pk=connection.pk).first() is None:
        return
    if connection.executions.exists() or connection.positions.exists():
        raise InvalidConnection("name", "A connection that has traded is kept for its history. Pause it instead.")
    _note(Kind.CONNECTION_REMOVED, connection, actor, now, name=connection.name)
    connection.delete()


def _check(draft: ConnectionDraft) -> dict[str, str]:
    if not draft.name.strip():
        raise InvalidConnection("name", "Give the connection a name.")
    if draft.market not in set(MarketType):
        raise InvalidConnection("market", f"The market was {draft.market!r} but must be {', '.join(MarketType)}.")
    if draft.environment not in set(Environment):
        raise InvalidConnection(
            "environment", f"The environment was {draft.environment!r} but must be {', '.join(Environment)}."
        )
    try:
        access.check_address(draft.base_url, draft.environment)
    except Misconfigured as error:
        raise InvalidConnection("base_url", str(error)) from error
    _checked_settings(draft.settings)
    if draft.type not in registry.KINDS:
        raise InvalidConnection(
            "type", f"{draft.type[:40]!r} is no kind of connection; there are {', '.join(registry.KINDS)}."
        )
    clean = _checked_credentials(draft.type, draft.exchange_name, draft.credentials)
    if draft.environment == Environment.TESTNET and not registry.KINDS[draft.type].has_testnet(
        draft.exchange_name
    ):
        raise InvalidConnection(
            "environment", f"{draft.exchange_name} has no test system; the environment can be LIVE or REHEARSAL."
        )
    return clean


def _checked_credentials(kind: str, exchange: str, given: Mapping[str, str]) -> dict[str, str]:
    try:
        wanted = registry.credential_fields(kind, exchange)
    except Misconfigured as error:
        raise InvalidConnection("exchange_name", str(error)) from error
    names = {each.name for each in wanted}
    clean = {name: str(value).strip() for name, value in given.items() if str(value).strip()}
    for name in clean:
        if name not in names:
            raise InvalidConnection(
                "credentials", f"{name[:40]!r} is not asked for; {exchange} takes {', '.join(sorted(names))}."
            )
    for each in wanted:
        if each.is_required and each.name not in clean:
            raise InvalidConnection(f"credentials.{each.name}", f"{each.label} is missing.")
    for name, value in clean.items():
        if len(value) > 8192 or (not value.isprintable() and "\n" not in value):
            raise InvalidConnection(
                f"credentials.{name}", f"{name} has characters that no key has; copy it again."
            )
    return clean


def _checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    aliases = settings.get("aliases", {})
    unknown = sorted(set(settings) - {"aliases"})
    if unknown:
        raise InvalidConnection("settings", f"{unknown[0]!r} is no setting; there is: aliases.")
    is_map = isinstance(aliases, Mapping) and all(isinstance(value, str) for value in aliases.values())
    if not is_map or len(aliases) > 500:
        raise InvalidConnection(
            "settings", 'Aliases map a pair to the venue\'s symbol, like {"EUR/USD": "EURUSD.m"}.'
        )
    return dict(settings)


def _check_name_is_free(owner: User | None, name: str) -> None:
    if not name.strip():
        raise InvalidConnection("name", "Give the connection a name.")
    if len(name.strip()) > 80:
        raise InvalidConnection("name", f"The name has {len(name.strip())} characters but may have 80.")
    if not name.strip().isprintable():
        raise InvalidConnection("name", "The name has characters that cannot be seen; type it anew.")
    if ExecutionConnection.objects.filter(owner=owner, name=name.strip()).exists():
        raise _name_is_taken(name)


def _save_named(connection: ExecutionConnection, **how: Any) -> None:
    try:
        with transaction.atomic():
            connection.save(**how)
    except IntegrityError:
        # The name was free when it was checked; somebody else was quicker.
        raise _name_is_taken(connection.name) from None


def _name_is_taken(name: str) -> InvalidConnection:
    return InvalidConnection("name", f"There is a connection called {name.strip()!r} already.")


def _put_credentials(connection: ExecutionConnection, credentials: Mapping[str, str], now: datetime) -> None:
    field = ExecutionConnection._meta.get_field("credentials")
    assert isinstance(field, EncryptedJSONField)
    connection.credentials = seal(credentials, bound_to=field.bound_to(connection.pk)) if credentials else ""
    # Four characters tell two keys apart; of something short even they would give too much away.
    connection.credentials_hint = {
        name: value[-HINT_LENGTH:] if len(value) >= 4 * HINT_LENGTH else "" for name, value in credentials.items()
    }
    connection.credentials_set_at = now


def _shared_data_connection(draft: ConnectionDraft) -> DataConnection:
    label = registry.kind_of(draft.type).exchanges()[draft.exchange_name]
    found, _ = DataConnection.objects.get_or_create(
        type=draft.type,
        exchange_name=draft.exchange_name,
        market=draft.market,
        environment=draft.environment,
        base_url=draft.base_url,
        defaults={"name": f"{label} {draft.market.lower()} {draft.environment.lower()}"[:80]},
    )
    return found


def _note(kind: Kind, connection: ExecutionConnection, actor: User | None, now: datetime, **data: Any) -> None:
    events.append(
        events.NewEvent(
            kind=kind,
            subject_type="connections.executionconnection",
            subject_id=str(connection.pk),
            owner_id=connection.owner_id,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={"name": connection.name, **data},
        )
    )
