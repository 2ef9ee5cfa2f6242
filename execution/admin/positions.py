"""Positions: what is held and how it is guarded, with the ledger it is folded from. Closing is asked first."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounts.admin_acts import ActsMixin, Question
from accounts.admin_cells import NOTHING, amount_of, id_of, label, label_of, lines, number
from accounts.admin_support import ExactSearchMixin, FastListMixin, HistoryMixin, MomentFilter, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections.labels import SIDES
from connections.selectors import connections_visible_to
from core.clock import now
from execution import tasks
from execution.admin.cells import AccountCells, signal_link
from execution.rows.positions import PositionRow, position_row, quotes_for
from execution.services import protection
from positions.exits import ClosingReason
from positions.labels import CLOSING_REASONS, PROTECTION
from positions.models import Entry, ExecutionPosition, PositionStatus
from positions.selectors import positions_visible_to

_SIDE = label_of("side", SIDES)
_PROTECTION = label_of("protection", PROTECTION)
_REASON = label_of("closing_reason", CLOSING_REASONS, "Closed because")


class HeldFilter(admin.SimpleListFilter):
    """What is held, and what of it waits for somebody; each by its own index."""

    title, parameter_name = "show", "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "Open"),
            ("naked", "Open without their stop"),
            ("closing", "Being closed"),
            ("closed", "Closed"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ExecutionPosition]) -> QuerySet[ExecutionPosition]:
        is_open: dict[str, object] = {"status": PositionStatus.OPEN}
        which: dict[str | None, dict[str, object]] = {
            "open": is_open,
            "naked": is_open | {"unprotected_since__isnull": False},
            "closing": is_open | {"close_requested_at__isnull": False},
            "closed": {"status": PositionStatus.CLOSED},
        }
        return queryset.filter(**which.get(self.value(), {}))


class EntryInline(HistoryMixin, TabularInline):
    model = Entry
    fields = readonly_fields = (
        "at", "kind", "side", amount_of("quantity"), amount_of("price"), amount_of("fee"), "fee_currency",
        amount_of("amount"), amount_of("realised"), id_of("trade_id", is_short=True),
    )  # fmt: skip
    ordering = ("pk",)
    extra = 0
    max_num = 0


@admin.register(ExecutionPosition)
class PositionAdmin(AccountCells, StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(positions_visible_to)
    list_display = (
        "created_at", "account", "symbol", _SIDE, "held", "entry_price", amount_of("stop_price", "Stop"), "guard",
        "net", "attention",
    )  # fmt: skip
    list_select_related = ("connection__owner", "signal")
    list_filter = (HeldFilter, ("created_at", MomentFilter))
    list_filter_submit = True
    linked_lookups = {"connection__id__exact": connections_visible_to}
    search_ids = ("pk", "signal")
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "Id of the position or of its signal, or the account's name"
    ordering = ("-created_at",)
    inlines = (EntryInline,)
    actions_row = actions_detail = ("close",)
    fieldsets = (
        (None, {"fields": ("account", "symbol", _SIDE, "status", id_of("id"), "signal_link", "attention")}),
        (
            "What it holds",
            {"fields": ("held", "entry_price", amount_of("peak"), "unrealised", "net", amount_of("realised"),
                        amount_of("funding"), "fees_in_words")},
        ),
        (
            "How it is protected",
            {"fields": (_PROTECTION, amount_of("stop_price"), "targets_in_words", "first_fill_at", "protected_at",
                        "unprotected_since", "unprotected_ms")},
        ),
        ("When", {"fields": ("opened_at", "close_requested_at", "closed_at", _REASON, "updated_at")}),
    )  # fmt: skip

    def possible(self, row: ExecutionPosition, user: User) -> set[str]:
        """Return whether there is something to close."""
        return {"close"} if row.status == PositionStatus.OPEN else set()

    @action(description="Close position", icon="cancel", url_path="close", variant=ActionVariant.DANGER)
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found: ExecutionPosition = self.found(request, object_id)
        user, moment = user_of(request), now()

        def do() -> str:
            with transaction.atomic():
                is_asked = protection.request_close(
                    position_id=found.pk, reason=ClosingReason.MANUAL, now=moment, actor_id=user.pk
                )
                if is_asked:
                    transaction.on_commit(lambda: tasks.run_advance_job.delay(position_ids=[str(found.pk)]))
            if not is_asked:
                raise ClosedBefore("The position was closed before.")
            return f"{found.symbol} on {found.connection.name} is being closed."

        row = position_row(found, quotes_for([found]), user, now=moment)
        words = "All of it is sold or bought back at market, now. Its stop stays until the close takes its place."
        question = Question(f"Close {found.symbol}?", "Close at market", words, _facts(row), is_grave=True)
        return self.act(request, question, do, back=self.page_address(found), refusals=(ClosedBefore,))

    @admin.display(description="Quantity")
    def held(self, row: ExecutionPosition) -> str:
        return f"{number(abs(row.quantity))} {row.base}" if row.status == PositionStatus.OPEN else "Flat"

    @admin.display(description="Entry")
    def entry_price(self, row: ExecutionPosition) -> str:
        return _rounded(row.average_price) if row.opened_quantity else NOTHING

    @admin.display(description="Protection")
    def guard(self, row: ExecutionPosition) -> SafeString | str:
        if row.status == PositionStatus.OPEN:
            return label(PROTECTION[row.protection])
        return label(CLOSING_REASONS.get(row.closing_reason))

    @admin.display(description="Net result")
    def net(self, row: ExecutionPosition) -> str:
        return f"{_rounded(row.net_profit)} {row.settle}"

    @admin.display(description="Unrealised")
    def unrealised(self, row: ExecutionPosition) -> str:
        shown = position_row(row, quotes_for([row]), User(), now=now())
        return NOTHING if shown.unrealised is None else f"{_rounded(shown.unrealised)} {row.settle}"

    @admin.display(description="Fees")
    def fees_in_words(self, row: ExecutionPosition) -> SafeString | str:
        return lines(row.fees)

    @admin.display(description="Targets")
    def targets_in_words(self, row: ExecutionPosition) -> SafeString | str:
        return lines(row.targets)

    @admin.display(description="Signal")
    def signal_link(self, row: ExecutionPosition) -> SafeString | str:
        return signal_link(row)


class ClosedBefore(Exception):
    """Nothing is left to close."""


def _facts(row: PositionRow) -> list[tuple[str, object]]:
    proceeds = "unknown: nobody has quoted a price" if row.mark is None else number(row.mark)
    facts: list[tuple[str, object]] = [
        ("Account", f"{row.account.name} ({row.account.environment.text.lower()})"),
        ("Quantity", f"{number(row.quantity)} {row.base}"),
        ("Average entry", _rounded(row.average_price)),
        ("Price now", proceeds),
    ]
    if row.unrealised is not None:
        facts.append(("Unrealised, before fees", f"{_rounded(row.unrealised)} {row.settle}"))
    return facts


def _rounded(value: Any) -> str:
    return number(round(value, 8).normalize() if value else value)
