"""Long lists page by page: newest first, by key instead of number, so no row is counted and none is skipped."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 30
#: the parameter that names the last row of the page before
BEFORE = "before"
LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list."""

    rows: list[Row]
    #: query string of the next page; empty at the end
    older: str
    #: query string of the first page; empty on it
    newest: str


def page_of(
    rows: QuerySet[Row], request: HttpRequest, *, by: str | None = "created_at", size: int = PAGE_SIZE
) -> Page[Row]:
    """Return one page, newest first: by a time and then by key, or by key alone. Cost: one statement.

    Raises:
        Http404: the position was not made by this list.
    """
    position = request.GET.get(BEFORE, "")
    ordered = rows.order_by(f"-{by}", "-pk") if by else rows.order_by("-pk")
    if position:
        ordered = ordered.filter(_beyond(position, rows.model, by))
    found = list(ordered[: size + 1])
    shown = found[:size]
    last = _position_of(shown[-1], by) if len(found) > size else ""
    return Page(shown, _query(request, last) if last else "", (_query(request, "") or "?") if position else "")


def _position_of(row: Model, by: str | None) -> str:
    return f"{getattr(row, by).isoformat()}~{row.pk}" if by else str(row.pk)


def _beyond(position: str, model: type[Model], by: str | None) -> Q:
    moment, _, key = position.rpartition("~")
    is_uuid = model._meta.pk.get_internal_type() == "UUIDField"
    try:
        pk: Any = UUID(key) if is_uuid else int(key)
        if not by:
            return Q(pk__lt=pk if is_uuid else min(pk, LARGEST_KEY))
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Http404("This page of the list does not exist.") from None
    # The first condition lets an index skip what is newer; the second splits rows of the same moment.
    return Q(**{f"{by}__lte": at}) & (Q(**{f"{by}__lt": at}) | Q(pk__lt=pk))


def _query(request: HttpRequest, position: str) -> str:
    wanted = request.GET.copy()
    wanted.pop(BEFORE, None)
    if position:
        wanted[BEFORE] = position
    return f"?{wanted.urlencode()}" if wanted else ""
