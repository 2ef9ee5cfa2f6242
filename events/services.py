"""Writing events, handing them on after commit, and handing on again what a crash left behind."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from core.ids import uuid7
from events import bulk, selectors
from events.catalogue import Kind
from events.models import Delivery, DeliveryStatus, Event

logger = logging.getLogger(__name__)

#: Given the ids of committed events, a handler starts what they ask for. It must be quick and may be repeated.
Handler = Callable[[Sequence[int]], None]

#: A delivery that was not done in this time is handed on again.
REDISPATCH_AFTER = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to write. ``data`` holds ids and plain values, never a secret and never an object."""

    kind: Kind
    subject_type: str
    subject_id: str
    occurred_at: datetime
    owner_id: UUID | None = None
    actor_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Written:
    """What is known of an event once it has its id."""

    event_id: int
    kind: str
    occurred_at: datetime


_RETURNED = "id, kind, occurred_at"


@dataclass(frozen=True, slots=True)
class _Sink:
    name: str
    kinds: frozenset[Kind]
    handler: Handler
    #: whether a row remembers that the event is still to be delivered
    is_durable: bool


_sinks: dict[str, _Sink] = {}


def register(name: str, kinds: Iterable[Kind], handler: Handler, *, is_durable: bool = True) -> None:
    """Call ``handler`` with the ids of committed events of these kinds. Higher apps call this in ``ready()``.

    A durable sink gets a Delivery row per event and must call ``mark_done``; until then the sweeper calls the
    handler again. A sink that is not durable is called once, or never if the process dies first.
    """
    _sinks[name] = _Sink(name, frozenset(kinds), handler, is_durable)


def append(event: NewEvent) -> int:
    """Write one event in the caller's transaction and return its id; handlers run after commit."""
    return append_many([event])[0]


def append_many(events: Sequence[NewEvent]) -> list[int]:
    """Write events in the caller's transaction and return their ids; handlers run after commit.

    Cost: two statements for any number.
    """
    if not events:
        return []
    written = [
        _Written(*row) for row in bulk.insert(Event, [_row(event) for event in events], returning=_RETURNED)
    ]
    bulk.insert(Delivery, [row for each in written for row in _deliveries(each)])
    transaction.on_commit(lambda: _hand_on(written))
    return [each.event_id for each in written]


def mark_done(sink: str, event_ids: Sequence[int]) -> None:
    """Note that a durable sink has done its work for these events."""
    Delivery.objects.filter(sink=sink, event_id__in=event_ids).update(status=DeliveryStatus.DONE, last_error="")


def mark_failed(sink: str, event_ids: Sequence[int], *, error: str, now: datetime) -> None:
    """Note an attempt that failed; the delivery comes up again, later each time."""
    for delivery in Delivery.objects.filter(sink=sink, event_id__in=event_ids, status=DeliveryStatus.PENDING):
        wait = min(REDISPATCH_AFTER * 2**delivery.attempts, LONGEST_WAIT)
        Delivery.objects.filter(pk=delivery.pk).update(due_at=now + wait, last_error=error[:300])


@transaction.atomic
def redispatch(*, now: datetime, limit: int = 1000) -> int:
    """Hand on again what is overdue, and return how many. Concurrent sweepers skip each other's rows."""
    overdue = selectors.overdue_deliveries(now=now, limit=limit)
    for delivery in overdue:
        delivery.attempts += 1
        delivery.due_at = now + min(REDISPATCH_AFTER * 2 ** min(delivery.attempts, 10), LONGEST_WAIT)
    Delivery.objects.bulk_update(overdue, ["attempts", "due_at"])
    by_sink: dict[str, list[int]] = {}
    for delivery in overdue:
        by_sink.setdefault(delivery.sink, []).append(delivery.event_id)
    transaction.on_commit(lambda: _hand_on_again(by_sink))
    return len(overdue)


def _row(event: NewEvent) -> bulk.Row:
    return {
        "uid": uuid7(),
        "kind": event.kind,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "owner_id": event.owner_id,
        "actor_id": event.actor_id,
        "data": event.data,
        "occurred_at": event.occurred_at,
        "hash": "",
    }


def _deliveries(event: _Written) -> list[bulk.Row]:
    due_at = event.occurred_at + REDISPATCH_AFTER
    return [
        {
            "event_id": event.event_id,
            "sink": sink.name,
            "status": DeliveryStatus.PENDING.value,
            "attempts": 0,
            "due_at": due_at,
            "last_error": "",
        }
        for sink in _sinks.values()
        if sink.is_durable and event.kind in sink.kinds
    ]


def _hand_on(written: Sequence[_Written]) -> None:
    for sink in _sinks.values():
        ids = [each.event_id for each in written if each.kind in sink.kinds]
        if ids:
            _call(sink, ids)


def _hand_on_again(by_sink: Mapping[str, Sequence[int]]) -> None:
    for name, ids in by_sink.items():
        if name in _sinks:
            _call(_sinks[name], ids)


def _call(sink: _Sink, ids: Sequence[int]) -> None:
    # The transaction is committed, so nothing may be undone here: a failure is logged and the sweeper retries.
    try:
        sink.handler(ids)
    except Exception:
        logger.exception(
            "Sink %s did not take %d events; the sweeper will hand them on again.", sink.name, len(ids)
        )
