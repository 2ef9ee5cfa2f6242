"""What happened to a person's accounts, newest first."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.clients import user_of
from accounts.pages import show
from accounts.paging import page_of
from console.rows.activity import activity_row
from events import selectors


@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """List events of the reader, and of the house for those who run it."""
    user = user_of(request)
    wants_house = user.is_administrator and request.GET.get("of") == "house"
    rows = selectors.events_of(None if wants_house else user)
    found = page_of(rows, request, by=None)
    context = {
        "rows": [activity_row(each, user.pk) for each in found.rows],
        "page": found,
        "wants_house": wants_house,
        "may_see_house": user.is_administrator,
    }
    return show(request, "console/activity.html", context, partial="console/_activity.html")
