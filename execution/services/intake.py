"""Step 2 of the flow: one row for every account that follows a channel, whatever becomes of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connections.contract import Capabilities, MarketType, ProtectionStyle
from connections.health import HealthStatus
from core.ids import uuid7
from events import services as events
from events.catalogue import Kind
from execution import bulk
from execution.case import AccountView, SignalView, Verdict
from execution.context import effective_preset
from execution.eligibility import account_verdict
from execution.models import Subscription
from execution.outcomes import LogStatus
from signals.models import Signal
from signals.rules import SignalStatus

ENTRY_LEG = "entry"
#: No rule of an account asks what its venue can do, and an exchange that nobody knows any more stops no fan-out.
_UNASKED = Capabilities(order_types=frozenset(), times_in_force=frozenset(), protection=ProtectionStyle.NONE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an intake made: rows to work on, and how many were born skipped."""

    pending: list[UUID]
    skipped: int


@transaction.atomic
def take(*, signal_id: UUID, now: datetime) -> Taken:
    """Make the rows of a published signal. Doing it again adds rows only for accounts that have none.

    Cost: four statements for any number of accounts.
    """
    signal = Signal.objects.select_related("channel__preset").get(pk=signal_id)
    if signal.published_at is None:
        return Taken([], 0)
    view = SignalView(signal.pk, signal.version, SignalStatus(signal.status), signal.terms())
    subscriptions = _followers(signal)
    rows = [_row(each, view, signal, now) for each in subscriptions]
    fresh = bulk.insert_logs(
        rows, signal_id=signal.pk, version=signal.version, side=signal.direction, leg=ENTRY_LEG, now=now
    )
    by_connection = {each.connection_id: each for each in subscriptions}
    skipped = [row for row in rows if row.log_id in fresh and row.status is LogStatus.SKIPPED]
    events.append_many([_event(row, by_connection[row.connection_id], signal, now) for row in skipped])
    pending = [row.log_id for row in rows if row.log_id in fresh and row.status is LogStatus.PENDING]
    return Taken(pending, len(skipped))


def batches(log_ids: Sequence[UUID], *, largest: int) -> list[list[UUID]]:
    """Return the rows as messages: one each while there are few, then some dozens, then ``largest``."""
    count = len(log_ids)
    size = 1 if count <= 8 else min(largest, 50 if count <= 200 else largest)
    return [list(log_ids[start : start + size]) for start in range(0, count, size)]


def _followers(signal: Signal) -> list[Subscription]:
    found = list(
        Subscription.objects.filter(channel_id=signal.channel_id).select_related(
            "connection__preset", "connection__owner"
        )
    )
    # Nobody is always first: each signal has an order of its own.
    return sorted(found, key=lambda each: _place(signal.pk, each.connection_id))


def _place(signal_id: UUID, connection_id: UUID) -> bytes:
    return hashlib.blake2b(signal_id.bytes + connection_id.bytes, digest_size=8).digest()


def _row(each: Subscription, view: SignalView, signal: Signal, now: datetime) -> bulk.NewLog:
    connection = each.connection
    effective = effective_preset(
        signal.channel.preset.values if signal.channel.preset else None,
        connection.preset.values if connection.preset else None,
        each.overrides,
    )
    verdict: Verdict | None = account_verdict(view, _account(each), effective.preset, now=now)
    return bulk.NewLog(
        log_id=uuid7(),
        connection_id=connection.pk,
        subscription_id=each.pk,
        status=LogStatus.PENDING if verdict is None else LogStatus.SKIPPED,
        reason="" if verdict is None else str(verdict.reason),
        numbers={} if verdict is None else dict(verdict.numbers),
    )


def _account(each: Subscription) -> AccountView:
    connection = each.connection
    return AccountView(
        connection_id=connection.pk,
        market=MarketType(connection.market),
        is_active=connection.is_active,
        paused_reason=connection.paused_reason,
        status=HealthStatus(connection.status),
        last_error=connection.last_error,
        last_tested_at=connection.last_tested_at,
        is_owner_active=connection.owner is None or connection.owner.is_active,
        is_subscribed=each.is_active,
        capabilities=_UNASKED,
        is_hedge_mode=bool(connection.is_hedge_mode),
        balance=None,
    )


def _event(row: bulk.NewLog, each: Subscription, signal: Signal, now: datetime) -> events.NewEvent:
    return events.NewEvent(
        kind=Kind.EXECUTION_SKIPPED,
        subject_type="execution.executionlog",
        subject_id=str(row.log_id),
        owner_id=each.connection.owner_id,
        occurred_at=now,
        data={
            "reason": row.reason,
            "numbers": row.numbers,
            "pair": signal.currency_pair,
            "side": signal.direction,
            "connection": each.connection.name,
        },
    )
