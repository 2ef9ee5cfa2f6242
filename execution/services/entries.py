"""Entries after they were sent: retried by a person, cancelled when their signal ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.machine import next_state
from events import services as events
from events.catalogue import Kind
from execution import bulk
from execution.answers import PATIENCE
from execution.context import accounts_of
from execution.courier import Errand, ErrandKind
from execution.machine import OPEN, OrderState
from execution.models import ExecutionLog, Order
from execution.outcomes import RETRYABLE, TABLE, LogEvent, LogStatus
from execution.roles import OrderRole
from signals.rules import SignalStatus


class NotRetryable(Exception):
    """Another attempt might double the order, or makes no sense."""


@transaction.atomic
def retry(*, log_id: UUID, now: datetime, actor_id: UUID | None = None) -> None:
    """Put a failed row back to be decided again: the same row, and an order that exists keeps its id.

    Raises:
        NotRetryable: it did not fail, or it is not proven that nothing reached the venue.
    """
    log = (
        ExecutionLog.objects.select_for_update(of=("self",)).select_related("connection", "signal").get(pk=log_id)
    )
    if log.status != LogStatus.FAILED or log.reason not in RETRYABLE:
        raise NotRetryable(
            f"Only what failed before it reached the venue can be retried; this row is {log.status}."
        )
    orders = list(log.orders.filter(role=OrderRole.ENTRY))
    if any(not order.is_held for order in orders):
        raise NotRetryable("The order of this row is not proven to be absent from the venue.")
    change = bulk.LogChange(
        log_id=log.pk,
        before=LogStatus.FAILED,
        after=next_state(TABLE, LogStatus.FAILED, LogEvent.RETRY),
        reason="",
        numbers={"retried_at": now.isoformat()},
    )
    bulk.change_logs([change])
    events.append(
        events.NewEvent(
            kind=Kind.EXECUTION_RETRIED,
            subject_type="execution.executionlog",
            subject_id=str(log.pk),
            owner_id=log.connection.owner_id,
            actor_id=actor_id,
            occurred_at=now,
            data={"name": log.connection.name, "pair": log.signal.currency_pair, "reason": log.reason},
        )
    )


@transaction.atomic
def give_up_held(*, signal_id: UUID, now: datetime) -> int:
    """End the held orders of a signal that is over; return how many. They never were at a venue."""
    held = Order.objects.filter(log__signal_id=signal_id, is_held=True, state=OrderState.SUBMITTED)
    return held.update(
        state=OrderState.FAILED, is_held=False, finished_at=now, reconcile_after=None, updated_at=now
    )


@transaction.atomic
def cancel_resting(*, signal_id: UUID, now: datetime) -> list[Errand]:
    """Commit the cancel of every entry of a signal that still rests; return the errands."""
    mine = _resting().filter(log__signal_id=signal_id).select_for_update(of=("self",)).order_by("pk")
    return _cancel(list(mine), now)


@transaction.atomic
def cancel_outlived(*, now: datetime, limit: int = 500) -> list[Errand]:
    """Commit the cancel of entries that rest although their signal is over; return the errands.

    One was on its way or in doubt when its signal ended, of another the cancel never arrived.
    """
    over = _resting().filter(log__signal__status__in=(SignalStatus.WITHDRAWN, SignalStatus.EXPIRED))
    return _cancel(list(over.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:limit]), now)


def _resting() -> QuerySet[Order]:
    return Order.objects.filter(
        role=OrderRole.ENTRY,
        state__in=OPEN,
        is_held=False,
        acknowledged_at__isnull=False,
        cancel_requested_at__isnull=True,
    )


def _cancel(orders: Sequence[Order], now: datetime) -> list[Errand]:
    if not orders:
        return []
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(
        cancel_requested_at=now, reconcile_after=now + PATIENCE, updated_at=now
    )
    accounts = accounts_of({order.connection_id for order in orders})
    return [
        Errand(ErrandKind.CANCEL, accounts[order.connection_id], (order.pk,), ref=order.ref()) for order in orders
    ]


def waiting_rows(*, now: datetime, older_than: datetime, limit: int) -> dict[UUID, list[UUID]]:
    """Return rows that no worker took up in time, by signal: their message was lost, or its worker died."""
    rows = ExecutionLog.objects.filter(
        status=LogStatus.PENDING, created_at__lt=older_than
    ) | ExecutionLog.objects.filter(status=LogStatus.CLAIMED, lease_until__lt=now)
    by_signal: dict[UUID, list[UUID]] = {}
    for signal_id, log_id in rows.order_by("created_at").values_list("signal_id", "id")[:limit]:
        by_signal.setdefault(signal_id, []).append(log_id)
    return by_signal
