"""Orders and fills: history, read only. What is in doubt is found by the filter."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from accounts.admin_cells import NOTHING, amount_of, id_of, label, label_of, lines, link, number
from accounts.admin_support import ExactSearchMixin, FastListMixin, HistoryMixin, MomentFilter, StaffMixin
from connections.labels import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from connections.selectors import connections_visible_to
from execution import selectors
from execution.admin.cells import AccountCells
from execution.labels import ROLES, order_label
from execution.machine import OPEN
from execution.models import Fill, Order

_ROLE, _SIDE = label_of("role", ROLES), label_of("side", SIDES)
_FILL_CELLS = (
    "traded_at", _SIDE, amount_of("quantity"), amount_of("price"), amount_of("fee"), "fee_currency", "is_maker",
)  # fmt: skip


class ShownFilter(admin.SimpleListFilter):
    """What waits for somebody, each by its own index."""

    title, parameter_name = "show", "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("doubt", "In doubt"), ("open", "Working"), ("flagged", "To be looked at")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        which: dict[str | None, dict[str, object]] = {
            "doubt": {"in_doubt": True},
            "open": {"state__in": sorted(OPEN), "is_held": False},
            "flagged": {"is_flagged": True},
        }
        return queryset.filter(**which.get(self.value(), {}))


class FillInline(HistoryMixin, TabularInline):
    model = Fill
    fields = readonly_fields = (id_of("venue_trade_id"), *_FILL_CELLS)
    ordering = ("traded_at",)
    extra = 0
    max_num = 0


@admin.register(Order)
class OrderAdmin(AccountCells, StaffMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    rows_of = staticmethod(selectors.orders_visible_to)
    list_display = (
        "created_at", "account", "symbol", _ROLE, _SIDE, amount_of("quantity"), amount_of("filled"),
        amount_of("average_price"), "stands", id_of("client_order_id", "Our id", is_short=True),
    )  # fmt: skip
    list_select_related = ("connection__owner", "cost")
    list_filter = (ShownFilter, ("created_at", MomentFilter))
    list_filter_submit = True
    linked_lookups = {"connection__id__exact": connections_visible_to}
    search_ids = ("pk", "log", "position")
    search_texts = ("client_order_id", "venue_order_id")
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "Any id of the order, its execution or position, or the account's name"
    ordering = ("-created_at",)
    inlines = (FillInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "account", "symbol", _ROLE, _SIDE, label_of("order_type", ORDER_TYPES), "stands", "execution",
                    "position_link", id_of("id"), id_of("client_order_id"), id_of("venue_order_id"),
                )
            },
        ),
        (
            "Terms",
            {
                "fields": (
                    amount_of("quantity"), amount_of("price"), amount_of("stop_price"),
                    label_of("time_in_force", TIMES_IN_FORCE), "expires_at", "reduce_only",
                )
            },
        ),
        (
            "Outcome",
            {
                "fields": (
                    amount_of("filled"), amount_of("average_price"), amount_of("expected_price"), "slippage",
                    "error_code", "error", "is_flagged",
                )
            },
        ),
        ("When", {"fields": ("created_at", "submitted_at", "last_sent_at", "acknowledged_at", "finished_at")}),
        (
            "Doubt",
            {"fields": ("in_doubt", "doubt_since", "doubt_attempts", "unresolved_at", "is_held", "sends", "found_so_far")},
        ),
    )  # fmt: skip

    @admin.display(description="State")
    def stands(self, row: Order) -> SafeString | str:
        return label(
            order_label(
                state=row.state,
                is_acknowledged=row.acknowledged_at is not None,
                in_doubt=row.in_doubt,
                is_unresolved=row.unresolved_at is not None,
                is_held=row.is_held,
            )
        )

    @admin.display(description="Execution")
    def execution(self, row: Order) -> SafeString | str:
        return link("execution_executionlog_change", row.log_id, row.log_id)

    @admin.display(description="Position")
    def position_link(self, row: Order) -> SafeString | str:
        if row.position_id is None:
            return NOTHING
        return link("positions_executionposition_change", row.position_id, row.position_id)

    @admin.display(description="Slippage")
    def slippage(self, row: Order) -> SafeString | str:
        cost = getattr(row, "cost", None)
        if cost is None:
            return NOTHING
        return f"{number(cost.slippage_bps)} basis points, {number(cost.slippage_pips)} pips, {number(cost.amount)} in all"

    @admin.display(description="Found so far")
    def found_so_far(self, row: Order) -> SafeString | str:
        return lines([f"{each.get('at')} {each.get('source')}: {each.get('found')}" for each in row.evidence])


@admin.register(Fill)
class FillAdmin(AccountCells, StaffMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    rows_of = staticmethod(selectors.fills_visible_to)
    list_display = ("account", "symbol", *_FILL_CELLS, id_of("venue_trade_id", is_short=True))
    list_display_links = ("symbol",)
    list_select_related = ("connection__owner",)
    list_filter = (("traded_at", MomentFilter),)
    list_filter_submit = True
    linked_lookups = {"connection__id__exact": connections_visible_to}
    search_ids = ("order",)
    search_texts = ("venue_trade_id",)
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "Id of the order, the venue's id of the trade, or the account's name"
    ordering = ("-traded_at",)  # as the filter of times has it, so that one index serves both
    fields = (
        "account", "symbol", *_FILL_CELLS, id_of("venue_trade_id"), id_of("venue_order_id"), "order_link",
        "recorded_at",
    )  # fmt: skip

    @admin.display(description="Order")
    def order_link(self, row: Fill) -> SafeString | str:
        if row.order_id is None:
            return "No order of ours made it."
        return link("execution_order_change", row.order_id, row.order_id)
