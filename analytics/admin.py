"""What the days brought, per account. Read only: figures are rebuilt by their job."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter

from accounts.admin_cells import NOTHING, amount_of, link, number
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from analytics import selectors
from analytics.models import ExecutionAnalytic
from connections.selectors import connections_visible_to


@admin.register(ExecutionAnalytic)
class AnalyticAdmin(StaffMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    rows_of = staticmethod(selectors.analytics_visible_to)
    list_display = (
        "day", "account", "currency", "trades", "wins", "losses", amount_of("win_rate"), amount_of("profit_factor"),
        amount_of("total_pnl"), amount_of("fees"), "drawdown",
    )  # fmt: skip
    list_select_related = ("connection__owner",)
    list_filter = (("day", RangeDateFilter),)
    list_filter_submit = True
    linked_lookups = {"connection__id__exact": connections_visible_to}
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "The account's name"
    ordering = ("-day",)
    fields = (
        "day", "account", "currency", "trades", "wins", "losses", amount_of("win_rate"), amount_of("gross_profit"),
        amount_of("gross_loss"), amount_of("profit_factor"), amount_of("total_pnl"), amount_of("fees"), "drawdown",
        amount_of("balance"), amount_of("equity"), "average_duration_s", "updated_at",
    )  # fmt: skip

    @admin.display(description="Account")
    def account(self, row: ExecutionAnalytic) -> SafeString | str:
        return link("connections_executionconnection_change", row.connection_id, row.connection)

    @admin.display(description="Largest fall")
    def drawdown(self, row: ExecutionAnalytic) -> str:
        return NOTHING if row.max_drawdown is None else f"{number(round(row.max_drawdown * 100, 4))} %"
