"""Reading the event log."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from events.models import Delivery, DeliveryStatus, Event


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
    """Return what happened to somebody's accounts; without an owner, to the house's."""
    return Event.objects.filter(owner=owner)
