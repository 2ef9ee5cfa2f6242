"""Writing users and their tokens. Every change is announced in its own transaction (``accounts.signals``)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q

from accounts import signals
from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.scopes import ALLOWED, Scope
from accounts.tokens import IssuedToken, issue

#: A token's last use is noted no more often than this.
NOTE_USE_EVERY = timedelta(minutes=1)


class AccountError(Exception):
    """Base of what these services refuse, with a sentence for the person who asked."""


class LastAdministrator(AccountError):
    """The installation would be left without an active administrator."""


class NotAnAdministrator(AccountError):
    """Only administrators change the role or the activity of others."""


class AlreadyDone(AccountError):
    """There was nothing to change."""


class InvalidToken(AccountError):
    """The token cannot be made as asked."""


class UnknownTimeZone(AccountError):
    """The name is in no time zone table."""


@transaction.atomic
def create_user(
    *, email: str, password: str | None, role: Role, name: str = "", actor: User | None, now: datetime
) -> User:
    """Make a user whose e-mail address counts as verified: an operator vouches for it. Sign-up is allauth's."""
    user = User.objects.create_user(email, password, role=role, name=name, created_at=now)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    signals.account_created.send(User, user=user, actor=actor, now=now)
    return user


@transaction.atomic
def change_role(*, user: User, role: Role, actor: User | None, now: datetime) -> None:
    """Give a user another role.

    Raises:
        NotAnAdministrator: the actor may not.
        LastAdministrator: nobody would be left to administer.
        AlreadyDone: the user has this role.
    """
    _require_administrator(actor)
    if role != Role.ADMINISTRATOR:
        _require_other_administrator(user)
    before = _locked(user).role
    if before == role:
        raise AlreadyDone(f"{user.email} is {role.lower()} already.")
    user.role = role
    user.save(update_fields=["role"])
    signals.role_changed.send(User, user=user, before=before, after=role, actor=actor, now=now)


def deactivate(*, user: User, actor: User | None, now: datetime) -> None:
    """Close the site and the API to a user, at once and until ``activate``; sessions and tokens go dead.

    Raises:
        NotAnAdministrator: the actor may not.
        LastAdministrator: nobody would be left to administer.
        AlreadyDone: the user is not active.
    """
    _set_active(user, False, actor, now)


def activate(*, user: User, actor: User | None, now: datetime) -> None:
    """Open the site and the API to a user again.

    Raises:
        NotAnAdministrator: the actor may not.
        AlreadyDone: the user is active.
    """
    _set_active(user, True, actor, now)


def update_profile(*, user: User, name: str, time_zone: str) -> None:
    """Save how a user wants to be called and in which zone pages show times.

    Raises:
        UnknownTimeZone: not in the time zone table of this machine.
    """
    if time_zone not in available_timezones():
        raise UnknownTimeZone(f"{time_zone[:64]!r} is no time zone. Use a name such as Europe/Berlin.")
    user.name, user.time_zone = name, time_zone
    user.save(update_fields=["name", "time_zone"])


@transaction.atomic
def create_token(
    *, user: User, name: str, scopes: Collection[Scope], expires_at: datetime | None, now: datetime
) -> tuple[ApiToken, IssuedToken]:
    """Make an API token. Its text is in the second value and nowhere else; show it once.

    Raises:
        InvalidToken: no scope, a scope that the user's role does not allow, or an expiry that has passed.
    """
    excess = set(scopes) - ALLOWED[Role(user.role)]
    if excess or not scopes:
        raise InvalidToken(
            f"A {user.role.lower()}'s token takes one or more of {_listed(ALLOWED[Role(user.role)])}."
        )
    if expires_at is not None and expires_at <= now:
        raise InvalidToken(f"The token would have expired at {expires_at.isoformat()} already.")
    issued = issue()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=issued.prefix,
        digest=issued.digest,
        scopes=[scope for scope in Scope if scope in scopes],
        created_at=now,
        expires_at=expires_at,
    )
    signals.token_created.send(ApiToken, token=token, actor=user, now=now)
    return token, issued


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User | None, now: datetime) -> None:
    """End a token, for good.

    Raises:
        AlreadyDone: it was revoked before.
    """
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        raise AlreadyDone(f"The token {token.name} was revoked before.")
    token.revoked_at = now
    signals.token_revoked.send(ApiToken, token=token, actor=actor, now=now)


def note_token_use(*, token: ApiToken, address: str | None, now: datetime) -> None:
    """Note when and from where a token was used. Cost: nothing, or one statement a minute."""
    due = now - NOTE_USE_EVERY
    if token.last_used_at is not None and token.last_used_at > due:
        return
    # Of several requests at the same moment one writes.
    stale = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=due), pk=token.pk)
    stale.update(last_used_at=now, last_used_ip=address)


@transaction.atomic
def _set_active(user: User, is_active: bool, actor: User | None, now: datetime) -> None:
    _require_administrator(actor)
    if not is_active:
        _require_other_administrator(user)
    if _locked(user).is_active == is_active:
        raise AlreadyDone(f"{user.email} is {'active' if is_active else 'not active'} already.")
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    signals.activity_changed.send(User, user=user, actor=actor, now=now)


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _require_administrator(actor: User | None) -> None:
    if actor is not None and not actor.is_administrator:
        raise NotAnAdministrator("Only administrators change the role or the activity of others.")


def _require_other_administrator(user: User) -> None:
    # Two administrators who demote each other at the same moment must not both succeed: each locks all rows in
    # the same order, and the second one finds that the first is an administrator no more.
    active = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk").select_for_update()
    ids = set(active.values_list("pk", flat=True))
    if ids == {user.pk}:
        raise LastAdministrator(f"{user.email} is the last active administrator. Appoint another one first.")


def _listed(scopes: Collection[Scope]) -> str:
    return ", ".join(scope for scope in Scope if scope in scopes)
