"""Sealing credentials again under a new key, in small transactions, resumable at any point."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from connections.fields import EncryptedJSONField, Sealed, keyring
from connections.models import ExecutionConnection
from core.crypto import UnableToOpen

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Progress:
    #: rows looked at so far, and in all
    position: int
    total: int
    #: of the last batch
    rotated: int
    unreadable: tuple[UUID, ...]


def rotate(*, batch: int) -> Iterator[Progress]:
    """Yield progress after each batch. A row that somebody changed meanwhile is theirs: it is under the new key."""
    total, position, after = ExecutionConnection.objects.count(), 0, _FIRST
    while True:
        with transaction.atomic():
            rows = list(
                ExecutionConnection.objects.filter(pk__gt=after)
                .order_by("pk")
                .select_for_update()
                .only("pk", "credentials")[:batch]
            )
            if not rows:
                return
            rotated, unreadable = _rotate(rows)
        position, after = position + len(rows), rows[-1].pk
        yield Progress(position, total, rotated, tuple(unreadable))


def _rotate(rows: list[ExecutionConnection]) -> tuple[int, list[UUID]]:
    ring, unreadable, rotated = keyring(), [], 0
    field = ExecutionConnection._meta.get_field("credentials")
    assert isinstance(field, EncryptedJSONField)
    for row in rows:
        sealed = str(row.credentials or "")
        if not sealed or ring.key_of(sealed) == ring.primary:
            continue
        try:
            plain = ring.open(sealed, bound_to=field.bound_to(row.pk))
        except UnableToOpen:
            unreadable.append(row.pk)
            continue
        again = Sealed(ring.seal(plain, bound_to=field.bound_to(row.pk)))
        ExecutionConnection.objects.filter(pk=row.pk).update(credentials=again)
        rotated += 1
    return rotated, unreadable
