"""The bell in the bar of every page: how many notifications are unread."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.pages import show
from events import selectors


@login_required
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """Show the bell by itself, as the page asks for it when news come."""
    return show(request, "console/_bell.html", {})


def unread(request: HttpRequest) -> dict[str, Any]:
    """Give templates the number on the bell (a context processor). Only what shows a bell pays for the query."""
    return {"unread_notifications": SimpleLazyObject(lambda: _unread(request))}


def _unread(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return ""
    count = selectors.count_unread(user)
    return f"{count - 1}+" if count == selectors.MOST_COUNTED else str(count or "")
