"""Notification e-mails: which left, which did not, and what the mail server said. Only ever read."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts.admin_support import AdministratorsOnlyMixin, ExactSearchMixin, FastListMixin, HistoryMixin
from events.models import NotificationMail


@admin.register(NotificationMail)
class NotificationMailAdmin(HistoryMixin, AdministratorsOnlyMixin, ExactSearchMixin, FastListMixin, ModelAdmin):
    list_display = ("created_at", "user", "status", "attempts", "due_at", "sent_at", "last_error")
    list_display_links = ("created_at",)
    list_select_related = ("user",)
    list_filter = ("status",)
    search_ids = ("pk",)
    search_help_text = "Id of the e-mail"
    ordering = ("-pk",)
    fields = ("created_at", "user", "status", "attempts", "due_at", "sent_at", "last_error")
