"""Executions: for every signal and account what became of it, why, and when. Nothing is dropped without a row."""

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
from execution.forms import ExecutionFilter
from execution.models import ExecutionLog, Order
from execution.rows.executions import checks_of, execution_row, numbers_of, steps_of
from execution.rows.orders import order_row
from execution.rows.positions import position_row, quotes_for
from execution.services import entries
from positions.models import ExecutionPosition


@login_required
@require_safe
def executions(request: HttpRequest) -> HttpResponse:
    """List executions, newest first."""
    user = user_of(request)
    form = ExecutionFilter(request.GET, user=user)
    found = page_of(_wanted(user, form), request)
    context = {
        "rows": [execution_row(each, user) for each in found.rows],
        "page": found,
        "form": form,
        "is_filtered": form.is_valid() and bool(form.chosen()),
        "shows_owner": user.is_staff,
    }
    return show(request, "execution/executions.html", context, partial="execution/_executions.html")


@login_required
@require_safe
def execution(request: HttpRequest, log_id: UUID) -> HttpResponse:
    """Show one execution: the why-timeline, the numbers that decided, its orders and its position."""
    user, moment = user_of(request), now()
    found = _visible(user, log_id)
    orders = Order.objects.filter(log=found).select_related("connection__owner").order_by("created_at")
    rows = [order_row(each, user) for each in orders]
    held = list(
        ExecutionPosition.objects.filter(connection=found.connection, signal=found.signal).select_related(
            "connection__owner"
        )
    )
    positions = [position_row(each, quotes_for(held), user, now=moment) for each in held]
    context = {
        "row": execution_row(found, user),
        "steps": steps_of(found, rows, naked_ms=positions[0].protected_after_ms if positions else None),
        "numbers": numbers_of(found),
        "checks": checks_of(found),
        "orders": rows,
        "positions": positions,
        "attempts": found.attempts,
    }
    return show(request, "execution/execution.html", context, partial="execution/_execution.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retry(request: HttpRequest, log_id: UUID) -> HttpResponse:
    """Ask, and decide the row anew: the same row, and an order that exists keeps its id."""
    user = user_of(request)
    found = _visible(user, log_id)
    if request.method != "POST":
        return show(request, "execution/retry.html", {"row": execution_row(found, user)})
    try:
        with transaction.atomic():
            entries.retry(log_id=found.pk, now=now(), actor_id=user.pk)
            transaction.on_commit(lambda: tasks.enqueue_rows([found.pk]))
    except entries.NotRetryable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is tried again: every condition is checked anew.")
    return redirect("execution:execution", found.pk)


def _wanted(user: User, form: ExecutionFilter) -> QuerySet[ExecutionLog]:
    rows = selectors.executions_visible_to(user).select_related("signal", "connection__owner")
    return rows.filter(**form.chosen()) if form.is_valid() else rows.none()


def _visible(user: User, log_id: UUID) -> ExecutionLog:
    rows = selectors.executions_visible_to(user).select_related("signal", "connection__owner")
    found = rows.filter(pk=log_id).first()
    if found is None:
        raise Http404
    return found
