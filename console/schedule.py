"""Changing what happens by the clock: when, and whether at all. Names, tasks and arguments are the code's.

The scheduler of the beat process keeps what is changed here (``config/scheduler.py``) and sees it within seconds.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.models import User
from events import services as events
from events.catalogue import Kind

SHORTEST_S, LONGEST_S = 1, 86_400
#: A message that waited longer than two rounds is worth nothing, but a worker needs some time.
SHORTEST_EXPIRY_S = 10


class InvalidSchedule(ValueError):
    """What was entered is no time for this task. ``field`` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def change_interval(*, task: PeriodicTask, every_s: int, actor: User | None, now: datetime) -> PeriodicTask:
    """Let a task run every so many seconds.

    Raises:
        InvalidSchedule: out of bounds, or the task runs at a time of the day.
    """
    if task.interval_id is None:
        raise InvalidSchedule("every_s", f"{task.name} runs at a time of the day.")
    if not SHORTEST_S <= every_s <= LONGEST_S:
        raise InvalidSchedule(
            "every_s", f"It was {every_s} seconds but must be between {SHORTEST_S} and {LONGEST_S}."
        )
    before = when(task)
    task.interval, _ = IntervalSchedule.objects.get_or_create(every=every_s, period=IntervalSchedule.SECONDS)
    task.expires = None
    task.expire_seconds = max(every_s * 2, SHORTEST_EXPIRY_S)
    return _save(task, before, actor, now)


@transaction.atomic
def change_time(*, task: PeriodicTask, hour: int, minute: int, actor: User | None, now: datetime) -> PeriodicTask:
    """Let a task run once a day at this time in UTC.

    Raises:
        InvalidSchedule: no time of the day, or the task runs at intervals.
    """
    if task.crontab_id is None:
        raise InvalidSchedule("hour", f"{task.name} runs at intervals.")
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        raise InvalidSchedule("hour", f"{hour}:{minute:02} is no time of the day.")
    before = when(task)
    task.crontab, _ = CrontabSchedule.objects.get_or_create(
        hour=str(hour), minute=str(minute), day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
    )
    return _save(task, before, actor, now)


@transaction.atomic
def switch(*, task: PeriodicTask, is_enabled: bool, actor: User | None, now: datetime) -> PeriodicTask:
    """Let a task run by the clock, or not."""
    before = when(task)
    task.enabled = is_enabled
    return _save(task, before, actor, now)


def when(task: PeriodicTask) -> str:
    """Return when a task runs, in words."""
    if not task.enabled:
        return "never"
    if task.interval_id is not None:
        return f"every {int(task.interval.schedule.run_every.total_seconds())} s"
    return f"daily at {int(task.crontab.hour):02}:{int(task.crontab.minute):02} UTC" if task.crontab_id else "?"


def _save(task: PeriodicTask, before: str, actor: User | None, now: datetime) -> PeriodicTask:
    # The scheduler leaves alone what says so here; everything else it writes anew from the code when it starts.
    task.description = f"Changed at {now:%Y-%m-%d %H:%M:%S} UTC"
    task.save()
    data: dict[str, Any] = {"name": task.name, "before": before, "after": when(task)}
    events.append(
        events.NewEvent(
            kind=Kind.SETTING_CHANGED,
            subject_type="django_celery_beat.periodictask",
            subject_id=task.name,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data=data,
        )
    )
    return task
