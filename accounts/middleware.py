"""What every request of a person needs: times in the zone of their choice, and redirects that reach the page."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def time_zone_middleware(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """Activate the user's time zone for the time of one request. Needs the session and the user before it."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(_zone_of(request.user)):
            return get_response(request)  # type: ignore[return-value]

    async def respond_async(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(_zone_of(await request.auser())):
            return await get_response(request)  # type: ignore[misc]

    return respond_async if iscoroutinefunction(get_response) else respond


@sync_and_async_middleware
def partial_redirect_middleware(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """Send the whole page where only a region was asked for, as when the session has ended meanwhile.

    Followed by the browser, the redirect would end in the region: a login form where the positions were.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        return _for_page(request, get_response(request))  # type: ignore[arg-type]

    async def respond_async(request: HttpRequest) -> HttpResponseBase:
        return _for_page(request, await get_response(request))  # type: ignore[misc]

    return respond_async if iscoroutinefunction(get_response) else respond


def _for_page(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    is_redirect = 300 <= response.status_code < 400 and response.has_header("Location")
    if not is_redirect or request.headers.get("HX-Request") != "true":
        return response
    return HttpResponse(status=204, headers={"HX-Redirect": _place_of_page(request, response["Location"])})


def _place_of_page(request: HttpRequest, place: str) -> str:
    """Return where to go; after a login back to the page that is open, for a region alone is no page."""
    page = request.headers.get("HX-Current-URL", "")
    if place.partition("?")[0] != resolve_url(settings.LOGIN_URL):
        return place
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return place
    parts = urlsplit(page)
    return redirect_to_login(urlunsplit(("", "", parts.path, parts.query, ""))).url


def _zone_of(user: User | AnonymousUser) -> ZoneInfo | None:
    if not isinstance(user, User):
        return None
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        # The zone was valid when it was chosen; this machine has another table.
        return None
