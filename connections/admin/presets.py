"""Presets: how accounts trade. Administrators make those of the house, providers their own."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_cells import id_of, lines
from accounts.admin_support import ExactSearchMixin, FastListMixin, StaffMixin
from accounts.clients import user_of
from accounts.models import User
from connections import preset_services, rights, selectors
from connections.forms import PresetForm, initial_of, shown
from connections.models import TradingPreset
from connections.preset_specs import BY_NAME, SPECS
from connections.presets import InvalidPreset
from core.clock import now


@admin.register(TradingPreset)
class PresetAdmin(StaffMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin):
    rows_of = staticmethod(selectors.presets_visible_to)
    list_display = ("name", "owner_name", "description", "version", "updated_at")
    list_select_related = ("owner",)
    search_ids = ("pk",)
    search_named = {"pk": (selectors.presets_visible_to, "name")}
    search_help_text = "Name or id"
    ordering = ("-created_at",)
    fields = (
        "name",
        id_of("id"),
        "owner_name",
        "description",
        "version",
        "set_values",
        "created_at",
        "updated_at",
    )
    actions_list = ("add_preset",)
    actions_detail = ("change_preset", "delete_preset")

    def possible(self, row: TradingPreset, user: User) -> set[str]:
        """Return the acts that the reader may do."""
        return {"change_preset", "delete_preset"} if rights.may_change_preset(row, user) else set()

    @admin.display(description="Owner")
    def owner_name(self, row: TradingPreset) -> str:
        return "The house" if row.owner is None else row.owner.email

    @admin.display(description="Sets; the rest is inherited")
    def set_values(self, row: TradingPreset) -> SafeString | str:
        known = {
            BY_NAME[name].label: shown(BY_NAME[name], value)
            for name, value in row.values.items()
            if name in BY_NAME
        }
        return lines(known)

    @action(description="Add preset", icon="add", url_path="add-preset")
    def add_preset(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        form = PresetForm(entered(request), inherited=_defaults())

        def do() -> str:
            owner = None if user.is_administrator else user
            made = preset_services.create_preset(**_entered(form), owner=owner, actor=user, now=now())
            return f"{made.name} was made."

        words = "It belongs to the house, and everybody may trade by it." if user.is_administrator else ""
        question = Question("Add a preset", "Add preset", words, form=form)
        return self.act(request, question, do, back=self.list_address(), refusals=(InvalidPreset,))

    @action(description="Change", icon="tune", url_path="settings")
    def change_preset(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found, user = self._changeable(request, object_id), user_of(request)
        initial = {"name": found.name, "description": found.description, **initial_of(found.values)}
        form = PresetForm(entered(request), initial=initial, inherited=_defaults())

        def do() -> str:
            preset_services.change_preset(preset=found, **_entered(form), actor=user, now=now())
            return f"{form.cleaned_data['name']} was saved; it holds from the next signal on."

        words = "What uses it trades by the new values from the next signal on."
        question = Question(f"Change {found.name}", "Save", words, form=form)
        return self.act(request, question, do, back=self.page_address(found), refusals=(InvalidPreset,))

    @action(description="Delete", icon="delete", url_path="remove", variant=ActionVariant.DANGER)
    def delete_preset(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self._changeable(request, object_id)
        name = found.name

        def do() -> str:
            preset_services.remove_preset(preset=found, actor=user_of(request), now=now())
            return f"{name} was deleted."

        question = Question(f"Delete {name}?", "Delete", "One that something trades by is kept.", is_grave=True)
        refusals = (preset_services.PresetInUse,)
        return self.act(request, question, do, back=self.list_address(), refusals=refusals)

    def _changeable(self, request: HttpRequest, object_id: str) -> TradingPreset:
        found: TradingPreset = self.found(request, object_id)
        if not rights.may_change_preset(found, user_of(request)):
            raise Http404
        return found


def _entered(form: PresetForm) -> dict[str, Any]:
    entered = form.cleaned_data
    return {"name": entered["name"], "description": entered["description"], "values": form.values()}


def _defaults() -> dict[str, str]:
    return {spec.name: shown(spec, spec.default) or "none" for spec in SPECS}
