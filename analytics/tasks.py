"""Figures by the clock and on demand."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from celery import shared_task

from analytics import selectors, services
from core.clock import now

#: Far more than lies between two refreshes, so that one that was missed is made good by the next.
LOOK_BACK = timedelta(minutes=15)


@shared_task(name="UpdateAnalyticsJob")
def run_update_analytics_job(
    *,
    last_days: int | None = None,
    days: Sequence[str] | None = None,
    connection_ids: Sequence[str] | None = None,
    **_: Any,
) -> int:
    """Write the figures of the named days, of the last days with today, or else of what changed lately."""
    moment = now()
    if last_days is None and days is None:
        touched = selectors.touched(since=moment - LOOK_BACK, now=moment)
        return services.update(days=touched.days, connections=touched.connections, now=moment)
    today = moment.astimezone(UTC).date()
    wanted = [date.fromisoformat(each) for each in days or ()]
    wanted += [today - timedelta(days=back) for back in range((last_days or 0) + 1) if last_days is not None]
    named = None if connection_ids is None else [UUID(each) for each in connection_ids]
    return services.update(days=wanted, connections=named, now=moment)
