"""Words for codes, as people read them on pages: a short text, a tone, and a sentence of explanation."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a label should make somebody feel. The stylesheet gives each a colour."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    INFO = "info"
    QUIET = "quiet"
    BUY = "buy"
    SELL = "sell"
    LIVE = "live"
    TESTNET = "testnet"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Label:
    """A code in words."""

    text: str
    tone: Tone = Tone.QUIET
    #: what it means, in a sentence; empty when the text says it all
    hint: str = ""
