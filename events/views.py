"""A person's own notifications: the list, reading them, and how to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from core.labels import Label, Tone
from events import notifying, selectors
from events.addresses import address_of
from events.facts import CONCERNS, Concern, Ways
from events.models import MailStatus, Notification

#: How it stands with the mail of a notification, where that is worth a word.
_MAILS: Mapping[str, Label] = {
    MailStatus.PENDING: Label(
        "E-mail waits", Tone.WARN, "The mail server did not take it yet; it is tried again."
    ),
    MailStatus.SENT: Label("E-mail sent", Tone.QUIET),
    MailStatus.FAILED: Label("E-mail failed", Tone.BAD, "The mail server refused it; it is not tried again."),
    MailStatus.UNCERTAIN: Label(
        "E-mail uncertain", Tone.WARN, "It may have been delivered, so it is not sent again."
    ),
}


@dataclass(frozen=True, slots=True)
class NotificationRow:
    id: UUID
    concern: Label
    title: str
    detail: str
    at: datetime
    is_read: bool
    has_page: bool
    mail: Label | None


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    concern: str
    label: Label
    in_app: bool
    by_mail: bool


@login_required
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """List what the reader was told, newest first."""
    user = user_of(request)
    wants_unread = request.GET.get("only") == "unread"
    rows = selectors.unread_of(user) if wants_unread else selectors.notifications_of(user)
    found = page_of(rows.select_related("mail"), request, by=None)
    context = {
        "rows": [_row(each) for each in found.rows],
        "page": found,
        "wants_unread": wants_unread,
        "unread": selectors.count_unread(user),
    }
    return show(request, "events/notifications.html", context, partial="events/_notifications.html")


@login_required
@require_safe
def opened(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Lead to what a notification is about, and note that it was read."""
    user = user_of(request)
    found = selectors.notifications_of(user).filter(pk=notification_id).first()
    if found is None:
        raise Http404
    if request.method == "GET":
        notifying.mark_read(user=user, now=now(), notification_ids=[found.pk])
    return redirect(_address(found) or "events:notifications")


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Note that everything was read."""
    notifying.mark_read(user=user_of(request), now=now())
    return redirect("events:notifications")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Show and save how the reader wants to be told of each concern."""
    user = user_of(request)
    if request.method == "POST":
        chosen = {
            concern: Ways(f"{concern}-app" in request.POST, f"{concern}-mail" in request.POST)
            for concern in _offered(user)
        }
        notifying.choose(user=user, ways=chosen)
        messages.success(request, "Your choice was saved. It holds for what happens from now on.")
        return redirect("events:choices")
    ways = selectors.ways_of(user)
    rows = [ChoiceRow(each, CONCERNS[each], ways[each].in_app, ways[each].by_mail) for each in _offered(user)]
    context = {
        "rows": rows,
        "email": user.email,
        "is_reachable": user.pk in selectors.reachable_among([user.pk]),
    }
    return show(request, "events/choices.html", context)


def _offered(user: User) -> list[Concern]:
    """Return what a user may be told of: only staff have signals of their own."""
    return [each for each in Concern if user.is_staff or each is not Concern.SIGNAL]


def _row(found: Notification) -> NotificationRow:
    return NotificationRow(
        id=found.pk,
        concern=Label(CONCERNS[found.concern].text, Tone(found.tone)),
        title=found.title,
        detail=found.detail,
        at=found.occurred_at,
        is_read=found.read_at is not None,
        has_page=bool(_address(found)),
        mail=_MAILS.get(found.mail.status) if found.mail else None,
    )


def _address(found: Notification) -> str:
    return address_of(kind=found.kind, subject_type=found.subject_type, subject_id=found.subject_id)
