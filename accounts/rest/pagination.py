"""Long lists by cursor: no page numbers, no count, stable while rows come in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db.models import QuerySet
from rest_framework import pagination
from rest_framework.pagination import Cursor
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from accounts.rest.problems import Problem

if TYPE_CHECKING:
    # The framework loads this module while it loads its own views.
    from rest_framework.views import APIView


class CursorPagination(pagination.CursorPagination):
    """Newest first by the time-ordered key, unless the view names a ``cursor_ordering``.

    A cursor is signed together with the path and ordering it belongs to, so one that was cut, invented or carried
    over from another list is refused before it reaches the database.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> tuple[str, ...]:
        ordering: str | Sequence[str] = getattr(view, "cursor_ordering", self.ordering)
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)

    def decode_cursor(self, request: Request) -> Cursor | None:
        encoded = request.query_params.get(self.cursor_query_param)
        if encoded is None:
            return None
        try:
            offset, is_reverse, position = signing.loads(encoded, salt=self._salt(request))
        except signing.BadSignature:
            raise Problem(
                "MALFORMED_CURSOR",
                status=400,
                title="Malformed cursor",
                detail="The cursor was not made by this list. Follow the links next and previous unchanged.",
            ) from None
        return Cursor(offset=offset, reverse=is_reverse, position=position)

    def encode_cursor(self, cursor: Cursor) -> str:
        encoded = signing.dumps(tuple(cursor), salt=self._salt(self.request))  # type: ignore[attr-defined]
        return replace_query_param(str(self.base_url), self.cursor_query_param, encoded)

    def _salt(self, request: Request) -> str:
        return f"cursor {request.path} {','.join(self.ordering)}"
