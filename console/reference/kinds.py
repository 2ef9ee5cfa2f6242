"""Every kind of event, and who writes it."""

from itertools import groupby

from console.reference import sources
from console.reference.markdown import code, table, whole_page
from events.catalogue import WORDS, Kind

_INTRO = """
An event is a fact that was committed: the row is written in the transaction of what happened, and handed to its readers
afterwards, at least once. Events are never changed or deleted; `manage.py verify_events` checks their hash chain. Money
never moves by an event.

A row has `kind`, `subject_type` and `subject_id` (what it happened to), `owner_id` (empty for the house), `actor_id` (empty when
Signalbox acted by itself), `occurred_at` (UTC) and `data`: ids and plain values, decimals as text, never a secret. Names in
braces stand in `data`; `{why}` is its `reason` in the words of [reason-codes.md](reason-codes.md). *Reserved* is what nothing writes
in this version.
"""


def page() -> str:
    """Return events.md."""
    return whole_page(
        "Kinds of events", _INTRO, *(_subject(name, list(each)) for name, each in groupby(Kind, _subject_of))
    )


def _subject_of(kind: Kind) -> str:
    return kind.partition(".")[0]


def _subject(name: str, kinds: list[Kind]) -> str:
    rows = [[code(kind), WORDS.get(kind, ""), _writers(kind)] for kind in kinds]
    return f"## {name.capitalize()}\n\n" + table(["kind", "on pages", "written by"], rows)


def _writers(kind: Kind) -> str:
    modules = sources.givers("Kind", "events.catalogue").get(kind.name, ())
    return ", ".join(map(code, modules)) or "reserved"
