"""What the admin lists of every app share: they stay fast with a million rows, and history stays as it was."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from unfold.contrib.filters.admin import RangeDateTimeFilter

from accounts.clients import user_of
from accounts.models import User

#: Every page before the one shown is read over, so what lies further back is found by search and filters.
LAST_PAGE = 400
#: Rows of a small table that one search may name, such as accounts whose name contains a word.
MOST_NAMED = 50
#: What a user may see of a table.
Rows = Callable[[User], QuerySet[Any]]


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
        # In the order of the page, so that the same index serves both.
        keys = self.rows.values_list("pk")
        return start + len(keys[start : start + self.per_page + 1])


class FastListMixin:
    """A list without COUNT(*). Name the foreign keys that it shows in ``list_select_related``.

    Lists are not sorted by their heads, because few columns have an index to sort by, and what is asked for by the
    address is what a filter of the class offers: any other lookup could ask about columns that are not shown.
    The mixins of this module stand before unfold's ModelAdmin.
    """

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0
    list_per_page = 50
    sortable_by = ()
    #: lookups that links of other pages use, with what their value must be among
    linked_lookups: Mapping[str, Rows] = {}

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> InfinitePaginator:
        page = request.GET.get("p", "")
        # Cut first: Python refuses to make a number of thousands of digits.
        shown = min(max(1, int(page[:9])), LAST_PAGE) if page.isdecimal() else 1
        return InfinitePaginator(queryset, per_page, shown=shown)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Return whether the address may ask this.

        Raises:
            Http404: it names a row that the reader may not see.
        """
        if request is not None and lookup in self.linked_lookups:
            key = as_uuid(value)
            if key is None or not self.linked_lookups[lookup](user_of(request)).filter(pk=key).exists():
                raise Http404
            return True
        return any(lookup == name or lookup.startswith(f"{name}_") for name in self._filtered(request))

    def _filtered(self, request: HttpRequest | None) -> list[str]:
        filters = self.get_list_filter(request)  # type: ignore[attr-defined]
        return [
            each if isinstance(each, str) else each[0] if isinstance(each, tuple) else each.parameter_name
            for each in filters
        ]


class ExactSearchMixin:
    """A search by whole values of indexed columns; parts of words are looked for in small tables only.

    An empty answer to something that is no id costs nothing.
    """

    #: shows the field; what is looked for is said below
    search_fields = ("pk",)
    #: columns that hold a UUID
    search_ids: tuple[str, ...] = ()
    #: columns that are compared whole, as typed
    search_texts: tuple[str, ...] = ()
    #: a foreign key whose row is named, with the small table and the column of the name
    search_named: Mapping[str, tuple[Rows, str]] = {}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        for found in self.sought(term, user_of(request)):
            # One after the other: over several columns at once the database would read the rows in their order.
            if queryset.order_by().filter(found).exists():
                return queryset.filter(found), False
        return queryset.none(), False

    def sought(self, term: str, user: User) -> list[Q]:
        """Return what may find the term, the surest first."""
        key = as_uuid(term)
        found = [Q(**{name: key}) for name in self.search_ids] if key is not None else []
        found += [Q(**{name: term}) for name in self.search_texts]
        for name, (rows, column) in self.search_named.items():
            # Named first and by keys then, so that the large table is searched by its index.
            named = rows(user).filter(**{f"{column}__icontains": term})
            keys = list(named.values_list("pk", flat=True)[:MOST_NAMED])
            found += [Q(**{f"{name}__in": keys})] if keys else []
        return found


class MomentFilter(RangeDateTimeFilter):
    """From one time to another, in UTC. A date alone begins, or ends, with its day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = {
            f"{self.parameter_name}__{lookup}": moment
            for side, lookup, edge in (("from", "gte", time.min), ("to", "lte", time.max))
            if (moment := self._moment(side, edge)) is not None
        }
        return queryset.filter(**asked)

    def _moment(self, side: str, edge: time) -> datetime | None:
        day, clock = (self.used_parameters.get(f"{self.parameter_name}_{side}_{part}") or "" for part in (0, 1))
        if not day:
            return None
        try:
            at = time.fromisoformat(clock) if clock else edge
            return datetime.combine(date.fromisoformat(day), at.replace(tzinfo=UTC))
        except ValueError as error:
            # The list then says that it does not understand, instead of showing what was not asked for.
            raise IncorrectLookupParameters from error


class HistoryMixin:
    """Rows that happened: shown, never written. For inlines too."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class StaffMixin(HistoryMixin):
    """Rows that staff see as far as ``rows_of`` says, and that only services write. Anything else is not there."""

    #: a static method: what a user may see
    rows_of: Rows

    #: an administrator sees every row as it is; without a condition the database has the free choice of index
    shows_all_to_administrators = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        user = user_of(request)
        sees_all = self.shows_all_to_administrators and user.is_administrator
        rows: QuerySet[Any] = self.model._default_manager.all() if sees_all else type(self).rows_of(user)  # type: ignore[attr-defined]
        rows = rows.order_by(*self.get_ordering(request))  # type: ignore[attr-defined]
        related = self.list_select_related  # type: ignore[attr-defined]
        return rows.select_related(*related) if related else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_staff(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_staff(request)

    def has_administer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For acts: ``permissions=["administer"]``."""
        return is_administrator(request)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        # Nothing tells a row that is not there from one that is somebody else's.
        raise Http404


class AdministratorsOnlyMixin:
    """Administrators see and do everything that the class allows; providers do not learn that it exists."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request)

    def has_administer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For actions: ``@admin.action(permissions=["administer"])``."""
        return is_administrator(request)


def is_staff(request: HttpRequest) -> bool:
    """Return whether a provider or an administrator asks. The sidebar asks it too."""
    return isinstance(request.user, User) and request.user.is_active and request.user.is_staff


def is_administrator(request: HttpRequest) -> bool:
    """Return whether an administrator asks. The sidebar asks it too."""
    return isinstance(request.user, User) and request.user.is_active and request.user.is_administrator


def as_uuid(text: str) -> UUID | None:
    """Return a text as the UUID it is, or None."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
