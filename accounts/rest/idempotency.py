"""The Idempotency-Key header: a POST that is sent twice is done once.

Which answers are kept: successes and failures of ours (5xx), because then something was done, or may have been, and
the same request must not do it again. A 4xx is a refusal: the transaction is rolled back, nothing was done, and the
key stays free, so that a client may correct its request and send it under the same key.
"""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import idempotency
from accounts.clients import user_of
from accounts.idempotency import Answer, Claim
from accounts.rest.problems import CONTENT_TYPE, Problem, internal_error, problem_of
from core.clock import now

HEADER = "Idempotency-Key"
LONGEST = 255

Handler = Callable[..., Any]

# A string of RFC 8941, or the same characters bare. Spaces are not part of a key: they would hide two keys in one.
_QUOTED = re.compile(r'"(?P<key>(?:[!#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[!#-\[\]-~]+")


class InvalidKey(ValueError):
    """The header is no key."""


def parse_key(header: str) -> str:
    """Return the key that a header names, quoted or bare: ``"k-1"`` and ``k-1`` are one key.

    Raises:
        InvalidKey: empty, too long, or other than visible ASCII characters.
    """
    text = header.strip()
    if quoted := _QUOTED.fullmatch(text):
        key = re.sub(r'\\(["\\])', r"\1", quoted["key"])
    elif _BARE.fullmatch(text):
        key = text
    else:
        raise InvalidKey("The key is neither a quoted string nor a word of visible ASCII characters.")
    if not 1 <= len(key) <= LONGEST:
        raise InvalidKey(f"The key has {len(key)} characters; 1 to {LONGEST} are allowed.")
    return key


def fingerprint_of(request: HttpRequest) -> str:
    """Return a digest of what was asked: the query and the bytes of the body."""
    digest = hashlib.blake2b(request.META.get("QUERY_STRING", "").encode(), digest_size=32)
    digest.update(b"\0" + request.body)
    return digest.hexdigest()


class IdempotentPostMixin(APIView):
    """Makes every POST of a view or viewset, actions included, obey an Idempotency-Key.

    The handler runs in one transaction with the stored answer. So it may not wait on a wire, and it starts work
    only ``on_commit``. Put the mixin before the view classes.
    """

    #: whether a POST without the header is refused
    idempotency_key_required = False
    post: Handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Read now what the fingerprint needs: after a parser has had the stream it is gone.
        _ = request._request.body
        super().initial(request, *args, **kwargs)
        # DRF looks the handler up after this, so it finds the wrapped one.
        if request.method == "POST" and hasattr(self, "post"):
            self.post = partial(_answer_once, self.post, self.idempotency_key_required)


def _answer_once(
    handler: Handler, is_required: bool, request: Request, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    key = _key_of(request)
    if key is None and is_required:
        raise Problem(
            "IDEMPOTENCY_KEY_MISSING",
            status=400,
            title="Idempotency-Key is missing",
            detail=f"This operation needs the header {HEADER}.",
        )
    if key is None:
        return handler(request, *args, **kwargs)
    claimed = _claim(request, key)
    if isinstance(claimed, Answer):
        return _replay(claimed)
    return _work(claimed, request.path, partial(handler, request, *args, **kwargs))


def _key_of(request: Request) -> str | None:
    header = request.headers.get(HEADER)
    if header is None:
        return None
    try:
        return parse_key(header)
    except InvalidKey as error:
        title = "Idempotency-Key is invalid"
        raise Problem("IDEMPOTENCY_KEY_INVALID", status=400, title=title, detail=str(error)) from None


def _claim(request: Request, key: str) -> Claim | Answer:
    try:
        return idempotency.claim(
            user=user_of(request),
            endpoint=f"{request.method} {request.path}"[:500],
            key=key,
            fingerprint=fingerprint_of(request._request),
            now=now(),
        )
    except idempotency.KeyReused as error:
        title = "Idempotency-Key is already used"
        raise Problem("IDEMPOTENCY_KEY_REUSED", status=422, title=title, detail=str(error)) from None
    except idempotency.KeyInUse as error:
        raise _in_use(str(error), retry_after_s=int(error.retry_after.total_seconds()) + 1) from None


def _work(claim: Claim, path: str, handler: Callable[[], Any]) -> Response:
    try:
        with transaction.atomic():
            response: Response = handler()
            if 400 <= response.status_code < 500:
                transaction.set_rollback(True)
            else:
                idempotency.finish(claim, _answer_of(response))
    except idempotency.ClaimLost as error:
        raise _in_use(str(error), retry_after_s=1) from None
    except Exception as error:
        _settle_failure(claim, path, problem_of(error) or internal_error())
        raise
    if 400 <= response.status_code < 500:
        idempotency.release(claim)
    return response


def _settle_failure(claim: Claim, path: str, problem: Problem) -> None:
    if problem.status_code < 500:
        idempotency.release(claim)
        return
    body = JSONRenderer().render(problem.as_dict(path)).decode()
    try:
        idempotency.finish(claim, Answer(problem.status_code, body, CONTENT_TYPE, ""))
    except idempotency.ClaimLost:
        # Somebody else does the work now; or it was committed with its answer and only what was to start after
        # the commit failed, which the sweeper makes up for.
        return


def _answer_of(response: Response) -> Answer:
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    content_type = (response.content_type or "application/json") if body else ""
    return Answer(response.status_code, body, content_type, response.headers.get("Location", ""))


def _replay(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type or None)
    response["Idempotent-Replayed"] = "true"
    if answer.location:
        response["Location"] = answer.location
    return response


def _in_use(detail: str, *, retry_after_s: int) -> Problem:
    return Problem(
        "IDEMPOTENCY_KEY_IN_USE",
        status=409,
        title="A request is outstanding for this Idempotency-Key",
        detail=detail,
        headers={"Retry-After": str(retry_after_s)},
    )
