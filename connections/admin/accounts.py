"""Accounts at venues: how each does, and what staff do with it. Keys go in and never come out."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_cells import id_of, label_of, linked, values_of
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections import checking, rights, selectors, services, tasks
from connections.admin.cells import ConnectionCells
from connections.errors import Misconfigured
from connections.forms import ConnectionForm, ConnectionSettingsForm, CredentialsForm, ExchangeForm, PauseForm
from connections.labels import ENVIRONMENTS, MARKETS
from connections.models import ExecutionConnection
from connections.rows import exchange_label
from connections.views.adding import draft_of, first_values
from core.clock import now

_ENVIRONMENT = label_of("environment", ENVIRONMENTS)


class TestedJustNow(Exception):
    """Exchanges count requests, so an account is not tested twice within seconds."""


@admin.register(ExecutionConnection)
class ConnectionAdmin(ConnectionCells, StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(selectors.connections_visible_to)
    list_display = (
        "name", "owner_name", "exchange", _ENVIRONMENT, "intention", "health", "last_tested_at",
        "trouble",
    )  # fmt: skip
    list_select_related = ("owner", "preset", "data_connection", "snapshot")
    list_filter = ("status", "is_active", "environment", "is_admin_owned")
    search_ids = ("pk",)
    search_texts = ("exchange_name",)
    search_named = {
        "pk": (selectors.connections_visible_to, "name"),
        "owner": (lambda user: User.objects.all(), "email"),
    }
    search_help_text = "Name, owner's address, exchange, or id"
    ordering = ("-created_at",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name", id_of("id"), "owner_name", "exchange", _ENVIRONMENT, label_of("market", MARKETS),
                    "base_url", "created_at",
                )
            },
        ),
        ("Intention", {"fields": ("intention", "paused_reason")}),
        (
            "Measured health",
            {
                "fields": (
                    "health", "last_error", "remarks", "last_tested_at", "last_used_at", "last_reconciled_at",
                    "latency_ms", "clock_offset_ms", "is_hedge_mode",
                )
            },
        ),
        (
            "How it trades",
            {
                "fields": (
                    linked("preset", "connections_tradingpreset_change"), "data_connection", values_of("settings"),
                )
            },
        ),
        ("Keys", {"fields": ("keys", "credentials_set_at", "age_of_keys")}),
        ("Balance when it was last asked", {"fields": ("balance", "balance_as_of")}),
    )  # fmt: skip
    actions = ("test_chosen", "pause_chosen")
    actions_list = ("add_account",)
    actions_row = ("test", "pause", "resume", "change_settings")
    actions_detail = ("test", "pause", "resume", "change_settings", "replace_keys", "delete_account")

    def possible(self, row: ExecutionConnection, user: User) -> set[str]:
        """Return the acts that make sense now."""
        acts = {"test", "change_settings", "pause" if row.is_active else "resume"}
        acts |= {"replace_keys"} if rights.may_enter_keys(row, user) else set()
        return acts if row.last_used_at else acts | {"delete_account"}

    @action(description="Test", icon="network_check", url_path="test")
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            if not checking.may_test_now(found):
                raise TestedJustNow(f"{found.name} was tested a moment ago.")
            transaction.on_commit(lambda: tasks.run_health_job.delay(connection_ids=[str(found.pk)]))
            return f"{found.name} is being tested. Reload this page in a few seconds."

        question = Question(
            f"Test {found.name}?", "Test now", "The venue is asked some five questions; nothing trades."
        )
        return self.act(request, question, do, back=self.page_address(found), refusals=(TestedJustNow,))

    @action(description="Pause", icon="pause", url_path="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, form = self.found(request, object_id), PauseForm(entered(request))

        def do() -> str:
            reason = form.cleaned_data["reason"]
            is_new = services.pause(connection=found, reason=reason, actor=user_of(request), now=now())
            return f"{found.name} is paused." if is_new else f"{found.name} was paused before."

        words = "No new entries leave until it is resumed. Open positions keep their exits."
        question = Question(f"Pause {found.name}?", "Pause", words, form=form)
        return self.act(request, question, do, back=self.page_address(found))

    @action(description="Resume", icon="play_arrow", url_path="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            is_new = services.resume(connection=found, actor=user_of(request), now=now())
            return f"{found.name} trades the next signals again." if is_new else f"{found.name} was not paused."

        facts = [("Paused because", found.paused_reason or "It is not paused.")]
        question = Question(f"Resume {found.name}?", "Resume", "It trades the next signal again.", facts=facts)
        return self.act(request, question, do, back=self.page_address(found))

    @action(description="Change settings", icon="tune", url_path="settings")
    def change_settings(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, user = self.found(request, object_id), user_of(request)
        form = ConnectionSettingsForm.of(found, entered(request), user=user)

        def do() -> str:
            services.change_connection(connection=found, actor=user, now=now(), **form.changes(found))
            return f"{found.name} was saved."

        question = Question(f"Settings of {found.name}", "Save", form=form)
        refusals = (services.InvalidConnection,)
        return self.act(request, question, do, back=self.page_address(found), refusals=refusals)

    @action(description="Replace keys", icon="key", url_path="keys")
    @method_decorator(sensitive_post_parameters())
    def replace_keys(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, user = self.found(request, object_id), user_of(request)
        if not rights.may_enter_keys(found, user):
            raise Http404
        try:
            form = CredentialsForm(entered(request), kind=found.type, exchange=found.exchange_name)
        except Misconfigured as error:
            raise Http404(str(error)) from error

        def do() -> str:
            services.set_credentials(connection=found, credentials=form.credentials(), actor=user, now=now())
            transaction.on_commit(lambda: tasks.run_health_job.delay(connection_ids=[str(found.pk)]))
            return "The keys were replaced and are tested now."

        words = "The old keys are gone at once. New ones are sealed when they arrive; nobody sees them again."
        facts = [("Stored now", self.keys(found)), ("Age", self.age_of_keys(found))]
        question = Question(f"Replace the keys of {found.name}", "Replace keys", words, facts, form)
        refusals = (services.InvalidConnection,)
        return self.act(request, question, do, back=self.page_address(found), refusals=refusals)

    @action(description="Delete", icon="delete", url_path="remove", variant=ActionVariant.DANGER)
    def delete_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)
        name, address = found.name, self.page_address(found)

        def do() -> str:
            services.remove_connection(connection=found, actor=user_of(request), now=now())
            return f"{name} was deleted, and its keys with it."

        words = "The account and its keys are gone for good. One that has traded is kept for its history."
        question = Question(f"Delete {name}?", "Delete", words, is_grave=True)
        refusals = (services.InvalidConnection,)
        is_asked = request.method != "POST"
        return self.act(
            request, question, do, back=address if is_asked else self.list_address(), refusals=refusals
        )

    @action(description="Add account", icon="add", url_path="add-account")
    @method_decorator(sensitive_post_parameters())
    def add_account(self, request: HttpRequest) -> HttpResponse:
        user, kind, exchange = user_of(request), request.GET.get("kind", ""), request.GET.get("exchange", "")
        if not exchange:
            return self._choose_exchange(request)
        try:
            form = ConnectionForm(
                entered(request), kind=kind, exchange=exchange, user=user, initial=first_values()
            )
        except Misconfigured as error:
            raise Http404(str(error)) from error

        def do() -> str:
            owner = None if form.cleaned_data["is_house"] else user
            draft = draft_of(form, kind, exchange)
            made = services.create_connection(draft=draft, owner=owner, actor=user, now=now())
            transaction.on_commit(lambda: tasks.run_health_job.delay(connection_ids=[str(made.pk)]))
            return f"{made.name} was added. Its first test runs now."

        title = f"Add an account at {exchange_label(kind, exchange)}"
        refusals = (services.InvalidConnection,)
        return self.act(
            request, Question(title, "Add account", form=form), do, back=self.list_address(), refusals=refusals
        )

    def _choose_exchange(self, request: HttpRequest) -> HttpResponse:
        form = ExchangeForm(entered(request))
        if request.method == "POST" and form.is_valid():
            kind, exchange = form.chosen()
            return redirect(f"{request.path}?{urlencode({'kind': kind, 'exchange': exchange})}")
        question = Question("Where is the account?", "Go on", form=form)
        return self.act(request, question, lambda: "", back=self.list_address())

    @admin.action(description="Test the chosen accounts")
    def test_chosen(self, request: HttpRequest, rows: QuerySet[ExecutionConnection]) -> None:
        ids = [str(each.pk) for each in rows if checking.may_test_now(each)]
        if ids:
            transaction.on_commit(lambda: tasks.run_health_job.delay(connection_ids=ids))
        messages.success(request, f"Being tested: {len(ids)}. Reload this page in a few seconds.")

    @admin.action(description="Pause the chosen accounts")
    def pause_chosen(self, request: HttpRequest, rows: QuerySet[ExecutionConnection]) -> None:
        user, moment = user_of(request), now()
        paused = [services.pause(connection=each, reason="", actor=user, now=moment) for each in rows]
        messages.success(request, f"Paused: {sum(paused)}. Open positions keep their exits.")
