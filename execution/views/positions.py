"""Positions: what is held, how it is protected, what it would bring, and closing it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from accounts.paging import page_of
from core.clock import now
from execution import selectors, tasks
from execution.forms import PositionFilter
from execution.rows.orders import order_row
from execution.rows.positions import ladder_of, position_row, quotes_for
from execution.services import protection
from positions.exits import ClosingReason
from positions.models import ExecutionPosition, PositionStatus
from positions.selectors import positions_visible_to

#: As many ledger lines and orders as one page shows; a position with more has its rest in the API.
MOST_LINES = 100
#: Prices of open positions are shown anew this often; the feed writes them as they come.
OPEN_PACE_S = 5


@login_required
@require_safe
def positions(request: HttpRequest) -> HttpResponse:
    """List positions, open ones unless asked otherwise."""
    user, moment = user_of(request), now()
    form = PositionFilter(request.GET, user=user)
    found = page_of(_wanted(user, form), request)
    quotes = quotes_for(found.rows)
    shows_open = request.GET.get("status") != PositionStatus.CLOSED
    context = {
        "rows": [position_row(each, quotes, user, now=moment) for each in found.rows],
        "page": found,
        "form": form,
        "shows_open": shows_open,
        "pace": OPEN_PACE_S if shows_open else 60,
        "shows_owner": user.is_staff,
    }
    return show(request, "execution/positions.html", context, partial="execution/_positions.html")


@login_required
@require_safe
def position(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Show one position with its ladder, its orders and its ledger."""
    user, moment = user_of(request), now()
    found = _visible(user, position_id)
    row = position_row(found, quotes_for([found]), user, now=moment)
    orders = found.orders.select_related("connection__owner").order_by("-created_at")[:MOST_LINES]
    context = {
        "row": row,
        "ladder": ladder_of(row),
        "orders": [order_row(each, user) for each in orders],
        "entries": list(found.entries.order_by("-pk").values()[:MOST_LINES]),
        "execution_id": _execution_of(found),
    }
    return show(request, "execution/position.html", context, partial="execution/_position.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, position_id: UUID) -> HttpResponse:
    """Say what closing would do, and close at market."""
    user, moment = user_of(request), now()
    found = _visible(user, position_id)
    if request.method != "POST":
        row = position_row(found, quotes_for([found]), user, now=moment)
        return show(request, "execution/close.html", {"row": row}, partial="execution/_close.html")
    with transaction.atomic():
        is_asked = protection.request_close(
            position_id=found.pk, reason=ClosingReason.MANUAL, now=moment, actor_id=user.pk
        )
        if is_asked:
            transaction.on_commit(lambda: tasks.run_advance_job.delay(position_ids=[str(found.pk)]))
    if is_asked:
        messages.success(request, f"{found.symbol} on {found.connection.name} is being closed.")
    else:
        messages.info(request, "The position was closed before.")
    return redirect("execution:position", found.pk)


def _wanted(user: User, form: PositionFilter) -> QuerySet[ExecutionPosition]:
    rows = positions_visible_to(user).select_related("connection__owner")
    if not form.is_valid():
        return rows.none()
    chosen = form.chosen()
    rows = rows.filter(status=chosen.get("status", PositionStatus.OPEN))
    if "connection" in chosen:
        rows = rows.filter(connection=chosen["connection"])
    return rows.filter(symbol__icontains=chosen["symbol"]) if "symbol" in chosen else rows


def _visible(user: User, position_id: UUID) -> ExecutionPosition:
    found = positions_visible_to(user).select_related("connection__owner").filter(pk=position_id).first()
    if found is None:
        raise Http404
    return found


def _execution_of(position: ExecutionPosition) -> UUID | None:
    logs = selectors.executions_of(position.connection_id, position.signal_id)
    return logs.order_by("created_at").values_list("pk", flat=True).first()
