"""Telling people what happened: each of them once of each fact, although its event may be handed on many times.

The row is the notification: it is unique by person and fact, and written in the transaction in which the delivery is
marked done. So whoever dies half-way has done nothing, and whoever comes second finds nothing to do.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.ids import uuid7
from events import bulk, selectors, services
from events.catalogue import Kind
from events.facts import DEFAULTS, Concern, Notice, Ways
from events.models import Delivery, DeliveryStatus, Event, Notification, NotificationChoice
from events.notices import Happening, notice_of

logger = logging.getLogger(__name__)

SINK = "notifications"

#: Given the data of an event, returns its reason in a sentence.
Explainer = Callable[[Mapping[str, Any]], str]
_explainers: dict[str, Explainer] = {}


@dataclass(frozen=True, slots=True)
class _Told:
    """One person, one fact."""

    user_id: UUID
    event: Event
    notice: Notice


def explain_with(subject_type: str, explainer: Explainer) -> None:
    """Let a higher app put the reasons of its events into words. It calls this in ``ready()``."""
    _explainers[subject_type] = explainer


def notify(*, event_ids: Sequence[int], now: datetime) -> int:
    """Tell everybody concerned of these events and return how many notifications that made.

    What fails together is done one by one, so that an event nobody can put into words holds up no other. Cost: at
    most ten statements for any number of events.
    """
    try:
        return _notify(event_ids, now)
    except Exception:
        logger.exception("%d events were not told together; they are told one by one.", len(event_ids))
    return sum(_notify_alone(each, now) for each in event_ids)


@transaction.atomic
def mark_read(*, user: User, now: datetime, notification_ids: Sequence[UUID] | None = None) -> int:
    """Note that a user has read the named notifications, or all; return how many were unread."""
    unread = selectors.unread_of(user)
    if notification_ids is not None:
        unread = unread.filter(pk__in=notification_ids)
    return unread.update(read_at=now)


@transaction.atomic
def choose(*, user: User, ways: dict[Concern, Ways]) -> None:
    """Keep how a user wants to be told. It holds for what happens from now on. Cost: one statement."""
    NotificationChoice.objects.bulk_create(
        [
            NotificationChoice(user=user, concern=concern, in_app=way.in_app, by_mail=way.by_mail)
            for concern, way in ways.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "concern"],
        update_fields=["in_app", "by_mail"],
    )


def _notify_alone(event_id: int, now: datetime) -> int:
    try:
        return _notify([event_id], now)
    except Exception as error:
        logger.exception("Event %d was told to nobody; it is tried again.", event_id)
        services.mark_failed(SINK, [event_id], error=f"{type(error).__name__}: {error}", now=now)
        return 0


@transaction.atomic
def _notify(event_ids: Sequence[int], now: datetime) -> int:
    events = _claim(event_ids)
    told = list(_recipients([(event, notice) for event in events if (notice := _notice(event)) is not None]))
    rows = _rows(told, now)
    made = bulk.insert(
        Notification, rows, then="ON CONFLICT (user_id, fact) DO NOTHING", returning="user_id, is_in_app"
    )
    _announce([user_id for user_id, is_in_app in made if is_in_app], now)
    services.mark_done(SINK, [event.pk for event in events])
    return len(made)


def _claim(event_ids: Sequence[int]) -> list[Event]:
    """Return the events that nobody has told of yet, locked; somebody else's are left to him."""
    pending = Delivery.objects.filter(sink=SINK, event_id__in=event_ids, status=DeliveryStatus.PENDING)
    locked = pending.select_for_update(skip_locked=True, of=("self",)).select_related("event").order_by("event_id")
    return [delivery.event for delivery in locked]


def _notice(event: Event) -> Notice | None:
    explainer = _explainers.get(event.subject_type)
    happening = Happening(
        uid=str(event.uid),
        kind=event.kind,
        subject_id=event.subject_id,
        occurred_at=event.occurred_at,
        data=event.data,
        is_ours=event.actor_id is None,
        why=explainer(event.data) if explainer else "",
    )
    return notice_of(happening)


def _recipients(noticed: Sequence[tuple[Event, Notice]]) -> Iterable[_Told]:
    """Yield who is told: the owner, or the administrators of what belongs to the house. Nobody hears his own acts."""
    if not noticed:
        return
    owners = {event.owner_id for event, _ in noticed if event.owner_id is not None}
    active = selectors.active_among(sorted(owners))
    house = selectors.administrators() if any(event.owner_id is None for event, _ in noticed) else []
    for event, notice in noticed:
        concerned = house if event.owner_id is None else [event.owner_id]
        for user_id in concerned:
            if user_id != event.actor_id and (event.owner_id is None or user_id in active):
                yield _Told(user_id, event, notice)


def _rows(told: Sequence[_Told], now: datetime) -> list[bulk.Row]:
    user_ids = sorted({each.user_id for each in told})
    chosen = selectors.choices_of(user_ids) if told else {}
    reachable = selectors.reachable_among(user_ids) if told else set()
    rows: dict[tuple[UUID, str], bulk.Row] = {}
    for each in told:
        ways = chosen.get((each.user_id, each.notice.concern), DEFAULTS[each.notice.concern])
        by_mail = ways.by_mail and each.user_id in reachable
        if ways.in_app or by_mail:
            rows.setdefault((each.user_id, each.notice.fact), _row(each, ways.in_app, by_mail, now))
    # Always in the same order, so that two who tell of the same facts wait for each other and never both.
    return [rows[key] for key in sorted(rows)]


def _row(each: _Told, in_app: bool, by_mail: bool, now: datetime) -> bulk.Row:
    event, notice = each.event, each.notice
    return {
        "id": uuid7(),
        "user_id": each.user_id,
        "fact": notice.fact,
        "concern": notice.concern.value,
        "tone": notice.tone.value,
        "title": notice.title,
        "detail": notice.detail,
        "kind": event.kind,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "occurred_at": event.occurred_at,
        "created_at": now,
        "is_in_app": in_app,
        "is_by_mail": by_mail,
    }


def _announce(user_ids: Sequence[UUID], now: datetime) -> None:
    """Let open pages know; one event a person, however many facts came together."""
    services.append_many(
        [
            services.NewEvent(
                kind=Kind.NOTIFICATION_CREATED,
                subject_type="accounts.user",
                subject_id=str(user_id),
                owner_id=user_id,
                occurred_at=now,
                data={"count": count},
            )
            for user_id, count in sorted(Counter(user_ids).items())
        ]
    )
