"""Subscriptions: which account follows which channel, and with what of its own."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_cells import id_of, lines
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections.forms import initial_of, shown
from connections.preset_specs import BY_NAME
from connections.presets import InvalidPreset
from connections.selectors import connections_visible_to
from core.clock import now
from execution import selectors
from execution.admin.cells import AccountCells
from execution.forms import FollowForm, SubscriptionForm
from execution.models import Subscription
from execution.services import subscriptions


@admin.register(Subscription)
class SubscriptionAdmin(AccountCells, StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(selectors.subscriptions_visible_to)
    list_display = ("created_at", "account", "channel", "is_active", "own_values")
    list_select_related = ("channel", "connection__owner")
    list_filter = ("is_active",)
    linked_lookups = {"connection__id__exact": connections_visible_to}
    search_ids = ("pk", "channel")
    search_named = {"connection": (connections_visible_to, "name")}
    search_help_text = "Id of the subscription or channel, or the account's name"
    ordering = ("-pk",)
    fields = ("account", "channel", "is_active", "own_values", "created_at", id_of("id"))
    actions_list = ("follow",)
    actions_row = ("change_values", "pause", "resume")
    actions_detail = ("change_values", "pause", "resume", "end")

    def possible(self, row: Subscription, user: User) -> set[str]:
        """Return the acts that make sense now."""
        return {"change_values", "end", "pause" if row.is_active else "resume"}

    @admin.display(description="Values of its own")
    def own_values(self, row: Subscription) -> SafeString | str:
        known = {name: value for name, value in row.overrides.items() if name in BY_NAME}
        return lines({BY_NAME[name].label: shown(BY_NAME[name], value) for name, value in known.items()})

    @action(description="Let an account follow", icon="add", url_path="follow")
    def follow(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        form = FollowForm(entered(request), user=user)

        def do() -> str:
            made = subscriptions.subscribe(**form.cleaned_data, overrides={}, actor=user, now=now())
            return f"{made.connection.name} follows {made.channel.name} from its next signal on."

        words = "It trades every signal that is published in the channel from then on."
        question = Question("Let an account follow a channel", "Follow", words, form=form, is_grave=True)
        refusals = (subscriptions.SubscriptionError,)
        return self.act(request, question, do, back=self.list_address(), refusals=refusals)

    @action(description="Change values", icon="tune", url_path="settings")
    def change_values(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)
        form = SubscriptionForm(entered(request), initial=initial_of(found.overrides))

        def do() -> str:
            subscriptions.change_subscription(
                subscription=found, actor=user_of(request), now=now(), overrides=form.values()
            )
            return "The values were saved; they hold from the next signal on."

        words = "What is left empty is inherited from the account's preset, then from the channel's."
        question = Question(f"{found.connection.name} in {found.channel.name}", "Save", words, form=form)
        return self.act(request, question, do, back=self.page_address(found), refusals=(InvalidPreset,))

    @action(description="Pause", icon="pause", url_path="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        words = "Signals of the channel are skipped until it is resumed. Open positions keep their exits."
        return self._switch(request, object_id, is_active=False, name="Pause", words=words)

    @action(description="Resume", icon="play_arrow", url_path="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        words = "The account trades the channel's next signal again."
        return self._switch(request, object_id, is_active=True, name="Resume", words=words)

    @action(description="End", icon="delete", url_path="end", variant=ActionVariant.DANGER)
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)
        account, channel = found.connection.name, found.channel.name

        def do() -> str:
            subscriptions.unsubscribe(subscription=found, actor=user_of(request), now=now())
            return f"{account} no longer follows {channel}."

        words = "Open positions stay, and keep their exits. An account of the house may be made to follow again."
        question = Question(f"Let {account} leave {channel}?", "End", words, is_grave=True)
        return self.act(request, question, do, back=self.list_address())

    def _switch(
        self, request: HttpRequest, object_id: str, *, is_active: bool, name: str, words: str
    ) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            subscriptions.change_subscription(
                subscription=found, actor=user_of(request), now=now(), is_active=is_active
            )
            return f"{name}d: {found.connection.name} in {found.channel.name}."

        title = f"{name} {found.connection.name} in {found.channel.name}?"
        return self.act(request, Question(title, name, words), do, back=self.page_address(found))
