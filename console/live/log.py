"""Reading the event log for open pages, in one thread of its own, without keeping a connection."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection

from accounts import selectors as accounts
from accounts.roles import Role
from accounts.selectors import LivingSession
from console.live.news import News, Person
from core.clock import now
from events.models import Event

T = TypeVar("T")

#: As much is looked through for somebody who was away; who missed more is told to ask for everything.
MOST_REPLAYED = 1000
#: An event may be committed after one with a higher id, so a look back begins this much earlier. What comes twice
#: does no harm: a page only asks again for what it shows.
OVERLAP = 200
CLOCKS_APART = timedelta(seconds=5)

_COLUMNS = ("id", "kind", "subject_type", "subject_id", "owner_id")
_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="signalbox-live")


async def by_ids(event_ids: Sequence[int]) -> list[News]:
    """Return these events, oldest first. Cost: one query."""
    return await _ask(lambda: _news(Event.objects.filter(pk__in=event_ids).order_by("pk").values_list(*_COLUMNS)))


async def newest_id() -> int:
    """Return the id of the newest event; 0 in an empty log."""
    return await _ask(lambda: Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)


async def after(event_id: int) -> list[News] | None:
    """Return events from a little before this id on, oldest first; None when there are too many to tell."""
    rows = Event.objects.filter(pk__gt=event_id - OVERLAP).order_by("-pk").values_list(*_COLUMNS)
    found = await _ask(lambda: _news(rows[: MOST_REPLAYED + 1]))
    return None if len(found) > MOST_REPLAYED else found[::-1]


async def since(moment: datetime) -> list[News] | None:
    """Return events from a little before this time on, oldest first; None when there are too many to tell."""
    rows = Event.objects.order_by("-pk").values_list(*_COLUMNS, "occurred_at")[: MOST_REPLAYED + 1]
    found = await _ask(lambda: list(rows))
    young = [row[:-1] for row in found if row[-1] >= moment - CLOCKS_APART]
    return None if len(young) > MOST_REPLAYED else _news(young)[::-1]


async def living(session_keys: Sequence[str]) -> dict[str, Person]:
    """Return who is still logged in, by session. Cost: two queries for any number."""
    found: dict[str, LivingSession] = await _ask(lambda: accounts.living_sessions(session_keys, now=now()))
    return {key: Person(each.user_id, Role(each.role)) for key, each in found.items()}


def _news(rows: Iterable[Any]) -> list[News]:
    return [News(*row) for row in rows]


async def _ask(question: Callable[[], T]) -> T:
    def answer() -> T:
        try:
            return question()
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(_executor, answer)
