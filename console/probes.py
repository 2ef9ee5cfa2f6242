"""What machines ask: whether the process lives, whether it can do its work, and how things stand."""

import hmac
import ipaddress
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from accounts.rest.problems import Problem, problem_response
from console import gauges as state
from core.clock import now

#: A feed that has said nothing for this long is not alive: it says so twice a second.
FEED_SILENT_AFTER_S = 15.0
BROKER_TIMEOUT_S = 2
#: Set by proxies: who has one of these does not come from this machine, whatever the connection says.
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


class NotReady(Exception):
    """A part this process needs cannot be used; the message says which and why."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer. A process that can do that is alive."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Try the database, the broker, the cache, and look how long ago the feed was alive."""
    wrong = {name: words for name, check in _CHECKS.items() if (words := _words_of(check))}
    if not wrong:
        return JsonResponse({"status": "ready", "checks": dict.fromkeys(_CHECKS, "ok")})
    errors = [{"field": name, "code": "NOT_READY", "message": words} for name, words in wrong.items()]
    problem = Problem(
        "NOT_READY", status=503, title="Not ready", detail=" ".join(wrong.values()), errors=errors,
        headers={"Retry-After": "5"},
    )  # fmt: skip
    return problem_response(problem, request.path)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Show the state of the installation to Prometheus: from this machine, or with the token."""
    if not (_has_token(request) or _is_local(request)):
        detail = "Metrics are shown to this machine, or with METRICS_TOKEN as bearer token."
        return problem_response(Problem("METRICS_REFUSED", status=403, detail=detail), request.path)
    return HttpResponse(state.render(clock=now), content_type=CONTENT_TYPE_LATEST)


def _words_of(check: Callable[[], None]) -> str:
    # Whatever a broken part raises, this answers: that is what it is for.
    try:
        check()
    except NotReady as error:
        return str(error)
    except Exception as error:
        return f"{check.__name__.strip('_').capitalize()} does not answer ({type(error).__name__})."
    return ""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_S)


def _cache() -> None:
    cache.get("readyz")


def _feed() -> None:
    age, _ = state.feed_ages(now())
    if age is None or age > FEED_SILENT_AFTER_S:
        words = "" if age is None else f" for {age:.0f} s"
        raise NotReady(
            f"The feed has said nothing{words}; positions are protected by the venues and the sweep only."
        )


_CHECKS = {"database": _database, "broker": _broker, "cache": _cache, "feed": _feed}


def _has_token(request: HttpRequest) -> bool:
    keyword, _, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.METRICS_TOKEN
    return bool(known) and keyword.lower() == "bearer" and hmac.compare_digest(token.encode(), known.encode())


def _is_local(request: HttpRequest) -> bool:
    address = request.META.get("REMOTE_ADDR", "")
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
