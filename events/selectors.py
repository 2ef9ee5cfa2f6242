"""Reading the event log, and what people were told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import F, QuerySet

from accounts.models import User
from accounts.roles import Role
from events.catalogue import Kind
from events.facts import DEFAULTS, Concern, Ways
from events.models import Delivery, DeliveryStatus, Event, Notification, NotificationChoice

#: Nobody reads a larger number on a bell.
MOST_COUNTED = 100


def overdue_deliveries(*, now: datetime, limit: int) -> list[Delivery]:
    """Return pending deliveries whose time has come, locked for the caller. Cost: one statement."""
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING, due_at__lte=now).order_by("due_at")
    return list(pending.select_for_update(skip_locked=True)[:limit])


def events_after(event_id: int, *, kinds: list[str] | None = None) -> QuerySet[Event]:
    """Return events with a higher id, oldest first."""
    found = Event.objects.filter(pk__gt=event_id).order_by("pk")
    return found.filter(kind__in=kinds) if kinds else found


def events_visible_to(user: User) -> QuerySet[Event]:
    """Return what happened, to administrators; to others what concerns their own accounts and channels."""
    return Event.objects.all() if user.is_administrator else events_of(user)


def events_of(owner: User | None) -> QuerySet[Event]:
    """Return what happened to somebody's accounts; without an owner, to the house's. That he was told is left out."""
    return Event.objects.filter(owner=owner).exclude(kind=Kind.NOTIFICATION_CREATED)


def notifications_of(user: User) -> QuerySet[Notification]:
    """Return what lists show to this user."""
    return Notification.objects.filter(user=user, is_in_app=True)


def unread_of(user: User) -> QuerySet[Notification]:
    """Return what this user has not read yet."""
    return notifications_of(user).filter(read_at__isnull=True)


def count_unread(user: User) -> int:
    """Return how many notifications are unread, at most ``MOST_COUNTED``. Cost: one statement by index."""
    return unread_of(user)[:MOST_COUNTED].count()


def choices_of(user_ids: Sequence[UUID]) -> Mapping[tuple[UUID, Concern], Ways]:
    """Return what these users have chosen; what has no row has its default. Cost: one statement."""
    rows = NotificationChoice.objects.filter(user_id__in=user_ids)
    return {(row.user_id, Concern(row.concern)): Ways(row.in_app, row.by_mail) for row in rows}


def ways_of(user: User) -> Mapping[Concern, Ways]:
    """Return how a user is told of each concern. Cost: one statement."""
    chosen = choices_of([user.pk])
    return {concern: chosen.get((user.pk, concern), default) for concern, default in DEFAULTS.items()}


def administrators() -> list[UUID]:
    """Return who is told what happens to the house. Cost: one statement."""
    found = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")
    return list(found.values_list("pk", flat=True))


def active_among(user_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these users may still be told. Cost: one statement."""
    return set(User.objects.filter(pk__in=user_ids, is_active=True).values_list("pk", flat=True))


def reachable_among(user_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these users have a verified address that is still theirs. Cost: one statement."""
    known = EmailAddress.objects.filter(user_id__in=user_ids, verified=True, email__iexact=F("user__email"))
    return set(known.filter(user__is_active=True).values_list("user_id", flat=True))
