"""Reading subscriptions, executions, orders and what hangs on them, as far as a user may see them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet, Value

from accounts.models import User
from connections.contract import Side
from connections.selectors import connections_run_by, connections_visible_to
from execution.machine import OPEN, OrderState
from execution.models import Break, ExecutionLog, Fill, Order, Subscription
from execution.reserves import SentEntry
from execution.roles import OrderRole


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


@dataclass(frozen=True, slots=True)
class RecentOrder:
    """An order that a decision about its connection has to know of."""

    connection_id: UUID
    #: an entry that is open or was made lately; else it is here for its doubt
    is_recent: bool
    entry: SentEntry


def recent_orders(connection_ids: Collection[UUID], since: datetime) -> Iterator[RecentOrder]:
    """Yield the orders in doubt of these connections, and their entries that are open or were made since then.

    Cost: one query.
    """
    mine = Order.objects.filter(connection_id__in=connection_ids).order_by()
    doubtful = mine.filter(in_doubt=True).annotate(is_recent=Value(False))
    # What is held is provably not at the venue and takes nothing.
    entries = mine.filter(role=OrderRole.ENTRY, is_held=False).annotate(is_recent=Value(True))
    recent = entries.filter(created_at__gte=since)
    resting = entries.filter(created_at__lt=since, state__in=OPEN)
    columns = (
        "connection_id", "is_recent", "symbol", "side", "quantity", "filled", "average_price", "price", "stop_price",
        "expected_price", "state", "acknowledged_at",
    )  # fmt: skip
    # Three questions in one: with OR, none could use its index.
    for row in doubtful.values_list(*columns).union(
        recent.values_list(*columns), resting.values_list(*columns), all=True
    ):
        (
            connection_id,
            is_recent,
            symbol,
            side,
            quantity,
            filled,
            average,
            price,
            stop,
            expected,
            state,
            known_at,
        ) = row
        entry = SentEntry(
            symbol=symbol,
            side=Side(side),
            quantity=quantity,
            filled=filled,
            average_price=average,
            price=price or stop or expected,
            is_open=OrderState(state) in OPEN,
            acknowledged_at=known_at,
        )
        yield RecentOrder(connection_id, is_recent, entry)
