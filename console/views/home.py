"""The first page: money, what is held and how it is guarded, what waits for the reader, and what happened."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from connections.models import AccountSnapshot
from connections.rows import ConnectionRow, connection_row
from connections.selectors import connections_run_by
from console.rows.activity import activity_row
from console.rows.home import held, money_rows
from core.clock import now
from events import selectors as events
from execution import selectors as execution
from execution.models import Break, Order
from execution.rows.executions import counts_in_words
from execution.rows.positions import position_row, quotes_for
from execution.rows.signals import signal_row
from positions.models import ExecutionPosition, PositionStatus
from signals.selectors import PUBLIC, signals_visible_to

#: As much is added up; who holds more sees the sums of the newest and the rest in the lists.
MOST_POSITIONS, MOST_ACCOUNTS = 500, 500
SHOWN = 6


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the reader how things stand."""
    user, moment = user_of(request), now()
    accounts = connections_run_by(user).select_related("owner", "preset").order_by("name")[:MOST_ACCOUNTS]
    rows = [connection_row(each, user, now=moment) for each in accounts]
    has_subscription = execution.subscriptions_of(user).exists()
    context = {
        **_positions(user, moment),
        **_waiting(user, rows),
        **_news(user),
        "money": _money(user, moment),
        "account_count": len(rows),
        "has_connection": bool(rows),
        "has_tested": any(row.can_trade for row in rows),
        "has_subscription": has_subscription,
        "is_set_up": bool(rows) and any(row.can_trade for row in rows) and has_subscription,
    }
    return show(request, "console/home.html", context, partial="console/_home.html")


def _positions(user: User, moment: datetime) -> dict[str, object]:
    mine = ExecutionPosition.objects.filter(connection__in=connections_run_by(user), status=PositionStatus.OPEN)
    found = list(mine.select_related("connection__owner").order_by("-created_at")[:MOST_POSITIONS])
    quotes = quotes_for(found)
    rows = [position_row(each, quotes, user, now=moment) for each in found]
    return {"held": held(rows), "positions": rows[:SHOWN], "more_positions": max(0, len(rows) - SHOWN)}


def _waiting(user: User, accounts: list[ConnectionRow]) -> dict[str, object]:
    """Return what waits for somebody: connections, orders in doubt, breaks."""
    mine = connections_run_by(user)
    doubts = list(
        Order.objects.filter(connection__in=mine, in_doubt=True).values_list("unresolved_at", flat=True)[:100]
    )
    broken = [row for row in accounts if row.needs_attention]
    return {
        "broken": broken[:SHOWN],
        "broken_count": len(broken),
        "doubts": len(doubts),
        "unresolved": sum(each is not None for each in doubts),
        "breaks": len(
            Break.objects.filter(connection__in=mine, status=Break.Status.OPEN).values_list("pk", flat=True)[:100]
        ),
    }


def _news(user: User) -> dict[str, object]:
    published = signals_visible_to(user).filter(status__in=PUBLIC, published_at__isnull=False)
    last = list(published.select_related("channel").order_by("-published_at")[:SHOWN])
    outcomes = execution.outcomes_by_signal(user, [each.pk for each in last])
    happened = events.events_of(user).order_by("-pk")[:SHOWN]
    return {
        "signals": [(signal_row(each), counts_in_words(outcomes.get(each.pk, []))) for each in last],
        "activity": [activity_row(each, user.pk) for each in happened],
    }


def _money(user: User, moment: datetime) -> list[object]:
    snapshots = AccountSnapshot.objects.filter(connection__in=connections_run_by(user))
    rows = snapshots.values_list("connection__environment", "assets", "as_of")[:MOST_ACCOUNTS]
    return list(money_rows(rows, now=moment))
