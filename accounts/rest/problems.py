"""Every error of the API as problem details.

``type`` and ``code`` say the same thing, once for machines that follow addresses and once for those that compare
words; both are stable. ``errors`` names the fields where it was a field's fault.

Source: RFC 9457.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.settings import api_settings

CONTENT_TYPE = "application/problem+json"

#: One answer for what is not there and for what belongs to somebody else.
NOTHING_HERE = "There is nothing at this address that you may see."


FieldError = Mapping[str, str | None]


class Problem(exceptions.APIException):
    """An error answer with a stable code; any view may raise it.

    ``detail`` is a sentence with the values that matter. ``title`` is the same for every problem of this code.
    ``errors`` names fields, each with ``field`` (None for the whole), ``code`` and ``message``; ``more`` are members
    that only this problem has, such as the id of what stands in the way.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int,
        detail: str,
        title: str = "",
        errors: Sequence[FieldError] = (),
        more: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.title = title or HTTPStatus(status).phrase
        self.headers = dict(headers or {})
        self.errors = list(errors)
        self.more = dict(more or {})

    def as_dict(self, instance: str) -> dict[str, Any]:
        """Return the members of the answer; ``instance`` is the path that was asked."""
        members = {
            "type": f"/problems/{self.code.lower().replace('_', '-')}",
            "title": self.title,
            "status": self.status_code,
            "detail": str(self.detail),
            "code": self.code,
            "instance": instance,
            **self.more,
        }
        return members | {"errors": self.errors} if self.errors else members


def problem_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; None for what is no answer but a defect."""
    problem = problem_of(exc)
    if problem is None:
        return None
    body = problem.as_dict(context["request"].path)
    return Response(body, problem.status_code, headers=problem.headers, content_type=CONTENT_TYPE)


def problem_of(exc: Exception) -> Problem | None:
    """Return the problem an exception stands for, or None if it is a defect of ours."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, Http404 | exceptions.NotFound):
        return Problem("NOT_FOUND", status=404, detail=NOTHING_HERE)
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if isinstance(exc, ModelValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    if isinstance(exc, exceptions.ValidationError):
        return _invalid_input(exc)
    return _from_framework(exc) if isinstance(exc, exceptions.APIException) else None


def invalid(field: str, message: str, code: str = "invalid") -> exceptions.ValidationError:
    """Return the error of one value that a rule refused; ``field`` may be a path such as credentials.apiKey."""
    return exceptions.ValidationError({field: [exceptions.ErrorDetail(message, code.lower())]})


def conflict(code: str, error: Exception | str, **more: str) -> Problem:
    """Return the problem of a request that does not fit what is there now; ``more`` are members of its own."""
    return Problem(code, status=409, detail=str(error), more=more)


def internal_error() -> Problem:
    """Return what a defect of ours looks like from outside: nothing but that it happened."""
    return Problem("INTERNAL_ERROR", status=500, detail="Something broke on our side. It was logged.")


def _from_framework(exc: exceptions.APIException) -> Problem:
    headers = {}
    if header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(ceil(wait))
    code = getattr(exc.detail, "code", None) or exc.default_code
    return Problem(code.upper(), status=exc.status_code, detail=str(exc.detail), headers=headers)


def _invalid_input(exc: exceptions.ValidationError) -> Problem:
    errors = list(_flattened(exc.detail, ""))
    detail = errors[0]["message"] if len(errors) == 1 else f"{len(errors)} values were not accepted."
    return Problem(
        "INVALID_INPUT", status=exc.status_code, title="Invalid input", detail=str(detail), errors=errors
    )


def _flattened(detail: Any, path: str) -> Iterator[FieldError]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flattened(inner, path if is_whole else _joined(path, str(name)))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        # A list of messages belongs to one field; a list of mappings to the items of a list.
        for index, inner in enumerate(detail):
            yield from _flattened(inner, _joined(path, str(index)) if isinstance(inner, Mapping) else path)
    else:
        yield {"field": path or None, "code": detail.code.upper(), "message": str(detail)}


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# --- What never reached a view of the API ------------------------------------------------------------------------


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def problem_response(problem: Problem, instance: str) -> JsonResponse:
    """Return a problem as a plain Django answer."""
    return JsonResponse(
        problem.as_dict(instance),
        status=problem.status_code,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refused to read (``handler400``)."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    problem = Problem("BAD_REQUEST", status=400, detail="The request could not be read.")
    return problem_response(problem, request.path)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist (``handler404``)."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_response(Problem("NOT_FOUND", status=404, detail=NOTHING_HERE), request.path)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a defect of ours (``handler500``)."""
    if not is_api(request):
        return defaults.server_error(request)
    return problem_response(internal_error(), request.path)


def unknown_endpoint(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer every other address under /api/, so that no redirect for a forgotten slash turns a POST into a GET."""
    return page_not_found(request, Http404())
