"""Measuring health: ask the venue, note what it said, tell the owner when something changed."""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db import connection as database

from connections import access, circuits
from connections.circuit import VENUE_FAILURES, Circuit, Said, said_by, state_of
from connections.contract import AccountCheck, AssetBalance, Balance
from connections.errors import AuthFailed, BrokerError, Misconfigured, NotSent, OutcomeUnknown
from connections.health import HealthStatus, status_of
from connections.models import ExecutionConnection
from core.clock import Clock
from core.crypto import UnableToOpen
from core.decimals import to_plain
from core.loop import background
from core.redact import redact_text
from events import services as events
from events.catalogue import Kind

logger = logging.getLogger(__name__)

#: One check is some five requests, each bounded; a venue that needs longer is not healthy.
CHECK_TIMEOUT_S = 40.0
CONCURRENT_CHECKS = 20
WITHDRAWAL_REFUSED = (
    "This key may withdraw funds. Signalbox never needs that right and does not use keys that have it: "
    "make a key at the exchange that may trade only."
)


#: One account is not tested on demand more often than this, however often somebody asks: exchanges count requests.
ON_DEMAND_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one check: one of the two is set."""

    check: AccountCheck | None
    error: Exception | None


def may_test_now(connection: ExecutionConnection) -> bool:
    """Return whether somebody may have this account tested now; that uses the chance up. Cost: one cache call."""
    return cache.add(f"connection-test|{connection.pk}", 1, ON_DEMAND_EVERY.total_seconds())


def check_connections(*, connections: Sequence[ExecutionConnection], clock: Clock) -> dict[UUID, Checked]:
    """Ask every venue, concurrently and bounded, and save what they say. One account never fails another."""
    outcomes = background.run(_check_all(connections), timeout_s=CHECK_TIMEOUT_S * (1 + len(connections) // 20))
    silent = silent_venues({connection.venue_key for connection in connections}, now=clock())
    for connection in connections:
        is_venues = connection.venue_key in silent
        try:
            record_check(
                connection=connection, outcome=outcomes[connection.pk], now=clock(), is_venue_silent=is_venues
            )
        except DatabaseError as error:  # a venue may say numbers that no column holds
            logger.exception("What the venue of connection %s says cannot be kept.", connection.pk)
            outcomes[connection.pk] = Checked(None, error)
            record_check(connection=connection, outcome=outcomes[connection.pk], now=clock())
    return outcomes


def silent_venues(venue_keys: Iterable[str], *, now: datetime) -> set[str]:
    """Return those of these venues that answer nobody at the moment. Cost: one call of Redis."""
    known = circuits.read(venue_keys)
    return {
        key
        for key, each in known.items()
        if state_of(each.venue, opens_after=VENUE_FAILURES, now=now) is not Circuit.CLOSED
    }


def one_of_each_silent_venue(
    connections: Sequence[ExecutionConnection], *, now: datetime
) -> list[ExecutionConnection]:
    """Leave out all but the first connection of a venue that answers nobody: one question is enough to see it back."""
    silent = silent_venues({connection.venue_key for connection in connections}, now=now)
    asked: set[str] = set()
    chosen = []
    for connection in connections:
        if connection.venue_key not in asked:
            chosen.append(connection)
        if connection.venue_key in silent:
            asked.add(connection.venue_key)
    return chosen


async def _check_all(connections: Sequence[ExecutionConnection]) -> dict[UUID, Checked]:
    gate = asyncio.Semaphore(CONCURRENT_CHECKS)

    async def one(connection: ExecutionConnection) -> tuple[UUID, Checked]:
        async with gate:
            checked = await _check(connection)
        await circuits.circuits_of_loop().note(connection.venue_key, str(connection.pk), checked.error)
        return connection.pk, checked

    return dict(await asyncio.gather(*(one(connection) for connection in connections)))


async def _check(connection: ExecutionConnection) -> Checked:
    try:
        adapter = access.adapter_of(connection)
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            try:
                return Checked(await adapter.check(), None)
            finally:
                await adapter.close()
    except (BrokerError, Misconfigured, UnableToOpen, TimeoutError) as error:
        return Checked(None, error)
    except Exception as error:  # whatever one venue makes us trip over, the others are checked
        logger.exception("The check of connection %s failed in a way nobody foresaw.", connection.pk)
        return Checked(None, error)


@transaction.atomic
def record_check(
    *, connection: ExecutionConnection, outcome: Checked, now: datetime, is_venue_silent: bool = False
) -> None:
    """Note measured health, keep the balance, and write an event when a connection broke or came back.

    While the venue answers nobody, a connection stays what it was: its own health was not measured.
    """
    before = connection.status
    if outcome.check is not None:
        _put_success(connection, outcome.check)
        save_snapshot(connection_id=connection.pk, balance=outcome.check.balance)
    else:
        is_measured = not (is_venue_silent and said_by(outcome.error) is Said.FAILED)
        connection.status = _status_after(outcome.error, before) if is_measured else HealthStatus(before)
        connection.last_error = redact_text(str(outcome.error) or type(outcome.error).__name__)[:500]
    connection.last_tested_at = now
    connection.save(
        update_fields=[
            "status", "last_error", "warnings", "last_tested_at", "latency_ms", "clock_offset_ms", "is_hedge_mode"
        ]
    )  # fmt: skip
    if isinstance(outcome.error, AuthFailed):
        key_refused(connection=connection, words=connection.last_error, now=now)
    _note_change(connection, before, now)


def _status_after(error: Exception | None, before: str) -> HealthStatus:
    # A venue that cannot be reached says nothing about the key: what worked before is only degraded.
    says_nothing = isinstance(error, NotSent | OutcomeUnknown | TimeoutError)
    worked = before in (HealthStatus.ACTIVE, HealthStatus.DEGRADED)
    return HealthStatus.DEGRADED if says_nothing and worked else HealthStatus.ERROR


def _put_success(connection: ExecutionConnection, check: AccountCheck) -> None:
    connection.latency_ms = int(check.latency / timedelta(milliseconds=1))
    connection.clock_offset_ms = int(check.clock_offset / timedelta(milliseconds=1))
    connection.is_hedge_mode = check.is_hedge_mode
    connection.warnings = list(check.warnings)
    if check.can_withdraw:
        connection.status, connection.last_error = HealthStatus.ERROR, WITHDRAWAL_REFUSED
    elif not check.can_trade:
        connection.status, connection.last_error = HealthStatus.ERROR, "This key may not trade on this market."
    else:
        connection.status = status_of(latency=check.latency, clock_offset=check.clock_offset)
        connection.last_error = ""


def key_refused(*, connection: ExecutionConnection, words: str, now: datetime) -> bool:
    """Pause a connection whose key the venue no longer accepts, and tell its owner once.

    Return False when it was paused before. Cost: two statements at the first refusal, one later.
    """
    reason = f"The venue no longer accepts the key: {words}"[:300]
    with transaction.atomic():
        moved = ExecutionConnection.objects.filter(pk=connection.pk, is_active=True).update(
            is_active=False, paused_reason=reason, status=HealthStatus.ERROR, last_error=words[:500]
        )
        if moved:
            connection.is_active, connection.paused_reason = False, reason
            _note(Kind.CONNECTION_PAUSED, connection, now, reason=reason)
    return bool(moved)


def save_snapshot(*, connection_id: UUID, balance: Balance) -> None:
    """Keep what an account holds, unless something newer is kept already. Cost: one statement."""
    save_snapshots(balances={connection_id: balance})


def save_snapshots(*, balances: dict[UUID, Balance]) -> None:
    """Keep the balances of many accounts, unless something newer is kept already. Cost: one statement."""
    if not balances:
        return
    rows = sorted(balances.items())
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO connections_accountsnapshot AS known (connection_id, assets, equity, as_of, prepared)
            SELECT b.*, '{}'::jsonb
              FROM unnest(%(ids)s::uuid[], %(assets)s::jsonb[], %(equity)s::numeric[], %(as_of)s::timestamptz[]) AS b
                ON CONFLICT (connection_id) DO UPDATE
               SET assets = EXCLUDED.assets, equity = EXCLUDED.equity, as_of = EXCLUDED.as_of
             WHERE known.as_of <= EXCLUDED.as_of
            """,
            {
                "ids": [connection_id for connection_id, _ in rows],
                "assets": [json.dumps(assets_as_json(balance)) for _, balance in rows],
                "equity": [balance.equity for _, balance in rows],
                "as_of": [balance.as_of for _, balance in rows],
            },
        )


def note_prepared(*, done: Mapping[UUID, Mapping[str, str]]) -> None:
    """Remember what was set at the venue for symbols of these accounts. Cost: one statement."""
    if not done:
        return
    rows = sorted(done.items())
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE connections_accountsnapshot AS known SET prepared = known.prepared || p.done
              FROM unnest(%(ids)s::uuid[], %(done)s::jsonb[]) AS p(connection_id, done)
             WHERE known.connection_id = p.connection_id
            """,
            {"ids": [key for key, _ in rows], "done": [json.dumps(dict(symbols)) for _, symbols in rows]},
        )


def assets_as_json(balance: Balance) -> dict[str, dict[str, str]]:
    """Return a balance as the snapshot stores it."""
    return {
        currency: {"free": to_plain(amount.free), "total": to_plain(amount.total)}
        for currency, amount in balance.assets.items()
    }


def balance_from(stored: Mapping[str, Mapping[str, str]], equity: Decimal | None, as_of: datetime) -> Balance:
    """Return the columns of a stored snapshot as a balance."""
    assets = {
        currency: AssetBalance(free=Decimal(amounts["free"]), total=Decimal(amounts["total"]))
        for currency, amounts in stored.items()
    }
    return Balance(assets=assets, as_of=as_of, equity=equity)


def _note_change(connection: ExecutionConnection, before: str, now: datetime) -> None:
    is_broken, was_broken = connection.status == HealthStatus.ERROR, before == HealthStatus.ERROR
    if is_broken and not was_broken:
        _note(Kind.CONNECTION_BROKEN, connection, now, error=connection.last_error)
    elif was_broken and not is_broken:
        _note(Kind.CONNECTION_RECOVERED, connection, now)


def _note(kind: Kind, connection: ExecutionConnection, now: datetime, **data: str) -> None:
    events.append(
        events.NewEvent(
            kind=kind,
            subject_type="connections.executionconnection",
            subject_id=str(connection.pk),
            owner_id=connection.owner_id,
            occurred_at=now,
            data={"name": connection.name, **data},
        )
    )
