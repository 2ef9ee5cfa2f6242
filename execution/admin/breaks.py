"""Breaks: where a venue's books differ from ours, for a person to settle."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_cells import id_of, in_words, values_of
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections.selectors import connections_visible_to
from core.clock import now
from execution import selectors, tasks
from execution.admin.cells import AccountCells
from execution.forms import SettleForm
from execution.models import Break
from execution.services import breaks


@admin.register(Break)
class BreakAdmin(AccountCells, StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(selectors.breaks_visible_to)
    list_display = (
        "found_at",
        "account",
        "symbol",
        values_of("ours"),
        values_of("theirs"),
        "status",
        "resolution",
    )
    list_select_related = ("connection__owner", "resolved_by")
    list_filter = ("status",)
    linked_lookups = {"connection__id__exact": connections_visible_to}
    search_ids = ("pk",)
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "Id, or the account's name"
    ordering = ("-pk",)
    fields = (
        "account", "kind", "symbol", values_of("ours"), values_of("theirs"), "status", "resolution", "resolver",
        "found_at", "seen_at", "resolved_at", id_of("id"),
    )  # fmt: skip
    actions_row = actions_detail = ("settle", "compare")

    def possible(self, row: Break, user: User) -> set[str]:
        """Return what is left to do."""
        return {"settle", "compare"} if row.status == Break.Status.OPEN else set()

    @admin.display(description="Settled by")
    def resolver(self, row: Break) -> str:
        return str(row.resolved_by or "-")

    @action(description="Settle", icon="done", url_path="settle")
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, form = self.found(request, object_id), SettleForm(entered(request))

        def do() -> str:
            words = form.cleaned_data["resolution"]
            breaks.settle(break_id=found.pk, resolution=words, actor=user_of(request), now=now())
            return "It was noted as settled. If the books still differ, it comes back."

        facts = [("Account", found.connection.name), ("Symbol", found.symbol), ("Ours", in_words(found.ours)),
                 ("Theirs", in_words(found.theirs))]  # fmt: skip
        question = Question(f"Settle the break of {found.symbol}", "Note as settled", facts=facts, form=form)
        return self.act(request, question, do, back=self.page_address(found), refusals=(breaks.SettledBefore,))

    @action(description="Compare again", icon="sync", url_path="compare")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            tasks.run_reconcile_job.delay(connection_ids=[str(found.connection_id)])
            return f"The books of {found.connection.name} are being compared. Reload this page in a few seconds."

        words = "The venue is asked for its orders, trades and holdings; what agrees again is settled by itself."
        question = Question(f"Compare the books of {found.connection.name} again?", "Compare", words)
        return self.act(request, question, do, back=self.page_address(found))
