"""The beat table: what happens by the clock. The admin may change intervals; names stay."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab


def _every(task: str, **interval: float) -> dict[str, Any]:
    schedule = timedelta(**interval)
    # A message that waited longer than two rounds is worth nothing: the next one says the same.
    return {"task": task, "schedule": schedule, "options": {"expires": max(schedule.total_seconds() * 2, 10)}}


def _daily(task: str, *, hour: int, minute: int, **kwargs: Any) -> dict[str, Any]:
    """At this time of the day in UTC."""
    return {"task": task, "schedule": crontab(hour=hour, minute=minute), "kwargs": kwargs}


SCHEDULE: dict[str, dict[str, Any]] = {
    "redispatch events": _every("RedispatchEventsJob", seconds=5),
    "send notifications": _every("SendMailsJob", seconds=10),
    "seal events": _every("SealEventsJob", seconds=10),
    "expire signals": _every("ExpireSignalsJob", seconds=5),
    "sweep rows": _every("SweepRowsJob", seconds=5),
    "resolve orders": _every("ResolveJob", seconds=2),
    "monitor positions": _every("MonitorPositionsJob", seconds=10),
    "reconcile accounts": _every("ReconcileJob", seconds=30),
    "test connections": _every("TestConnectionHealthJob", minutes=1),
    "prune idempotency records": _every("PruneIdempotencyRecordsJob", hours=1),
    "prune deliveries": _every("PruneDeliveriesJob", hours=1),
    "load instruments": _every("LoadInstrumentsJob", hours=6),
    "refresh analytics": _every("UpdateAnalyticsJob", minutes=2),
    # Shortly after midnight, and three days back for what venues report late.
    "write analytics": _daily("UpdateAnalyticsJob", hour=0, minute=7, last_days=3),
}
