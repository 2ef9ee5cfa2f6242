"""Reading users' tokens, and who is logged in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from accounts.models import ApiToken, User
from accounts.tokens import digest_of


def token_by_text(text: str) -> ApiToken | None:
    """Return the token a program sent, live or not, with its owner. Cost: one statement by unique index."""
    return ApiToken.objects.select_related("user").filter(digest=digest_of(text)).first()


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return a user's tokens, newest first."""
    return ApiToken.objects.filter(user=user).select_related("user").order_by("-pk")


def token_of(user: User, token_id: UUID) -> ApiToken | None:
    """Return one token of this user; another's does not exist for him."""
    return tokens_of(user).filter(pk=token_id).first()


@dataclass(frozen=True, slots=True)
class LivingSession:
    """Whose session it is, and what he may do now."""

    user_id: UUID
    role: str


def living_sessions(session_keys: Sequence[str], *, now: datetime) -> dict[str, LivingSession]:
    """Return the sessions that still open the site: not ended, their user active, their password the same.

    Cost: two queries for any number.
    """
    rows = Session.objects.filter(session_key__in=set(session_keys), expire_date__gt=now)
    sessions = {row.session_key: row.get_decoded() for row in rows}
    users = User.objects.filter(is_active=True).in_bulk(
        {each[SESSION_KEY] for each in sessions.values() if SESSION_KEY in each}
    )
    by_text = {str(key): user for key, user in users.items()}
    living = {}
    for key, session in sessions.items():
        user = by_text.get(str(session.get(SESSION_KEY)))
        # A changed password ends every other session; the hash in the session is what Django compares too.
        if user and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
            living[key] = LivingSession(user.pk, user.role)
    return living
