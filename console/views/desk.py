"""The publish desk: draft, approve, look at what every account would do, publish, and see what became of it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from accounts.paging import page_of
from console.rows.desk import outcome_rows, preview_row
from core.clock import now
from core.machine import IllegalTransition
from execution.models import ExecutionLog
from execution.rows.executions import counts_in_words
from execution.rows.signals import signal_row
from execution.services import preview as previews
from signals import services
from signals.models import Signal
from signals.rules import InvalidSignal, SignalStatus
from signals.selectors import channels_run_by, signals_run_by

_REFUSED = (IllegalTransition, InvalidSignal, services.SignalError)


@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List the signals that the reader runs, newest first."""
    user = _publisher(request)
    found = page_of(signals_run_by(user).select_related("channel"), request)
    context = {
        "rows": [signal_row(each) for each in found.rows],
        "page": found,
        "has_channel": channels_run_by(user).filter(is_active=True).exists(),
    }
    return show(request, "console/desk.html", context, partial="console/_desk.html")


@login_required
@require_safe
def signal(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Show one signal with what can be done with it now, and its outcome on every account."""
    user = _publisher(request)
    found = _visible(user, signal_id)
    logs = ExecutionLog.objects.filter(signal=found)
    counts = logs.values_list("status").annotate(count=Count("pk")).order_by()
    page = page_of(logs.select_related("connection"), request)
    context = {
        "row": signal_row(found),
        **_possible(found),
        "counts": counts_in_words(counts),
        "outcomes": outcome_rows(page.rows, user),
        "page": page,
    }
    return show(request, "console/desk_signal.html", context, partial="console/_desk_signal.html")


@login_required
@require_safe
def preview(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Show what every account would do now: a region of the signal's page, and of the question before publishing."""
    user = _publisher(request)
    found = _visible(user, signal_id)
    try:
        foreseen = previews.preview(signal=found, clock=now)
    except previews.NothingToPreview as error:
        return show(request, "console/_preview.html", {"error": str(error)})
    return show(request, "console/_preview.html", {"preview": preview_row(foreseen, user)})


@login_required
@require_POST
def approve(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Let a draft be published."""
    user = _publisher(request)
    found = _visible(user, signal_id)
    try:
        services.approve(signal=found, actor=user, now=now())
        messages.success(request, "Approved. Look at the preview, then publish it.")
    except _REFUSED as error:
        messages.error(request, str(error))
    return redirect("console:desk_signal", signal_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Say how many accounts would trade, and publish."""
    user = _publisher(request)
    found = _visible(user, signal_id)
    if request.method != "POST":
        if found.status != SignalStatus.APPROVED:
            return redirect("console:desk_signal", signal_id)
        foreseen = preview_row(previews.preview(signal=found, clock=now), user)
        return show(request, "console/publish.html", {"row": signal_row(found), "preview": foreseen})
    try:
        services.publish(signal=found, actor=user, now=now())
        messages.success(request, "Published. The accounts below fill in as they answer.")
    except _REFUSED as error:
        messages.error(request, str(error))
    return redirect("console:desk_signal", signal_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Say what withdrawing does, and do it."""
    user = _publisher(request)
    found = _visible(user, signal_id)
    if request.method != "POST":
        return show(request, "console/withdraw.html", {"row": signal_row(found), **_possible(found)})
    try:
        services.withdraw(signal=found, actor=user, now=now())
        messages.success(request, "Withdrawn. Entries that had not left are skipped, resting ones cancelled.")
    except _REFUSED as error:
        messages.error(request, str(error))
    return redirect("console:desk_signal", signal_id)


def _publisher(request: HttpRequest) -> User:
    """Return the reader if he publishes; for others there is no desk."""
    user = user_of(request)
    if not user.is_staff:
        raise Http404
    return user


def _visible(user: User, signal_id: UUID) -> Signal:
    found = signals_run_by(user).select_related("channel").filter(pk=signal_id).first()
    if found is None:
        raise Http404
    return found


def _possible(found: Signal) -> dict[str, bool]:
    return {
        "may_approve": found.status == SignalStatus.DRAFT,
        "may_publish": found.status == SignalStatus.APPROVED,
        "may_preview": found.status in (SignalStatus.DRAFT, SignalStatus.APPROVED),
        "may_withdraw": found.status in (SignalStatus.DRAFT, SignalStatus.APPROVED, SignalStatus.PUBLISHED),
        "was_published": found.published_at is not None,
    }
