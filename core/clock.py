"""The one place that reads the system's clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: A function that answers the present time, aware and in UTC. Services that wait on the wire take one.
Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def now() -> datetime:
    """Return the present time, aware, in UTC. Only views, tasks and commands call it."""
    return datetime.now(tz=UTC)


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC time of a count of milliseconds since 1970.

    Raises:
        ValueError: it lies outside the calendar.
    """
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError:
        raise ValueError(f"{milliseconds} milliseconds since 1970 are outside the calendar.") from None


def to_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970.

    Raises:
        ValueError: ``moment`` has no time zone, so it names no instant.
    """
    if moment.tzinfo is None:
        raise ValueError(f"The time {moment.isoformat()} has no zone.")
    # Whole numbers all the way: a float loses a millisecond now and then.
    return (moment - _EPOCH) // _MILLISECOND
