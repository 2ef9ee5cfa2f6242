"""Reading channels and signals."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from signals.models import Channel, Signal
from signals.rules import SignalStatus

#: What everybody may see; drafts and approvals are the provider's own.
PUBLIC = (SignalStatus.PUBLISHED, SignalStatus.WITHDRAWN, SignalStatus.EXPIRED)


def channels_visible_to(user: User) -> QuerySet[Channel]:
    """Return active channels; a provider also sees own ones, an administrator all."""
    if user.is_administrator:
        return Channel.objects.all()
    return Channel.objects.filter(Q(is_active=True) | Q(owner=user))


def channels_run_by(user: User) -> QuerySet[Channel]:
    """Return the channels a user may publish in."""
    if user.is_administrator:
        return Channel.objects.all()
    return Channel.objects.filter(owner=user) if user.is_provider else Channel.objects.none()


def signals_visible_to(user: User) -> QuerySet[Signal]:
    """Return published signals of active channels; a provider also sees everything of own channels."""
    if user.is_administrator:
        return Signal.objects.all()
    return Signal.objects.filter(
        Q(channel__owner=user) | Q(channel__is_active=True, status__in=PUBLIC, published_at__isnull=False)
    )


def signals_run_by(user: User) -> QuerySet[Signal]:
    """Return the signals a user may approve, publish or withdraw."""
    if user.is_administrator:
        return Signal.objects.all()
    return Signal.objects.filter(channel__owner=user) if user.is_provider else Signal.objects.none()


def same_content(*, content_hash: str, since: datetime) -> Signal | None:
    """Return a signal that says the same and came in since a time, if there is one."""
    return Signal.objects.filter(content_hash=content_hash, created_at__gte=since).order_by("-created_at").first()


def due_to_expire(*, now: datetime, limit: int) -> list[Signal]:
    """Return signals whose time has passed and which do not say so yet."""
    waiting = Signal.objects.filter(
        status__in=(SignalStatus.APPROVED, SignalStatus.PUBLISHED), expires_at__lte=now
    )
    return list(waiting.order_by("expires_at")[:limit])
