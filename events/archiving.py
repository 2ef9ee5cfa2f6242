"""Retention: old sealed events leave the table for files that can prove the chain on their own.

A file is written, brought to the disk and read back before any row goes, so a crash at any point leaves the events
in the table, or in the file, or in both. Files hold everything the chain covers: one JSON object a line, compressed.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from events.chain import GENESIS
from events.models import Delivery, DeliveryStatus, Event, EventArchive
from events.sealing import Breach, archived_end, check, content_of

#: So many events are in a file: some 10 MB before it is compressed.
FILE_ROWS = 20_000


class DamagedArchive(Exception):
    """A file does not say what it said when it was written."""


def archive(*, before: datetime, folder: Path, now: datetime, rows: int = FILE_ROWS) -> Iterator[EventArchive]:
    """Move events that happened before a moment into files of ``folder``, and yield each file when its rows are gone.

    Only a run from the oldest on moves, up to the first event that is younger, unsealed or not delivered yet.

    Raises:
        DamagedArchive: what was written cannot be read back; nothing was deleted.
        OSError: the folder cannot be written to.
    """
    while (archived := _archive_one(before, folder, now, rows)) is not None:
        yield archived


@transaction.atomic
def _archive_one(before: datetime, folder: Path, now: datetime, rows: int) -> EventArchive | None:
    previous, number = archived_end()
    found = list(_movable(Event.objects.filter(sequence__gt=number).order_by("sequence")[:rows], before))
    if not found:
        return None
    first, last = found[0].sequence or 0, found[-1].sequence or 0
    path = folder / f"events-{first:012d}-{last:012d}.jsonl.gz"
    lines = [_line(row) for row in found]
    _write(path, lines)
    if _digest(_read(path)) != _digest(lines):
        raise DamagedArchive(f"{path.name} could not be read back as it was written; no event was deleted.")
    breach = next((each for each in _breaches(lines, (previous, number)) if each), None)
    if breach is not None:
        raise DamagedArchive(f"{breach.message} Nothing was archived.")
    archived = EventArchive.objects.create(
        first_sequence=first,
        last_sequence=last,
        last_hash=found[-1].hash,
        file_name=path.name,
        digest=_digest(lines),
        archived_at=now,
    )
    Event.objects.filter(sequence__range=(first, last)).delete()
    return archived


def verify_files(folder: Path) -> Iterator[tuple[EventArchive, Breach | None]]:
    """Yield each archive with what is wrong in it, or None; the first one that is wrong ends it.

    Raises:
        DamagedArchive: a file is missing, unreadable, or not the one that was written.
    """
    previous, number = GENESIS, 0
    for archived in EventArchive.objects.order_by("first_sequence"):
        lines = _read(folder / archived.file_name)
        if _digest(lines) != archived.digest:
            raise DamagedArchive(f"{archived.file_name} is not the file that was written.")
        breach = next((each for each in _breaches(lines, (previous, number)) if each), None)
        yield archived, breach
        if breach is not None:
            return
        previous, number = archived.last_hash, archived.last_sequence


def prune_deliveries(*, before: datetime) -> int:
    """Forget deliveries that were done and whose event happened before a moment; return how many."""
    done = Delivery.objects.filter(status=DeliveryStatus.DONE, event__occurred_at__lt=before)
    return Delivery.objects.filter(pk__in=done.values("pk")[:50_000]).delete()[0]


def _movable(rows: Iterable[Event], before: datetime) -> Iterator[Event]:
    rows = list(rows)
    waiting = set(
        Delivery.objects.filter(event__in=[row.pk for row in rows])
        .exclude(status=DeliveryStatus.DONE)
        .values_list("event_id", flat=True)
    )
    for row in rows:
        if row.occurred_at >= before or row.pk in waiting:
            return
        yield row


def _line(row: Event) -> str:
    content = content_of(row)
    content["occurred_at"] = row.occurred_at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps({"id": row.pk, "sequence": row.sequence, "hash": row.hash, **content}, ensure_ascii=False)


def _breaches(lines: Iterable[str], after: tuple[str, int]) -> Iterator[Breach | None]:
    for line in lines:
        row: dict[str, Any] = json.loads(line)
        event_id, sequence, stated = row.pop("id"), row.pop("sequence"), row.pop("hash")
        yield check(sequence, stated, row, event_id, after=after)
        after = (stated, sequence)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
            for line in lines:
                packed.write(line.encode() + b"\n")
        raw.flush()
        os.fsync(raw.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> list[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            return [line.removesuffix("\n") for line in lines]
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DamagedArchive(f"{path.name} cannot be read: {error}") from error


def _digest(lines: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=32).hexdigest()
