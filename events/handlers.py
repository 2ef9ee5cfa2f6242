"""What happens to people's accounts, as events.

Our own services send their signals inside their transaction, so change and event stand or fall together. Django
and allauth send theirs after they saved; then the event is a transaction of its own.

No event holds a password, a code, a token, or the address that a stranger typed: that one is kept as a keyed
digest, which shows that the same address was tried again and nothing else.
"""

from datetime import datetime
from typing import Any

from allauth.account import signals as allauth_signals
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts import signals as account_signals
from accounts.clients import address_of, user_agent_of
from accounts.models import ApiToken, User
from core.clock import now
from events import services as events
from events.catalogue import Kind


def connect() -> None:
    """Listen; called once when the process starts."""
    for signal, receiver in _RECEIVERS.items():
        signal.connect(receiver, dispatch_uid=f"events.{receiver.__name__}")
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_permissions_changed, sender=through, dispatch_uid=f"events.{through.__name__}")


# --- From our own services ---------------------------------------------------------------------------------------


def _account_created(*, user: User, actor: User | None, now: datetime, **_: Any) -> None:
    _append(Kind.ACCOUNT_CREATED, user, {"role": user.role, "by": "OPERATOR"}, user=user, actor=actor, at=now)


def _role_changed(*, user: User, before: str, after: str, actor: User | None, now: datetime, **_: Any) -> None:
    data = {"before": before, "after": after}
    _append(Kind.ACCOUNT_ROLE_CHANGED, user, data, user=user, actor=actor, at=now)


def _activity_changed(*, user: User, actor: User | None, now: datetime, **_: Any) -> None:
    kind = Kind.ACCOUNT_ACTIVATED if user.is_active else Kind.ACCOUNT_DEACTIVATED
    _append(kind, user, {}, user=user, actor=actor, at=now)


def _token_created(*, token: ApiToken, actor: User | None, now: datetime, **_: Any) -> None:
    expiry = token.expires_at.isoformat() if token.expires_at else None
    data = {"name": token.name, "prefix": token.prefix, "scopes": token.scopes, "expires_at": expiry}
    _append(Kind.TOKEN_CREATED, token, data, user=token.user, actor=actor, at=now)


def _token_revoked(*, token: ApiToken, actor: User | None, now: datetime, **_: Any) -> None:
    data = {"name": token.name, "prefix": token.prefix}
    _append(Kind.TOKEN_REVOKED, token, data, user=token.user, actor=actor, at=now)


# --- From Django and allauth -------------------------------------------------------------------------------------


def _signed_up(*, request: HttpRequest, user: User, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_CREATED, request, user, role=user.role, by="SIGN_UP")


def _logged_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    # Allauth has noted how by now; its records also hold the address, which stays there.
    steps = request.session.get("account_authentication_methods", [])
    methods = [str(step.get("type") or step.get("method")).upper() for step in steps]
    _append_own(Kind.ACCOUNT_LOGGED_IN, request, user, methods=methods)


def _login_failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    user = User.objects.filter(email=email).first()
    data = {"step": "PASSWORD", "email_digest": digest_of(email)} | _origin(request)
    _append(Kind.ACCOUNT_LOGIN_FAILED, user, data, user=user, actor=None, at=now())


def _second_factor_failed(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    data = {"step": authenticator.type.upper()} | _origin(request)
    _append(Kind.ACCOUNT_LOGIN_FAILED, user, data, user=user, actor=None, at=now())


def _password_changed(*, request: HttpRequest, user: User, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_PASSWORD_CHANGED, request, user, how="CHANGED")


def _password_reset(*, request: HttpRequest, user: User, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_PASSWORD_CHANGED, request, user, how="RESET_BY_EMAIL")


def _email_changed(
    *,
    request: HttpRequest,
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **_: Any,
) -> None:
    before = from_email_address.email if from_email_address else None
    _append_own(Kind.ACCOUNT_EMAIL_CHANGED, request, user, before=before, after=to_email_address.email)


def _email_confirmed(*, request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_EMAIL_CHANGED, request, email_address.user, confirmed=email_address.email)


def _authenticator_added(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_MFA_CHANGED, request, user, change="ADDED", type=authenticator.type.upper())


def _authenticator_removed(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_MFA_CHANGED, request, user, change="REMOVED", type=authenticator.type.upper())


def _authenticator_reset(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _append_own(Kind.ACCOUNT_MFA_CHANGED, request, user, change="RESET", type=authenticator.type.upper())


def _permissions_changed(
    *, instance: Model, action: str, model: type[Model], pk_set: set[Any] | None, **_: Any
) -> None:
    change = {"post_add": "ADDED", "post_remove": "REMOVED", "post_clear": "CLEARED"}.get(action)
    if change is None or (not pk_set and change != "CLEARED"):
        return
    request = context.request
    actor = request.user if request is not None and isinstance(request.user, User) else None
    user = instance if isinstance(instance, User) else None
    data = {"change": change, "what": model._meta.label_lower, "ids": sorted(str(pk) for pk in pk_set or ())}
    _append(Kind.ACCOUNT_PERMISSIONS_CHANGED, instance, data, user=user, actor=actor, at=now())


# --- Common ------------------------------------------------------------------------------------------------------

_RECEIVERS: dict[Signal, Any] = {
    account_signals.account_created: _account_created,
    account_signals.role_changed: _role_changed,
    account_signals.activity_changed: _activity_changed,
    account_signals.token_created: _token_created,
    account_signals.token_revoked: _token_revoked,
    allauth_signals.user_signed_up: _signed_up,
    auth_signals.user_logged_in: _logged_in,
    auth_signals.user_login_failed: _login_failed,
    mfa_signals.authentication_failed: _second_factor_failed,
    allauth_signals.password_changed: _password_changed,
    allauth_signals.password_set: _password_changed,
    allauth_signals.password_reset: _password_reset,
    allauth_signals.email_changed: _email_changed,
    allauth_signals.email_confirmed: _email_confirmed,
    mfa_signals.authenticator_added: _authenticator_added,
    mfa_signals.authenticator_removed: _authenticator_removed,
    mfa_signals.authenticator_reset: _authenticator_reset,
}


def digest_of(email: str) -> str:
    """Return what the log keeps of an address that a stranger typed."""
    return salted_hmac("events.login_failed", email, algorithm="sha256").hexdigest()[:16]


def _origin(request: HttpRequest | None) -> dict[str, str | None]:
    if request is None:
        return {}
    return {"address": address_of(request), "user_agent": user_agent_of(request)}


def _append_own(kind: Kind, request: HttpRequest, user: User, **data: Any) -> None:
    _append(kind, user, data | _origin(request), user=user, actor=user, at=now())


@transaction.atomic
def _append(
    kind: Kind,
    subject: Model | None,
    data: dict[str, Any],
    *,
    user: User | None,
    actor: User | None,
    at: datetime,
) -> None:
    event = events.NewEvent(
        kind=kind,
        subject_type=subject._meta.label_lower if subject is not None else User._meta.label_lower,
        subject_id=str(subject.pk) if subject is not None else "",
        occurred_at=at,
        owner_id=user.pk if user is not None else None,
        actor_id=actor.pk if actor is not None else None,
        data=data,
    )
    events.append(event)
