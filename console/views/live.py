"""The live stream: news of what the reader may see, for as long as the page is open."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from asgiref.sync import SyncToAsync, sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.roles import Role
from console.live import log
from console.live.hub import Listener, frames_of, hub
from console.live.news import RESYNC, Person, may_hear

HEARTBEAT_S = 15.0
#: How long a browser waits before it comes back, in milliseconds.
RETRY_MS = 2000
LARGEST_ID = 2**63 - 1
LONGEST_ID = len(str(LARGEST_ID))


@require_GET  # an answer to HEAD would have no body, and never end
async def live(request: HttpRequest) -> HttpResponseBase:
    """Stream news. Who is not logged in is told so, not sent to a form: a program reads the answer."""
    user = await request.auser()
    session_key = request.session.session_key
    if not isinstance(user, User) or session_key is None:
        return HttpResponse("Log in first.", status=401, content_type="text/plain")
    if not isinstance(request, ASGIRequest):
        return HttpResponse(
            status=204
        )  # a server without ASGI cannot stream; pages then refresh by the clock alone
    if hub().is_full:
        return HttpResponse("Too many open pages.", status=503, headers={"Retry-After": "10"})
    listener = Listener(Person(user.pk, Role(user.role)), session_key)
    response = StreamingHttpResponse(_stream(request, listener), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # a proxy that collects answers would keep the news
    return response


async def _stream(request: HttpRequest, listener: Listener) -> AsyncIterator[bytes]:
    await _give_back_thread()
    mine = hub()
    mine.join(listener)  # before looking back, so that nothing falls between the two
    try:
        await mine.wait_until_ready()
        newest = await log.newest_id()
        missed = await _missed(request, listener.person)
        yield missed + f"retry: {RETRY_MS}\nid: {newest}\n\n".encode()
        async for frames in frames_of(listener, heartbeat_s=HEARTBEAT_S):
            yield frames
    finally:
        mine.leave(listener)


async def _missed(request: HttpRequest, person: Person) -> bytes:
    """Return what happened since the page was made or the stream broke; nothing for a fresh listener."""
    last, made = request.headers.get("Last-Event-ID", ""), request.GET.get("since", "")
    if last.isdecimal() and len(last) <= LONGEST_ID and int(last) <= LARGEST_ID:
        found = await log.after(int(last))
    elif made.isdecimal() and len(made) <= 10:
        found = await log.since(datetime.fromtimestamp(int(made), tz=UTC))
    else:
        return b""
    if found is None:
        return RESYNC
    return b"".join(news.encoded() for news in found if may_hear(person, news))


async def _give_back_thread() -> None:
    """End the thread in which the request was looked at, with its database connection: a page stays open for hours.

    Asgiref keeps one thread for each request that middleware needed one for, until the answer is over.
    """
    await sync_to_async(_close_connection)()
    context = SyncToAsync.thread_sensitive_context.get(None)
    executor = SyncToAsync.context_to_thread_executor.pop(context, None) if context else None
    if executor is not None:
        executor.shutdown(wait=False)


def _close_connection() -> None:
    # Looked up here, in the request's thread: `connection` is another one in every thread.
    connection.close()
