"""Signals: approve, publish after reading how many accounts would trade, withdraw."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounts.admin_acts import ActsMixin, Facts, Question
from accounts.admin_cells import NOTHING, amount_of, id_of, label_of, lines, linked
from accounts.admin_support import ExactSearchMixin, FastListMixin, MomentFilter, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections.labels import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from console.rows.desk import PreviewRow, preview_row
from core.clock import now
from core.machine import IllegalTransition
from execution.rows.executions import counts_in_words
from execution.services import preview as previews
from signals import services
from signals.labels import STATUSES
from signals.models import Signal
from signals.rules import InvalidSignal, SignalStatus
from signals.selectors import channels_run_by, signals_run_by

_REFUSED = (IllegalTransition, InvalidSignal, services.SignalError)
_CHANNEL = linked("channel", "signals_channel_change")
_SIDE, _STATUS = label_of("direction", SIDES, "Side"), label_of("status", STATUSES)


@admin.register(Signal)
class SignalAdmin(StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(signals_run_by)
    list_display = (
        "created_at", "currency_pair", _SIDE, _CHANNEL, _STATUS, amount_of("open_price", "Entry"),
        amount_of("sl", "Stop"), "published_at", "source",
    )  # fmt: skip
    list_display_links = ("created_at", "currency_pair")
    list_select_related = ("channel", "author")
    list_filter = ("status", "direction", ("created_at", MomentFilter))
    list_filter_submit = True
    search_ids = ("pk", "channel")
    search_texts = ("external_id",)
    search_named = {"channel": (channels_run_by, "name")}
    search_help_text = "Id of the signal, the sender's id, or the channel's name"
    ordering = ("-created_at",)
    actions_list = ("draft",)
    actions_row = actions_detail = ("approve", "publish", "withdraw")
    fieldsets = (
        (None, {"fields": (_CHANNEL, "currency_pair", _SIDE, _STATUS, id_of("id"), "outcomes", "pages")}),
        (
            "Terms",
            {
                "fields": (
                    label_of("order_type", ORDER_TYPES), amount_of("open_price"), amount_of("sl", "Stop"),
                    "targets_in_words", label_of("time_in_force", TIMES_IN_FORCE), "expires_at", "max_drift_bps",
                    "note",
                )
            },
        ),
        ("Where it came from", {"fields": ("author", "source", id_of("external_id"), "version")}),
        ("When", {"fields": ("created_at", "approved_at", "published_at", "withdrawn_at", "expired_at")}),
    )  # fmt: skip

    def possible(self, row: Signal, user: User) -> set[str]:
        """Return what the state of the signal allows."""
        acts = {
            SignalStatus.DRAFT: {"approve", "withdraw"},
            SignalStatus.APPROVED: {"publish", "withdraw"},
            SignalStatus.PUBLISHED: {"withdraw"},
        }
        return acts.get(SignalStatus(row.status), set())

    @action(description="Draft a signal", icon="edit", url_path="draft")
    def draft(self, request: HttpRequest) -> HttpResponse:
        if not user_of(request).is_staff:
            raise Http404
        return redirect("console:draft")

    @action(description="Approve", icon="done", url_path="approve")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            services.approve(signal=found, actor=user_of(request), now=now())
            return "Approved. Nobody trades it before it is published."

        question = Question(f"Approve {found}?", "Approve", "It can then be published.", _facts(found))
        return self.act(request, question, do, back=self.page_address(found), refusals=_REFUSED)

    @action(description="Publish", icon="campaign", url_path="publish", variant=ActionVariant.PRIMARY)
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, user = self.found(request, object_id), user_of(request)
        address = self.page_address(found)

        def do() -> str:
            services.publish(signal=found, actor=user, now=now())
            return "Published. The accounts fill in as they answer."

        if request.method == "POST":
            return self.act(request, Question("", ""), do, back=address, refusals=_REFUSED)
        if found.status != SignalStatus.APPROVED:
            self.message_user(
                request, f"Only an approved signal is published; this one is {found.status}.", "WARNING"
            )
            return redirect(address)
        foreseen = preview_row(previews.preview(signal=found, clock=now), user)
        title = f"Publish {found} to {foreseen.total} account{'' if foreseen.total == 1 else 's'}?"
        words = (
            f"As things stand {foreseen.trading} of {foreseen.total} would trade now, with an order each. What has "
            "left cannot be called back; a withdrawal stops only what is still waiting."
        )
        question = Question(title, "Publish", words, [*_facts(found), *_foreseen(foreseen)], is_grave=True)
        return self.act(request, question, do, back=address)

    @action(description="Withdraw", icon="undo", url_path="withdraw", variant=ActionVariant.DANGER)
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            services.withdraw(signal=found, actor=user_of(request), now=now())
            return "Withdrawn. Entries that had not left are skipped, resting ones cancelled."

        words = "Entries that have not left are skipped, resting ones cancelled. Positions stay, with their exits."
        question = Question(f"Withdraw {found}?", "Withdraw", words, _facts(found), is_grave=True)
        return self.act(request, question, do, back=self.page_address(found), refusals=_REFUSED)

    @admin.display(description="Targets")
    def targets_in_words(self, row: Signal) -> SafeString | str:
        return lines(row.targets)

    @admin.display(description="Outcomes")
    def outcomes(self, row: Signal) -> SafeString | str:
        counts = row.executions.values_list("status").annotate(count=Count("pk")).order_by()
        return lines({each.text: count for each, count in counts_in_words(counts)})

    @admin.display(description="More")
    def pages(self, row: Signal) -> SafeString:
        desk = reverse("console:desk_signal", args=[row.pk])
        listed = f"{reverse('admin:execution_executionlog_changelist')}?signal__id__exact={row.pk}"
        return format_html(
            '<a class="text-link" href="{}">At the desk, with its preview</a> · '
            '<a class="text-link" href="{}">Its executions</a>',
            desk,
            listed,
        )


def _facts(signal: Signal) -> list[tuple[str, object]]:
    terms = services.terms_as_json(signal.terms())
    targets = ", ".join(f"{each['price']} ({each['share']})" for each in terms["targets"])
    return [
        ("Channel", signal.channel.name),
        ("Entry", f"{ORDER_TYPES[signal.order_type].text} {terms['open_price'] or ''}"),
        ("Stop", terms["sl"] or "none"),
        ("Targets (share)", targets or "none"),
    ]


def _foreseen(preview: PreviewRow) -> Facts:
    counts: list[tuple[str, Any]] = [(each.text, count) for each, count in preview.counts]
    return [*counts, *((f"Because: {reason}", count) for reason, count in preview.reasons)] or [
        ("Accounts", NOTHING)
    ]
