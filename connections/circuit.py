"""When to stop sending entries to who does not answer, and when to try again. Pure.

A connection's circuit opens after some failures in a row, or at once when its key is refused; a venue's when several
of its connections fail and none is answered. An open circuit becomes half open after a while, longer each time: then
one harmless question goes first, and its answer decides. Exits, cancels and doubts never ask: protection first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connections.errors import AuthFailed, NotSent, OutcomeUnknown, Throttled

#: So many failures in a row open the circuit of a connection.
OPENS_AFTER = 5
#: A venue's needs so many connections that fail, with so many failures between them.
VENUE_CONNECTIONS = 3
VENUE_FAILURES = 6
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=1)
#: What goes wrong here, before anything is asked of the venue, says nothing about it.
_OURS = frozenset({"WAITED_HERE", "CIRCUIT_OPEN", "UNEXPECTED", "HALF_PAIR", "TRADES_WITHOUT_ORDER"})


class Circuit(StrEnum):
    """Whether entries may leave."""

    CLOSED = "CLOSED"
    HALF_OPEN = "HALF_OPEN"  # one question goes first
    OPEN = "OPEN"


class Said(StrEnum):
    """What the end of a request says about who was asked."""

    ANSWERED = "ANSWERED"
    FAILED = "FAILED"
    KEY_REFUSED = "KEY_REFUSED"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures in a row, without an answer between."""

    count: int
    last_at: datetime
    #: what the last one said
    reason: str
    is_auth: bool = False


def said_by(error: Exception | None) -> Said:
    """Return what a request that ended like this says. A refusal is an answer; being told to wait is neither."""
    if isinstance(error, AuthFailed):
        return Said.KEY_REFUSED
    if isinstance(error, Throttled) or getattr(error, "code", "") in _OURS:
        return Said.NOTHING
    if isinstance(error, NotSent | OutcomeUnknown | TimeoutError):
        return Said.FAILED
    return Said.ANSWERED


def state_of(failures: Failures | None, *, opens_after: int = OPENS_AFTER, now: datetime) -> Circuit:
    """Return the state that these failures make."""
    if failures is None or (failures.count < opens_after and not failures.is_auth):
        return Circuit.CLOSED
    return Circuit.OPEN if now < half_opens_at(failures, opens_after=opens_after) else Circuit.HALF_OPEN


def half_opens_at(failures: Failures, *, opens_after: int = OPENS_AFTER) -> datetime:
    """Return when an open circuit lets a question through: later with every failure."""
    excess = min(max(failures.count - opens_after, 0), 10)
    return failures.last_at + min(FIRST_PAUSE * 2**excess, LONGEST_PAUSE)


def venue_failures(by_connection: Mapping[str, Failures], *, answered_at: datetime | None) -> Failures | None:
    """Return the failures of a venue since it last answered anybody; None while they are too few to mean it.

    A refused key says nothing about the venue.
    """
    failing = [
        each
        for each in by_connection.values()
        if not each.is_auth and (answered_at is None or each.last_at > answered_at)
    ]
    count = sum(each.count for each in failing)
    if len(failing) < VENUE_CONNECTIONS or count < VENUE_FAILURES:
        return None
    last = max(failing, key=lambda each: each.last_at)
    # Every connection adds its own; what makes the pause longer is how often it went on.
    return Failures(VENUE_FAILURES + count // len(failing) - 1, last.last_at, last.reason)
