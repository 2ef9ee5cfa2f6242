"""What the admin lists of every app share: they stay fast with a million rows, and history stays as it was."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import User

#: Nobody turns this many pages; a larger number is no page.
LAST_PAGE = 100_000


class InfinitePaginator(Paginator):
    """Never counts the table: it looks one row past the page that is shown, so there is a next page or not.

    Unfold knows this name and leaves out the number of results, which nobody has counted.
    """

    template_name = "unfold/helpers/pagination_infinite.html"

    def __init__(self, rows: QuerySet[Any], per_page: int, *, shown: int) -> None:
        super().__init__(rows, per_page)
        self.rows = rows
        self.shown = shown

    @cached_property
    def count(self) -> int:
        """How many rows are known to exist: those before, on and just after the page shown."""
        start = (self.shown - 1) * self.per_page
        keys = self.rows.order_by().values_list("pk")
        return start + len(keys[start : start + self.per_page + 1])


class FastListMixin:
    """A list without COUNT(*). Name the foreign keys that it shows in ``list_select_related``.

    The mixins of this module stand before unfold's ModelAdmin.
    """

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0
    list_per_page = 50

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> InfinitePaginator:
        page = request.GET.get("p", "")
        shown = min(max(1, int(page)), LAST_PAGE) if page.isdecimal() else 1
        return InfinitePaginator(queryset, per_page, shown=shown)


class HistoryMixin:
    """Rows that happened: shown, never written. For inlines too."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AdministratorsOnlyMixin:
    """Administrators see and do everything that the class allows; providers do not learn that it exists."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_administrator(request)

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """For actions: ``@admin.action(permissions=["administer"])``."""
        return _is_administrator(request)


def _is_administrator(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_active and request.user.is_administrator
