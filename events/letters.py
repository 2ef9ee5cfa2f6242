"""How an e-mail with notifications reads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Line:
    """One fact."""

    title: str
    #: empty when the title says it all
    detail: str
    at: datetime
    #: the whole address of its page; empty when there is none
    address: str


def subject_of(lines: Sequence[Line], *, more: int = 0) -> str:
    """Return the subject: the fact itself, or how many there are. Names that people chose stay on one line."""
    count = len(lines) + more
    text = lines[0].title if count == 1 else f"{count} notifications, the first: {lines[0].title}"
    text = f"[Signalbox] {' '.join(text.split())}"
    return text if len(text) <= LONGEST_SUBJECT else f"{text[: LONGEST_SUBJECT - 1]}…"


def body_of(lines: Sequence[Line], *, more: int, zone: str, all_at: str, choices_at: str) -> str:
    """Return the text: a paragraph a fact, oldest first, with times in the reader's zone."""
    paragraphs = [_paragraph(line, ZoneInfo(zone)) for line in lines]
    if more:
        paragraphs.append(f"... and {more} more.")
    paragraphs.append(f"All of them: {all_at}\nChoose what you are told, and how: {choices_at}")
    return "\n\n".join(paragraphs) + "\n"


def _paragraph(line: Line, zone: ZoneInfo) -> str:
    at = line.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    return "\n".join(part for part in (line.title, line.detail, at, line.address) if part)
