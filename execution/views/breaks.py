"""Breaks: where the venue's books differ from ours, for a person to settle."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from accounts.paging import page_of
from core.clock import now
from execution import selectors, tasks
from execution.forms import SettleForm
from execution.models import Break
from execution.rows.accounts import AccountRow, account_row
from execution.services import breaks as services


@dataclass(frozen=True, slots=True)
class BreakRow:
    id: UUID
    account: AccountRow
    symbol: str
    ours: str
    theirs: str
    is_open: bool
    resolution: str
    found_at: datetime
    seen_at: datetime
    resolved_at: datetime | None


@login_required
@require_safe
def breaks(request: HttpRequest) -> HttpResponse:
    """List breaks: open ones first, then what was settled."""
    user = user_of(request)
    visible = selectors.breaks_visible_to(user).select_related("connection__owner")
    found = page_of(visible.filter(status=Break.Status.RESOLVED), request, by="found_at")
    waiting = visible.filter(status=Break.Status.OPEN).order_by("found_at")[:100]
    context = {
        "waiting": [_row(each, user) for each in waiting],
        "rows": [_row(each, user) for each in found.rows],
        "page": found,
    }
    return show(request, "execution/breaks.html", context, partial="execution/_breaks.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: HttpRequest, break_id: UUID) -> HttpResponse:
    """Note how a person settled a break."""
    user = user_of(request)
    found = _visible(user, break_id)
    form = SettleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.settle(break_id=found.pk, resolution=form.cleaned_data["resolution"], actor=user, now=now())
            messages.success(request, "It was noted as settled. If the books still differ, it comes back.")
        except services.SettledBefore as error:
            messages.info(request, str(error))
        return redirect("execution:breaks")
    context = {"row": _row(found, user), "form": form}
    return show(request, "execution/settle.html", context, status=422 if form.errors else None)


@login_required
@require_POST
def compare(request: HttpRequest, break_id: UUID) -> HttpResponse:
    """Compare the account's books again, now."""
    found = _visible(user_of(request), break_id)
    tasks.run_reconcile_job.delay(connection_ids=[str(found.connection_id)])
    messages.info(request, f"The books of {found.connection.name} are being compared. This page follows.")
    return redirect("execution:breaks")


def _visible(user: User, break_id: UUID) -> Break:
    found = selectors.breaks_visible_to(user).select_related("connection__owner").filter(pk=break_id).first()
    if found is None:
        raise Http404
    return found


def _row(found: Break, user: User) -> BreakRow:
    return BreakRow(
        id=found.pk,
        account=account_row(found.connection, user),
        symbol=found.symbol,
        ours=_in_words(found.ours),
        theirs=_in_words(found.theirs),
        is_open=found.status == Break.Status.OPEN,
        resolution=found.resolution,
        found_at=found.found_at,
        seen_at=found.seen_at,
        resolved_at=found.resolved_at,
    )


def _in_words(side: dict[str, Any]) -> str:
    return (
        ", ".join(f"{value}" if name == "quantity" else f"{name} {value}" for name, value in side.items()) or "-"
    )
