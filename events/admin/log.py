"""The event log: what happened, to whom, by whom. Only ever read."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from accounts.admin_cells import NOTHING, copyable, id_of, in_words, values_of
from accounts.admin_support import (
    AdministratorsOnlyMixin,
    ExactSearchMixin,
    FastListMixin,
    HistoryMixin,
    MomentFilter,
    StaffMixin,
)
from accounts.models import User
from events import selectors
from events.catalogue import Kind
from events.models import Delivery, Event


class KindFilter(admin.SimpleListFilter):
    """One kind of event."""

    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(each.value, each.value) for each in Kind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(StaffMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    rows_of = staticmethod(selectors.events_visible_to)
    list_display = ("occurred_at", "kind", "subject", "about", "owner", "actor", "sequence")
    list_display_links = ("occurred_at", "kind")
    list_select_related = ("owner", "actor")
    list_filter = (KindFilter, ("occurred_at", MomentFilter))
    list_filter_submit = True
    search_ids = ("uid",)
    search_help_text = "Id of the event, or of what it happened to"
    ordering = ("-occurred_at",)  # as the filter of times has it, so that one index serves both
    fields = (
        "occurred_at", "kind", id_of("uid"), "subject_type", id_of("subject_id"), "owner", "actor", values_of("data"),
        "sequence", id_of("hash"),
    )  # fmt: skip

    def sought(self, term: str, user: User) -> list[Q]:
        """Look for the subject too; with its types, which are few, the index of subjects serves."""
        types = [model._meta.label_lower for model in apps.get_models()]
        return [*super().sought(term, user), Q(subject_type__in=types, subject_id=term[:64])]

    @admin.display(description="Subject")
    def subject(self, row: Event) -> SafeString | str:
        return copyable(row.subject_id, row.subject_type.partition(".")[2])

    @admin.display(description="About")
    def about(self, row: Event) -> str:
        return in_words(row.data)[:120] or NOTHING


@admin.register(Delivery)
class DeliveryAdmin(HistoryMixin, AdministratorsOnlyMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    list_display = ("event", "sink", "status", "attempts", "due_at", "last_error")
    list_display_links = ("event",)
    list_select_related = ("event",)
    list_filter = ("status",)
    search_ids = ("event__uid",)
    search_help_text = "Id of the event"
    ordering = ("-pk",)
    fields = ("event", "sink", "status", "attempts", "due_at", "last_error")
