"""One answer per user, endpoint and Idempotency-Key.

A claim is committed before the work begins; the answer is written in the transaction of the work itself. So after
a crash either both are there or neither is, and then the lease runs out and the next request may work again.

Source: draft-ietf-httpapi-idempotency-key-header, and https://docs.stripe.com/api/idempotent_requests.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import IdempotencyRecord, User

#: How long a worker that says nothing is believed to be alive.
LEASE = timedelta(minutes=1)
#: How long an answer is repeated. After that the key is new again.
KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key."""

    record_id: int
    #: names this claim: a later one has a later lease
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    #: HTTP status
    status: int
    #: text of the body, byte for byte as it was sent; empty if there was none
    body: str
    content_type: str
    #: the Location header; empty if there was none
    location: str


class KeyInUse(Exception):
    """Somebody works on this key at the moment."""

    def __init__(self, *, retry_after: timedelta) -> None:
        super().__init__("The first request with this key is not answered yet.")
        self.retry_after = retry_after


class KeyReused(Exception):
    """The key came before, with another body."""


class ClaimLost(Exception):
    """The lease ran out and somebody else took the key over, so this work must be undone."""


def claim(*, user: User, endpoint: str, key: str, fingerprint: str, now: datetime) -> Claim | Answer:
    """Return the right to work on a key, or the answer it had before. Cost: one to three statements.

    Call it outside a transaction: others must see the claim at once.

    Raises:
        KeyInUse: another request works on it.
        KeyReused: the body is not the one that came first.
    """
    record, is_new = IdempotencyRecord.objects.get_or_create(
        user=user,
        endpoint=endpoint,
        key=key,
        defaults={"fingerprint": fingerprint, "created_at": now, "leased_until": now + LEASE},
    )
    if is_new:
        return Claim(record.pk, now + LEASE)
    if record.created_at <= now - KEPT_FOR and not _is_worked_on(record, now):
        return _take_over(record, fingerprint=fingerprint, created_at=now, now=now)
    if record.fingerprint != fingerprint:
        raise KeyReused("This key was used with another body before.")
    if record.status is not None:
        return Answer(record.status, record.body, record.content_type, record.location)
    if _is_worked_on(record, now):
        raise KeyInUse(retry_after=record.leased_until - now if record.leased_until else LEASE)
    return _take_over(record, fingerprint=fingerprint, created_at=record.created_at, now=now)


def finish(claim: Claim, answer: Answer) -> None:
    """Store the answer, in the transaction of the work.

    Raises:
        ClaimLost: the work took longer than its lease and somebody else does it now.
    """
    stored = _claimed(claim).update(
        leased_until=None,
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
        location=answer.location,
    )
    if not stored:
        raise ClaimLost(f"The work took longer than its lease, which ended at {claim.leased_until.isoformat()}.")


def release(claim: Claim) -> None:
    """Forget the key: nothing was done under it."""
    _claimed(claim).delete()


def prune_idempotency_records(*, now: datetime) -> int:
    """Delete answers that are no longer repeated and claims of the dead; return how many."""
    old = Q(created_at__lte=now - KEPT_FOR)
    idle = Q(leased_until=None) | Q(leased_until__lte=now)
    return IdempotencyRecord.objects.filter(old & idle).delete()[0]


def _is_worked_on(record: IdempotencyRecord, now: datetime) -> bool:
    return record.leased_until is not None and record.leased_until > now


def _take_over(record: IdempotencyRecord, *, fingerprint: str, created_at: datetime, now: datetime) -> Claim:
    # Compare-and-swap on what was read: of two that find the same dead claim one wins. A worker that was only slow
    # and finishes right now holds the row's lock; then nothing matches here and the caller is told to wait.
    unchanged = IdempotencyRecord.objects.filter(
        pk=record.pk, created_at=record.created_at, leased_until=record.leased_until
    )
    taken = unchanged.update(
        fingerprint=fingerprint,
        created_at=created_at,
        leased_until=now + LEASE,
        status=None,
        body="",
        content_type="",
        location="",
    )
    if not taken:
        raise KeyInUse(retry_after=timedelta(seconds=1))
    return Claim(record.pk, now + LEASE)


def _claimed(claim: Claim) -> QuerySet[IdempotencyRecord]:
    return IdempotencyRecord.objects.filter(pk=claim.record_id, leased_until=claim.leased_until)
