"""Reading subscriptions, executions, orders and what hangs on them, as far as a user may see them."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import User
from connections.selectors import connections_run_by, connections_visible_to
from execution.models import Break, ExecutionLog, Fill, Order, Subscription


def subscriptions_visible_to(user: User) -> QuerySet[Subscription]:
    """Return the subscriptions of the connections that a user may see."""
    return Subscription.objects.filter(connection__in=connections_visible_to(user))


def subscriptions_of(user: User) -> QuerySet[Subscription]:
    """Return the subscriptions of the connections that a user runs."""
    return Subscription.objects.filter(connection__in=connections_run_by(user))


def followed_channels(user: User) -> dict[UUID, int]:
    """Return by channel how many of a user's accounts follow it. Cost: one query."""
    found = subscriptions_of(user).filter(is_active=True)
    return dict(found.values_list("channel_id").annotate(count=Count("pk")).order_by())


def executions_visible_to(user: User) -> QuerySet[ExecutionLog]:
    """Return what became of signals on the connections that a user may see."""
    return ExecutionLog.objects.filter(connection__in=connections_visible_to(user))


def orders_visible_to(user: User) -> QuerySet[Order]:
    """Return the orders of the connections that a user may see."""
    return Order.objects.filter(connection__in=connections_visible_to(user))


def fills_visible_to(user: User) -> QuerySet[Fill]:
    """Return the fills of the connections that a user may see."""
    return Fill.objects.filter(connection__in=connections_visible_to(user))


def breaks_visible_to(user: User) -> QuerySet[Break]:
    """Return the unsettled and settled differences of the connections that a user may see."""
    return Break.objects.filter(connection__in=connections_visible_to(user))


def outcomes_by_signal(user: User, signal_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, int]]]:
    """Return by signal how many of a user's accounts ended how. Cost: one query."""
    found = executions_visible_to(user).filter(signal_id__in=signal_ids)
    counts: dict[UUID, list[tuple[str, int]]] = {}
    for signal_id, status, count in (
        found.values_list("signal_id", "status").annotate(count=Count("pk")).order_by()
    ):
        counts.setdefault(signal_id, []).append((status, count))
    return counts


def executions_of(connection_id: UUID, signal_id: UUID) -> QuerySet[ExecutionLog]:
    """Return what one signal did on one connection, leg by leg."""
    return ExecutionLog.objects.filter(connection_id=connection_id, signal_id=signal_id)
