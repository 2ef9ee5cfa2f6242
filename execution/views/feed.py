"""Signals as those see them who may trade them: the feed, and one signal with what it did on the reader's accounts."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from accounts.paging import page_of
from core.clock import now
from execution import selectors
from execution.forms import FeedFilter
from execution.rows.executions import counts_in_words, execution_row, steps_of
from execution.rows.orders import OrderRow, order_row
from execution.rows.positions import position_row, quotes_for
from execution.rows.signals import signal_row
from positions.selectors import positions_visible_to
from signals.models import Signal
from signals.selectors import PUBLIC, signals_visible_to

#: As many accounts a signal's page shows in full; the list of executions has the rest.
MOST_ACCOUNTS = 50


@login_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """List published signals, newest first, with what they did on the reader's accounts."""
    user = user_of(request)
    form = FeedFilter(request.GET or None)
    found = page_of(_wanted(user, form), request, by="published_at")
    outcomes = selectors.outcomes_by_signal(user, [each.pk for each in found.rows])
    rows = [(signal_row(each), counts_in_words(outcomes.get(each.pk, []))) for each in found.rows]
    context = {"rows": rows, "page": found, "form": form, "is_filtered": any(request.GET.values())}
    return show(request, "execution/feed.html", context, partial="execution/_feed.html")


@login_required
@require_safe
def signal(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Show one signal: its terms, and for each account of the reader what became of it, and why."""
    user, moment = user_of(request), now()
    found = signals_visible_to(user).select_related("channel").filter(pk=signal_id).first()
    if found is None or found.status not in PUBLIC:
        raise Http404
    logs = list(
        selectors.executions_visible_to(user)
        .filter(signal=found)
        .select_related("signal", "connection__owner")
        .order_by("-created_at", "-pk")[:MOST_ACCOUNTS]
    )
    held = list(
        positions_visible_to(user).filter(signal=found).select_related("connection__owner")[:MOST_ACCOUNTS]
    )
    quotes = quotes_for(held)
    orders = selectors.orders_visible_to(user).filter(log__in=logs).select_related("connection__owner")
    by_log: dict[UUID, list[OrderRow]] = {}
    for each in orders.order_by("created_at"):
        by_log.setdefault(each.log_id, []).append(order_row(each, user))
    context = {
        "row": signal_row(found),
        "executions": [(execution_row(each, user), steps_of(each, by_log.get(each.pk, []))) for each in logs],
        "positions": [position_row(each, quotes, user, now=moment) for each in held],
        "is_cut": len(logs) == MOST_ACCOUNTS,
    }
    return show(request, "execution/signal.html", context, partial="execution/_signal.html")


def _wanted(user: User, form: FeedFilter) -> QuerySet[Signal]:
    rows = signals_visible_to(user).filter(status__in=PUBLIC, published_at__isnull=False).select_related("channel")
    if not form.is_bound:
        return rows
    if not form.is_valid():
        return rows.none()
    chosen = form.cleaned_data
    if chosen["followed"]:
        followed = selectors.subscriptions_of(user).filter(is_active=True)
        rows = rows.filter(channel__in=followed.values("channel"))
    named = {"channel__slug": chosen["channel"], "direction": chosen["direction"], "status": chosen["status"]}
    rows = rows.filter(**{name: value for name, value in named.items() if value})
    return rows.filter(currency_pair__icontains=chosen["pair"].strip()) if chosen["pair"] else rows
