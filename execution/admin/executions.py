"""Executions: what became of each signal on each account, with the reason in words, and another attempt."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.admin_acts import ActsMixin, Question
from accounts.admin_cells import NOTHING, id_of, label_of, lines, link, values_of
from accounts.admin_support import ExactSearchMixin, FastListMixin, MomentFilter, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections.labels import SIDES
from connections.selectors import connections_visible_to
from core.clock import now
from execution import outcome_selectors, selectors, tasks
from execution.admin.cells import AccountCells, signal_link
from execution.labels import OUTCOMES
from execution.models import ExecutionLog
from execution.outcomes import RETRYABLE, TEXTS, LogStatus, Reason, in_short
from execution.rows.executions import checks_of, numbers_of
from execution.services import entries
from signals.selectors import signals_run_by

_SUBSCRIBER = "A subscriber"
_OUTCOME = label_of("status", OUTCOMES, "Outcome")
_SIDE = label_of("side", SIDES)
#: What a provider sees of an execution on a subscriber's account.
_IN_SHORT = ("signal_link", "account", _OUTCOME, "reason_in_words", "created_at")
_TIMES = (
    "created_at", "claimed_at", "decided_at", "submitted_at", "acknowledged_at", "executed_at", "protected_at",
    "finished_at",
)  # fmt: skip


class ReasonFilter(admin.SimpleListFilter):
    """One reason code."""

    title, parameter_name = "reason", "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, in_short(each)) for each in Reason]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ExecutionLog]) -> QuerySet[ExecutionLog]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


@admin.register(ExecutionLog)
class ExecutionAdmin(AccountCells, StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(outcome_selectors.outcomes_visible_to)
    shows_all_to_administrators = False  # the selector says of each row what may be shown
    list_display = ("created_at", "account", "signal_link", _SIDE, "leg", _OUTCOME, "reason_in_words")
    list_select_related = ("signal", "connection__owner")
    list_filter = ("status", ReasonFilter, ("created_at", MomentFilter))
    list_filter_submit = True
    linked_lookups = {
        "connection__id__exact": connections_visible_to,
        "signal__id__exact": lambda user: signals_seen_by(user),
    }
    search_ids = ("pk", "signal")
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "Id of the execution or of the signal, or the account's name"
    ordering = ("-created_at",)
    actions_row = actions_detail = ("retry",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return everything, or outcome and reason where the reader may see no more."""
        if obj is None or not obj.is_in_full:
            return [(None, {"fields": _IN_SHORT})]
        what = ("account", "signal_link", "signal_version", "leg", _SIDE, "symbol", id_of("id"), _OUTCOME)
        return [
            (
                None,
                {"fields": (*what, "reason_in_words", "decided_by", id_of("reason", "Reason code"), "attempts")},
            ),
            ("When", {"fields": _TIMES}),
            ("Numbers that decided", {"fields": ("deciding", "checks")}),
            ("Orders", {"fields": ("orders",)}),
            ("The effective preset", {"classes": ("collapse",), "fields": (values_of("preset"),)}),
        ]

    def possible(self, row: ExecutionLog, user: User) -> set[str]:
        """Return whether another attempt makes sense."""
        return {"retry"} if row.is_in_full and _is_retryable(row) else set()  # type: ignore[attr-defined]

    @action(description="Retry", icon="replay", url_path="retry")
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, user = self.found(request, object_id), user_of(request)
        if not found.is_in_full:
            raise Http404

        def do() -> str:
            with transaction.atomic():
                entries.retry(log_id=found.pk, now=now(), actor_id=user.pk)
                transaction.on_commit(lambda: tasks.enqueue_rows([found.pk]))
            return "It is tried again: every condition is checked anew."

        words = (
            "The same row is decided anew, and an order that exists keeps its id. If every condition still holds, an "
            "order is sent to the venue. What is not proven never to have reached it is refused."
        )
        facts = [("Account", found.connection.name), ("Signal", found.signal), ("Reason", found.explanation)]
        question = Question("Try this execution again?", "Retry", words, facts, is_grave=True)
        refusals = (entries.NotRetryable,)
        return self.act(request, question, do, back=self.page_address(found), refusals=refusals)

    @admin.display(description="Account")
    def account(self, row: ExecutionLog) -> SafeString | str:
        return self.account_link(row) if row.is_in_full else _SUBSCRIBER  # type: ignore[attr-defined]

    @admin.display(description="Signal")
    def signal_link(self, row: ExecutionLog) -> SafeString | str:
        return signal_link(row)

    @admin.display(description="Reason")
    def reason_in_words(self, row: ExecutionLog) -> str:
        if not row.is_in_full:  # type: ignore[attr-defined]
            return in_short(row.reason) or NOTHING
        return row.explanation or NOTHING

    @admin.display(description="Decided by")
    def decided_by(self, row: ExecutionLog) -> str:
        return str(TEXTS[Reason(row.reason)].group) if row.reason in set(Reason) else NOTHING

    @admin.display(description="Numbers")
    def deciding(self, row: ExecutionLog) -> SafeString | str:
        return lines(dict(numbers_of(row)))

    @admin.display(description="Risk checks")
    def checks(self, row: ExecutionLog) -> SafeString | str:
        return lines({name: "Passed" if passed else in_short(reason) for name, passed, reason in checks_of(row)})

    @admin.display(description="Orders")
    def orders(self, row: ExecutionLog) -> SafeString | str:
        found = row.orders.order_by("created_at")[:20]
        return lines({str(each.role): link("execution_order_change", each.pk, each) for each in found})


def signals_seen_by(user: User) -> QuerySet[Any]:
    """Return the signals whose outcomes a user may list: own ones, and those that house accounts traded."""
    shown = selectors.executions_visible_to(user).values("signal_id")
    runs = signals_run_by(user)
    return runs if user.is_administrator else runs.model._default_manager.filter(Q(pk__in=runs) | Q(pk__in=shown))


def _is_retryable(row: ExecutionLog) -> bool:
    return row.status == LogStatus.FAILED and row.reason in RETRYABLE
