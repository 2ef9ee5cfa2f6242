"""Numbering and chaining committed events, and checking the chain.

Rows are written without a number, because transactions commit in any order. One sealer at a time takes what is
committed and not numbered yet, numbers it without gaps, and links each row to the one before it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from events.chain import GENESIS, link
from events.models import Event, EventArchive

#: One sealer for the whole installation; anybody else goes home.
_LOCK = 7_205_759_403_792_793


@dataclass(frozen=True, slots=True)
class Breach:
    """The first event at which the chain does not hold."""

    sequence: int
    event_id: int
    message: str


@transaction.atomic
def seal(*, batch: int = 2000) -> int:
    """Seal at most ``batch`` committed events and return how many. Cost: four statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    rows = list(Event.objects.filter(sequence__isnull=True).order_by("pk")[:batch])
    if not rows:
        return 0
    previous, sequence = _end_of_chain()
    sealed = []
    for row in rows:
        sequence += 1
        previous = link(previous, sequence, content_of(row))
        sealed.append((row.pk, sequence, previous))
    _write(sealed)
    return len(sealed)


def content_of(row: Event) -> dict[str, Any]:
    """Return what the hash covers: everything but the number and the hash themselves."""
    return {
        "uid": str(row.uid),
        "kind": row.kind,
        "subject_type": row.subject_type,
        "subject_id": row.subject_id,
        "owner": str(row.owner_id) if row.owner_id else None,
        "actor": str(row.actor_id) if row.actor_id else None,
        "data": row.data,
        "occurred_at": row.occurred_at,
    }


def archived_end() -> tuple[str, int]:
    """Return hash and number of the last event that was archived; of none, what comes before the first event."""
    last = EventArchive.objects.order_by("-last_sequence").first()
    return (last.last_hash, last.last_sequence) if last else (GENESIS, 0)


def _end_of_chain() -> tuple[str, int]:
    last = Event.objects.filter(sequence__isnull=False).order_by("-sequence").first()
    return (last.hash, last.sequence or 0) if last else archived_end()


def verify(*, batch: int = 5000) -> Iterator[int | Breach]:
    """Yield the number of the last event that holds so far; at the first that does not, yield the breach and stop.

    Events in archives are not looked at here; the chain goes on where the last archive ends.
    """
    previous, done = archived_end()
    expected = done + 1
    while True:
        rows = list(Event.objects.filter(sequence__gte=expected).order_by("sequence")[:batch])
        for row in rows:
            breach = check(row.sequence or 0, row.hash, content_of(row), row.pk, after=(previous, expected - 1))
            if breach is not None:
                yield breach
                return
            previous, expected = row.hash, expected + 1
        yield expected - 1
        if len(rows) < batch:
            return


def check(
    sequence: int, stated: str, content: Mapping[str, Any], event_id: int, *, after: tuple[str, int]
) -> Breach | None:
    """Return why an event does not follow the one before, which is given by its hash and number."""
    previous, number = after
    expected = number + 1
    if sequence != expected:
        return Breach(expected, event_id, f"Event number {expected} is missing; the next one is {sequence}.")
    if stated != link(previous, sequence, content):
        return Breach(
            sequence, event_id, f"Event number {sequence} ({content['uid']}) was changed after it was sealed."
        )
    return None


def _write(sealed: list[tuple[int, int, str]]) -> None:
    ids, sequences, hashes = zip(*sealed, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_event AS e SET sequence = s.sequence, hash = s.hash "
            "FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS s(id, sequence, hash) WHERE e.id = s.id",
            [list(ids), list(sequences), list(hashes)],
        )
