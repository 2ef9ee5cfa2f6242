"""Intention and measured health of a connection, kept apart. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum


class HealthStatus(StrEnum):
    """What was last measured. Nothing a person does sets it, and it never stops trading by itself but in ERROR."""

    UNTESTED = "UNTESTED"
    ACTIVE = "ACTIVE"
    DEGRADED = "DEGRADED"  # works, but slowly, with a clock far off, or with warnings
    ERROR = "ERROR"


#: Answers slower than this, or clocks further off, make a connection DEGRADED.
SLOW = timedelta(seconds=1)
CLOCK_OFF = timedelta(seconds=1)
#: A measurement older than this says nothing about now.
STALE_AFTER = timedelta(hours=24)


def status_of(*, latency: timedelta, clock_offset: timedelta) -> HealthStatus:
    """Return the health that one successful check shows."""
    if latency > SLOW or abs(clock_offset) > CLOCK_OFF:
        return HealthStatus.DEGRADED
    return HealthStatus.ACTIVE


def is_stale(last_tested_at: datetime | None, *, now: datetime, after: timedelta = STALE_AFTER) -> bool:
    """Return whether the last measurement is too old, or there was none."""
    return last_tested_at is None or now - last_tested_at > after


def can_execute_trades(*, is_active: bool, status: str, last_tested_at: datetime | None) -> bool:
    """Return whether orders may be sent: meant to trade, tested once, and not known to be broken."""
    return is_active and last_tested_at is not None and status != HealthStatus.ERROR
