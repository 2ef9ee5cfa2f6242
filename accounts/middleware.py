"""What every request of a person needs: times in the zone of their choice, and redirects that reach the page."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

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
    return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})


def _zone_of(user: User | AnonymousUser) -> ZoneInfo | None:
    if not isinstance(user, User):
        return None
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        # The zone was valid when it was chosen; this machine has another table.
        return None
