"""Places at which a process can be made to die at once, to show that nothing depends on its living on.

Nobody dies unless ``SIGNALBOX_CRASH_AT`` names a place: ``after-claim`` for the first passing, ``after-claim:7`` for
the seventh. Otherwise a passing is one comparison.
"""

import itertools
import os
import signal
from enum import StrEnum


class Place(StrEnum):
    """Where a worker can be killed, in the order in which an order passes."""

    BEFORE_ROWS = "before-rows"  # a signal's event is taken up, no row exists
    AFTER_ROWS = "after-rows"  # the rows are committed, no message for them is out
    AFTER_MESSAGES = "after-messages"  # the messages are out, the event is not noted as done
    BEFORE_CLAIM = "before-claim"
    AFTER_CLAIM = "after-claim"
    INSIDE_DECISION = "inside-decision"  # orders are written and not committed
    BEFORE_WIRE = "before-wire"  # orders are committed, nothing has left
    ON_THE_WIRE = "on-the-wire"  # the venue has acted, its answer is not read
    AFTER_ANSWER = "after-answer"  # the answer is read, nobody has written it down
    INSIDE_RECORDING = "inside-recording"  # fills, orders and positions are written and not committed
    AFTER_RECORDING = "after-recording"  # a fill is booked, its protection is not planned
    BEFORE_EXITS = "before-exits"  # protection, or a cancel, is committed and has not left
    INSIDE_VERDICT = "inside-verdict"  # a search has found nothing, and what that proves is not committed


_armed: Place | None = None
_passings = itertools.count(1)
_fatal = 1


def arm(text: str) -> None:
    """Let this process die at a place; an empty text disarms.

    Raises:
        ValueError: there is no such place, or the passing is no whole number from 1 on.
    """
    global _armed, _passings, _fatal
    name, _, passing = text.partition(":")
    _armed = Place(name) if name else None
    _fatal = int(passing or 1)
    if _fatal < 1:
        raise ValueError(f"SIGNALBOX_CRASH_AT was {text!r} but passings are counted from 1.")
    _passings = itertools.count(1)


def passing(place: Place) -> None:
    """Die here if this is where and when this process is to die."""
    if place is _armed and next(_passings) == _fatal:
        _die()


def _die() -> None:
    # As the kernel's own killer does it: no handler, no clean-up, no goodbye to the broker.
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)
