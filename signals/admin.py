"""Channels in the admin. Signals are published with a preview, so theirs is in ``console``."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_cells import id_of, linked
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from accounts.clients import user_of
from core.clock import now
from signals import channel_services, selectors
from signals.forms import ChannelForm
from signals.models import Channel

_PRESET = linked("preset", "connections_tradingpreset_change")
_REFUSALS = (channel_services.InvalidChannel,)


@admin.register(Channel)
class ChannelAdmin(StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(selectors.channels_run_by)
    list_display = ("name", "owner_name", _PRESET, "serves_house", "is_active", "created_at")
    list_select_related = ("owner", "preset")
    list_filter = ("is_active", "serves_house")
    search_ids = ("pk",)
    search_named = {"pk": (selectors.channels_run_by, "name")}
    search_help_text = "Name or id"
    ordering = ("name",)
    fields = (
        "name", id_of("id"), id_of("slug"), "owner_name", "description", _PRESET, "serves_house", "is_active",
        "created_at",
    )  # fmt: skip
    actions_list = ("add_channel",)
    actions_row = actions_detail = ("change_channel",)

    @admin.display(description="Owner")
    def owner_name(self, row: Channel) -> str:
        return "The house" if row.owner is None else row.owner.email

    @action(description="Open a channel", icon="add", url_path="add-channel")
    def add_channel(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        owner = user if user.is_provider else None
        initial = {"serves_house": True, "is_active": True}
        form = ChannelForm(entered(request), owner=owner, user=user, initial=initial)
        del form.fields["is_active"]

        def do() -> str:
            made = channel_services.create_channel(owner=owner, actor=user, now=now(), **form.cleaned_data)
            return f"The channel {made.name} is open."

        question = Question("Open a channel", "Open channel", form=form)
        return self.act(request, question, do, back=self.list_address(), refusals=_REFUSALS)

    @action(description="Change", icon="tune", url_path="settings")
    def change_channel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found: Channel = self.found(request, object_id)
        user = user_of(request)
        initial = {name: getattr(found, name) for name in ChannelForm.base_fields}
        form = ChannelForm(entered(request), owner=found.owner, user=user, initial=initial)

        def do() -> str:
            channel_services.change_channel(
                channel=found, actor=user, now=now(), keep_preset=False, **form.cleaned_data
            )
            return f"{found.name} was saved; a preset holds from the next signal on."

        question = Question(f"Change {found.name}", "Save", form=form)
        return self.act(request, question, do, back=self.page_address(found), refusals=_REFUSALS)
