"""The admin's first page: what waits for somebody, counted over what the reader may see, each by its index."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.clients import user_of
from accounts.models import User
from connections.health import STALE_AFTER, HealthStatus
from connections.selectors import connections_visible_to
from core.clock import now
from core.labels import Tone
from events.models import Delivery, DeliveryStatus
from execution import selectors as execution
from execution.labels import OUTCOMES
from execution.models import Break
from execution.outcome_selectors import outcomes_visible_to
from positions.models import PositionStatus
from positions.selectors import positions_visible_to
from signals.rules import SignalStatus
from signals.selectors import signals_run_by

#: Executions are those of this window.
WINDOW = timedelta(hours=24)
#: More of one trouble than this are one trouble: counting ends there.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Counter:
    """One number with what it means and where its rows are."""

    title: str
    value: str
    words: str
    address: str
    tone: Tone


def fill_in(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Put the counters into the context of the page. Cost: some ten statements, each bounded or by a small index."""
    user, moment = user_of(request), now()
    context["counters"] = [*_orders(user), *_positions(user), *_accounts(user, moment), *_work(user)]
    context["outcomes"] = _outcomes(user, moment)
    context["window_h"] = int(WINDOW.total_seconds() // 3600)
    return context


def _orders(user: User) -> list[Counter]:
    doubts = execution.orders_visible_to(user).filter(in_doubt=True)
    address = _list("execution_order", "show=doubt")
    unresolved = _some(doubts.filter(unresolved_at__isnull=False))
    return [
        _trouble("Unresolved orders", unresolved, "In doubt for long: look at the exchange yourself.", address),
        _trouble("Orders in doubt", _some(doubts), "The venue is asked until each is proven.", address, Tone.WARN),
    ]


def _positions(user: User) -> list[Counter]:
    held = positions_visible_to(user).filter(status=PositionStatus.OPEN)
    naked = _some(held.filter(unprotected_since__isnull=False))
    words = "They have a stop that nobody holds yet."
    return [
        _trouble("Unprotected positions", naked, words, _list("positions_executionposition", "show=naked")),
        _plain("Open positions", _some(held), "Held now.", _list("positions_executionposition", "show=open")),
    ]


def _accounts(user: User, moment: datetime) -> list[Counter]:
    counts = connections_visible_to(user).aggregate(
        broken=Count("pk", filter=Q(is_active=True, status=HealthStatus.ERROR)),
        stale=Count("pk", filter=Q(is_active=True) & _stale(moment)),
        paused=Count("pk", filter=Q(is_active=False)),
        total=Count("pk"),
    )
    name = "connections_executionconnection"
    return [
        _trouble(
            "Broken connections", counts["broken"], "No entry is sent there.", _list(name, "status__exact=ERROR")
        ),
        _trouble(
            "Stale connections",
            counts["stale"],
            "Untested, or tested more than a day ago.",
            _list(name),
            Tone.WARN,
        ),
        _plain(
            "Paused", counts["paused"], "By somebody, or for a refused key.", _list(name, "is_active__exact=0")
        ),
        _plain("Accounts", counts["total"], "At all venues.", _list(name)),
    ]


def _work(user: User) -> list[Counter]:
    open_breaks = _some(execution.breaks_visible_to(user).filter(status=Break.Status.OPEN))
    waiting = _some(signals_run_by(user).filter(status=SignalStatus.APPROVED))
    counters = [
        _trouble(
            "Breaks",
            open_breaks,
            "A venue's books differ from ours.",
            _list("execution_break", "status__exact=OPEN"),
        ),
        _plain(
            "Approved signals",
            waiting,
            "Ready to be published.",
            _list("signals_signal", "status__exact=APPROVED"),
        ),
    ]
    if user.is_administrator:
        undelivered = _some(Delivery.objects.filter(status=DeliveryStatus.PENDING))
        address = _list("events_delivery", "status__exact=PENDING")
        counters.append(_plain("Events on their way", undelivered, "Not yet with every sink.", address))
    return counters


def _outcomes(user: User, moment: datetime) -> list[Mapping[str, Any]]:
    rows = outcomes_visible_to(user).filter(created_at__gt=moment - WINDOW)
    counts = dict(rows.values_list("status").annotate(count=Count("pk")).order_by())
    return [
        {
            "label": label,
            "count": counts[status],
            "address": _list("execution_executionlog", f"status__exact={status}"),
        }
        for status, label in OUTCOMES.items()
        if counts.get(status)
    ]


def _stale(moment: datetime) -> Q:
    return Q(last_tested_at__isnull=True) | Q(last_tested_at__lt=moment - STALE_AFTER)


def _some(rows: QuerySet[Any]) -> int:
    """Count rows, up to the bound."""
    return len(rows.order_by().values_list("pk", flat=True)[:MOST])


def _trouble(title: str, count: int, words: str, address: str, tone: Tone = Tone.BAD) -> Counter:
    return Counter(title, _shown(count), words, address, tone if count else Tone.GOOD)


def _plain(title: str, count: int, words: str, address: str) -> Counter:
    return Counter(title, _shown(count), words, address, Tone.INFO)


def _shown(count: int) -> str:
    return f"{MOST} or more" if count == MOST else str(count)


def _list(model: str, query: str = "") -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{query}" if query else address
