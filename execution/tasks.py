"""Celery's doors into trading. Each reads its arguments, calls one service, and enqueues what follows."""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task

from connections.errors import BrokerError, NotSent, OutcomeUnknown
from core import crash
from core.clock import now
from core.crash import Place
from events import operational
from events import services as events
from events.catalogue import Kind
from events.models import Event
from execution.services import balances, entries, intake, monitoring, reconcile, resolver, submission
from execution.services.pump import Pump

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 2000
#: A row that no worker has taken up after this was forgotten by the broker.
FORGOTTEN_AFTER = timedelta(seconds=10)
FINISH_PATIENCE = timedelta(seconds=45)
#: One round of comparing books; what it does not reach is first in the next.
LONGEST_COMPARING_S = 25.0
FAN_OUT = "fanout"


@shared_task(name="FanOutJob")
def run_fan_out_job(*, event_id: int, **_: Any) -> int:
    """Do what a signal's event asks for: rows and batches, or the end of what still rests."""
    event = Event.objects.get(pk=event_id)
    signal_id = UUID(event.subject_id)
    crash.passing(Place.BEFORE_ROWS)
    if event.kind == Kind.SIGNAL_PUBLISHED:
        taken = intake.take(signal_id=signal_id, now=now())
        crash.passing(Place.AFTER_ROWS)
        enqueue_rows(taken.pending)
        count = len(taken.pending)
    else:
        count = _end_entries(signal_id) if event.kind in (Kind.SIGNAL_WITHDRAWN, Kind.SIGNAL_EXPIRED) else 0
    crash.passing(Place.AFTER_MESSAGES)
    events.mark_done(FAN_OUT, [event_id])
    return count


@shared_task(name="ExecuteSignalJob")
def run_execute_job(*, log_ids: Sequence[str], **_: Any) -> int:
    """Work on a batch of rows."""
    pump = Pump(clock=now)
    done = submission.execute([UUID(each) for each in log_ids], clock=now, pump=pump)
    _after(pump)
    return done


@shared_task(name="SweepRowsJob")
def run_sweep_rows_job(**_: Any) -> int:
    """Enqueue again the rows whose message was lost or whose worker died."""
    moment = now()
    waiting = entries.waiting_rows(now=moment, older_than=moment - FORGOTTEN_AFTER, limit=SWEEP_LIMIT)
    for rows in waiting.values():
        enqueue_rows(rows)
    return sum(len(rows) for rows in waiting.values())


@shared_task(name="MonitorPositionsJob")
def run_monitor_job(**_: Any) -> int:
    """Find due and unfinished exits, whatever the feed has done."""
    return monitoring.sweep(clock=now)


@shared_task(name="AdvancePositionsJob")
def run_advance_job(*, position_ids: Sequence[str], **_: Any) -> int:
    """Plan and send the exits of these positions, as after somebody asked to close them."""
    pump = Pump(clock=now)
    pump.advance([UUID(each) for each in position_ids])
    pump.finish(patience=FINISH_PATIENCE)
    _after(pump)
    return len(position_ids)


@shared_task(name="ResolveJob")
def run_resolve_job(*, order_ids: Sequence[str] | None = None, **_: Any) -> int:
    """Search for orders whose answer is overdue or in doubt."""
    named = [UUID(each) for each in order_ids] if order_ids is not None else None
    resolved = resolver.resolve_due(clock=now, order_ids=named)
    resolver.follow_up(resolved, clock=now)
    enqueue_rows(resolved.retry)
    _refresh(resolved.recorded.connections)
    return len(resolved.retry)


@shared_task(name="ReconcileJob")
def run_reconcile_job(*, connection_ids: Sequence[str] | None = None, **_: Any) -> int:
    """Compare the venue's books with ours, for the named accounts or those whose time has come."""
    every = operational.value("execution.reconcile_every")
    accounts = (
        reconcile.named(connection_ids) if connection_ids else reconcile.due(now=now(), every=every, limit=500)
    )
    changed: list[UUID] = []
    silent: set[str] = set()
    deadline = time.monotonic() + LONGEST_COMPARING_S
    compared_count = 0
    for account in accounts:
        # Exits wait in this queue too: a venue that does not answer is asked once a round, and a round is short.
        if account.venue_key in silent or time.monotonic() > deadline:
            continue
        try:
            compared = reconcile.reconcile(connection=account, clock=now)
        except (BrokerError, TimeoutError) as error:
            logger.warning("The books of connection %s could not be compared: %s", account.pk, error)
            if isinstance(error, NotSent | OutcomeUnknown | TimeoutError):
                silent.add(account.venue_key)
            continue
        compared_count += 1
        changed += compared.changed
        if compared.overdue:
            run_resolve_job.delay(order_ids=[str(each) for each in compared.overdue])
    if changed:
        run_advance_job.delay(position_ids=[str(each) for each in changed])
    return compared_count


@shared_task(name="RefreshBalancesJob")
def run_refresh_balances_job(*, connection_ids: Sequence[str], **_: Any) -> int:
    """Read the balances of accounts that have just traded, off the hot path."""
    return balances.refresh(connection_ids=[UUID(each) for each in connection_ids], clock=now)


def enqueue_rows(log_ids: Sequence[UUID]) -> None:
    """Send rows to the workers, in batches that fit their number."""
    largest = operational.value("execution.batch_size")
    for batch in intake.batches(log_ids, largest=largest):
        run_execute_job.delay(log_ids=[str(each) for each in batch])


def _end_entries(signal_id: UUID) -> int:
    moment = now()
    entries.give_up_held(signal_id=signal_id, now=moment)
    pump = Pump(clock=now)
    errands = entries.cancel_resting(signal_id=signal_id, now=moment)
    pump.send(errands)
    pump.finish(patience=FINISH_PATIENCE)
    _after(pump)
    return len(errands)


def _after(pump: Pump) -> None:
    """Start what should follow soon but not now."""
    doubts = pump.recorded.doubts
    if doubts:
        run_resolve_job.apply_async(kwargs={"order_ids": [str(each) for each in doubts]}, countdown=1)
    _refresh(pump.recorded.connections)


def _refresh(connection_ids: Iterable[UUID]) -> None:
    ids = [str(each) for each in connection_ids]
    if ids:
        run_refresh_balances_job.apply_async(kwargs={"connection_ids": ids}, countdown=2)
