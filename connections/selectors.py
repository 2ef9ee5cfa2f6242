"""Reading connections."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from connections.models import DataConnection, ExecutionConnection, TradingPreset


def connections_visible_to(user: User) -> QuerySet[ExecutionConnection]:
    """Return the connections a user may see: an administrator all, a provider the house's and own, others own."""
    if user.is_administrator:
        return ExecutionConnection.objects.all()
    if user.is_provider:
        return ExecutionConnection.objects.filter(Q(owner=user) | Q(is_admin_owned=True))
    return ExecutionConnection.objects.filter(owner=user)


def connections_run_by(user: User) -> QuerySet[ExecutionConnection]:
    """Return the connections a user runs: own ones, and the house's for staff. Sums of money are made over these."""
    if user.is_staff:
        return ExecutionConnection.objects.filter(Q(owner=user) | Q(is_admin_owned=True))
    return ExecutionConnection.objects.filter(owner=user)


def presets_visible_to(user: User) -> QuerySet[TradingPreset]:
    """Return the house's presets and the user's own; an administrator sees all."""
    if user.is_administrator:
        return TradingPreset.objects.all()
    return TradingPreset.objects.filter(Q(owner=user) | Q(owner__isnull=True))


def due_for_test(*, now: datetime, every: timedelta, limit: int) -> list[ExecutionConnection]:
    """Return active connections whose last test is older than ``every``, the longest waiting first."""
    waiting = ExecutionConnection.objects.filter(is_active=True).filter(
        Q(last_tested_at__isnull=True) | Q(last_tested_at__lt=now - every)
    )
    return list(waiting.order_by("last_tested_at")[:limit])


def data_connection_of(venue_key: str) -> DataConnection | None:
    """Return the shared source of a venue's public data, if there is one."""
    parts = venue_key.split(":", 4)
    kind, exchange, market, environment = parts[:4]
    return DataConnection.objects.filter(
        type=kind,
        exchange_name=exchange,
        market=market,
        environment=environment,
        base_url=parts[4] if len(parts) > 4 else "",
        is_active=True,
    ).first()
