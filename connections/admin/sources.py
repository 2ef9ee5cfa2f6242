"""Sources of market data: one a venue, made with its first account. Administrators only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_cells import id_of, label_of
from accounts.admin_support import AdministratorsOnlyMixin, ExactSearchMixin, FastListMixin, HistoryMixin
from accounts.clients import user_of
from accounts.models import User
from connections import services
from connections.forms import SourceForm
from connections.labels import ENVIRONMENTS, HEALTH, MARKETS
from connections.models import DataConnection
from core.clock import now

_CELLS = (
    "exchange_name", label_of("market", MARKETS), label_of("environment", ENVIRONMENTS), "is_active",
    label_of("status", HEALTH, "Health"), "last_error", "last_tested_at",
)  # fmt: skip


def _all(user: User) -> QuerySet[DataConnection]:
    return DataConnection.objects.all()


@admin.register(DataConnection)
class DataConnectionAdmin(
    HistoryMixin, AdministratorsOnlyMixin, ExactSearchMixin, FastListMixin, ActsMixin, ModelAdmin
):
    list_display = ("name", *_CELLS)
    list_filter = ("is_active", "environment", "market")
    search_ids = ("pk",)
    search_texts = ("exchange_name",)
    search_named = {"pk": (_all, "name")}
    search_help_text = "Name, exchange, or id"
    ordering = ("name",)
    fields = ("name", id_of("id"), "type", *_CELLS, "base_url", "created_at")
    actions_row = actions_detail = ("change_source",)

    @action(description="Change", icon="tune", url_path="settings", permissions=["administer"])
    def change_source(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)
        form = SourceForm(entered(request), initial={"name": found.name, "is_active": found.is_active})

        def do() -> str:
            services.change_data_connection(source=found, actor=user_of(request), now=now(), **form.cleaned_data)
            return f"{found.name} was saved."

        words = "Accounts of a venue whose source is off get no prices: their entries fail for want of one."
        return self.act(
            request, Question(f"Change {found.name}", "Save", words, form=form), do, back=self.page_address(found)
        )
