"""Users and tokens for administrators. Nothing is edited here: actions call the services, so every change is told."""

from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from csp.constants import UNSAFE_EVAL
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from accounts import services
from accounts.admin_support import AdministratorsOnlyMixin, FastListMixin, HistoryMixin
from accounts.clients import user_of
from accounts.models import ApiToken, User
from accounts.roles import Role
from core.clock import now

admin.site.index_title = "Overview"
# The admin opens through the same door as the site, second factor included.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _admin_view(view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
    inner = _original_admin_view(view, cacheable)

    @wraps(inner)
    def in_utc(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Staff of several zones talk about the same rows. The middleware ends this with the request.
        timezone.activate(UTC)
        response: HttpResponse = inner(request, *args, **kwargs)
        return response

    # Unfold's widgets are Alpine expressions, which are evaluated. The pages of the site do without.
    decorated: Callable[..., Any] = csp_update({"script-src": [UNSAFE_EVAL]})(in_utc)
    return decorated


def _password_change(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    # One way to change a password, and the one that is recorded.
    return redirect("account_change_password")


_original_admin_view = admin.site.admin_view
admin.site.admin_view = _admin_view  # type: ignore[method-assign,assignment]

admin.site.password_change = _password_change  # type: ignore[method-assign,assignment]

# Rows that hold secrets, that only allauth writes, or that roles have replaced.
admin.site.unregister([Authenticator, UserSession, EmailAddress, Group])


class EmailAddressInline(HistoryMixin, TabularInline):
    model = EmailAddress
    fields = readonly_fields = ("email", "verified", "primary")
    extra = 0


@admin.register(User)
class UserAdmin(HistoryMixin, AdministratorsOnlyMixin, FastListMixin, ModelAdmin):
    list_display = ("email", "name", "role", "is_active", "has_second_factor", "last_login", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    ordering = ("-id",)
    fields = (
        "id",
        "email",
        "name",
        "role",
        "is_active",
        "time_zone",
        "has_second_factor",
        "last_login",
        "created_at",
    )
    inlines = (EmailAddressInline,)
    actions = ("activate", "deactivate", "make_subscriber", "make_provider", "make_administrator")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(has_factor=Exists(factors))

    @admin.display(boolean=True, description="Second factor")
    def has_second_factor(self, user: Any) -> bool:
        return bool(user.has_factor)

    @admin.action(description="Activate", permissions=["administer"])
    def activate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, services.activate)

    @admin.action(description="Deactivate", permissions=["administer"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, services.deactivate)

    @admin.action(description="Make subscriber", permissions=["administer"])
    def make_subscriber(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, services.change_role, role=Role.SUBSCRIBER)

    @admin.action(description="Make provider", permissions=["administer"])
    def make_provider(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, services.change_role, role=Role.PROVIDER)

    @admin.action(description="Make administrator", permissions=["administer"])
    def make_administrator(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, services.change_role, role=Role.ADMINISTRATOR)

    def _each(
        self, request: HttpRequest, users: QuerySet[User], change: Callable[..., None], **options: Any
    ) -> None:
        for user in users:
            try:
                change(user=user, actor=user_of(request), now=now(), **options)
                self.message_user(request, f"{user.email} was changed.", messages.SUCCESS)
            except services.AccountError as error:
                self.message_user(request, str(error), messages.WARNING)


@admin.register(ApiToken)
class ApiTokenAdmin(HistoryMixin, AdministratorsOnlyMixin, FastListMixin, ModelAdmin):
    list_display = ("name", "prefix", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    ordering = ("-id",)
    fields = (*list_display, "last_used_ip")
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["administer"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        for token in tokens.select_related("user"):
            try:
                services.revoke_token(token=token, actor=user_of(request), now=now())
                self.message_user(request, f"The token {token.name} was revoked.", messages.SUCCESS)
            except services.AlreadyDone as error:
                self.message_user(request, str(error), messages.WARNING)
