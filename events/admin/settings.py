"""Operational settings: all that are declared, with what holds now, what is safe, and who changed what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_support import AdministratorsOnlyMixin, HistoryMixin
from accounts.clients import user_of
from core.clock import now
from events import operational
from events.forms import SettingForm, bounds_of, unit_of
from events.models import OperationalSetting
from events.operational import Declaration, InvalidSetting


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as the page shows it."""

    name: str
    label: str
    help: str
    unit: str
    bounds: str
    value: object
    default: object
    is_changed: bool
    #: empty when nobody has said anything
    changed_by: str
    changed_at: datetime | None


@admin.register(OperationalSetting)
class OperationalSettingAdmin(HistoryMixin, AdministratorsOnlyMixin, ActsMixin, ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        change = self.admin_site.admin_view(self.change_setting)
        return [path("<str:name>/set/", change, name="events_operationalsetting_set"), *urls]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """List what is declared, not the rows: what nobody has changed has none."""
        _require(self.has_view_permission(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Operational settings",
            "rows": _rows(),
        }
        return TemplateResponse(request, "admin/acts/settings.html", context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a setting where it is changed; it has no other page."""
        return self.change_setting(request, object_id)

    def change_setting(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask for a value and set it. It holds in every process within two seconds."""
        _require(self.has_administer_permission(request))
        declaration = operational.declarations().get(name)
        if declaration is None:
            raise Http404
        before = operational.stored(name)
        form = SettingForm(entered(request), declaration=declaration, initial={"value": before})

        def do() -> str:
            operational.change(name=name, raw=form.cleaned_data["value"], actor=user_of(request), now=now())
            return f"{declaration.label} was saved; every process goes by it within two seconds."

        facts = [("Now", before), ("Safe default", declaration.default), ("Name", name)]
        question = Question(declaration.label, "Save", facts=facts, form=form)
        return self.act(request, question, do, back=self.list_address(), refusals=(InvalidSetting,))


def _rows() -> list[SettingRow]:
    stored = {row.name: row for row in OperationalSetting.objects.select_related("changed_by")}
    declared = sorted(operational.declarations().values(), key=lambda each: each.name)
    return [_row(each, stored.get(each.name)) for each in declared]


def _row(declaration: Declaration, stored: OperationalSetting | None) -> SettingRow:
    value = declaration.default if stored is None else stored.value
    return SettingRow(
        name=declaration.name,
        label=declaration.label,
        help=declaration.help,
        unit=unit_of(declaration),
        bounds=bounds_of(declaration),
        value=value,
        default=declaration.default,
        is_changed=str(value) != str(declaration.default),
        changed_by=str(stored.changed_by or "") if stored else "",
        changed_at=stored.changed_at if stored else None,
    )


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise Http404
