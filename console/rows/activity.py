"""Events as people read them: a sentence, a time, and the way to what it happened to."""

from dataclasses import dataclass
from datetime import datetime

from events.addresses import address_of
from events.catalogue import WORDS, Kind
from events.models import Event
from execution.outcomes import sentence
from positions.labels import CLOSING_REASONS


@dataclass(frozen=True, slots=True)
class ActivityRow:
    id: int
    words: str
    #: empty where there is nothing to show
    address: str
    at: datetime
    #: "you", "Signalbox", or nobody in particular
    by: str
    is_house: bool


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def activity_row(event: Event, user_id: object) -> ActivityRow:
    """Return what a page shows."""
    by = "you" if event.actor_id == user_id else "Signalbox" if event.actor_id is None else "somebody else"
    return ActivityRow(event.pk, words_of(event), _address(event), event.occurred_at, by, event.owner_id is None)


def words_of(event: Event) -> str:
    """Return an event as a sentence."""
    text = WORDS.get(Kind(event.kind)) if event.kind in set(Kind) else None
    if text:
        return text.format_map(_Blank(event.data, why=_why(event))).strip()
    about = next(
        (str(event.data[name]) for name in ("name", "symbol", "pair", "channel") if event.data.get(name)), ""
    )
    happened = event.kind.replace(".", " ").replace("_", " ").capitalize()
    return f"{happened}: {about}" if about else happened


def _why(event: Event) -> str:
    reason = str(event.data.get("reason") or "")
    if event.subject_type == "execution.executionlog":
        return sentence(reason, event.data.get("numbers") or {}) if reason else ""
    closing = CLOSING_REASONS.get(reason)
    return f"{closing.text}." if closing else ""


def _address(event: Event) -> str:
    if event.kind == Kind.PRESET_CHANGED and event.data.get("change") == "REMOVED":
        return ""
    return address_of(kind=event.kind, subject_type=event.subject_type, subject_id=event.subject_id)
