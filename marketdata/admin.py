"""What can be traded where, as the venues last described it. Read only."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts.admin_cells import amount_of
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from marketdata import selectors
from marketdata.models import Instrument


@admin.register(Instrument)
class InstrumentAdmin(StaffMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    rows_of = staticmethod(selectors.instruments_visible_to)
    list_display = (
        "symbol", "venue_key", amount_of("price_tick"), amount_of("quantity_step"), amount_of("min_quantity"),
        amount_of("min_notional"), "is_active", "updated_at",
    )  # fmt: skip
    list_filter = ("is_active",)
    list_select_related = False
    search_texts = ("base", "quote", "symbol")
    search_help_text = "A symbol, or one of its currencies"
    ordering = ("venue_key", "symbol")
    fields = (
        "symbol", "venue_symbol", "venue_key", "base", "quote", "settle", "market", amount_of("price_tick"),
        amount_of("quantity_step"), amount_of("min_quantity"), amount_of("max_quantity"),
        amount_of("market_min_quantity"), amount_of("market_max_quantity"), amount_of("min_notional"),
        amount_of("max_notional"), amount_of("contract_size"), amount_of("max_leverage"), "is_active", "updated_at",
    )  # fmt: skip
