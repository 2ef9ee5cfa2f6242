"""Health by the clock and on demand."""

from typing import Any
from uuid import UUID

from celery import shared_task

from connections import checking, selectors
from connections.models import ExecutionConnection
from core.clock import now
from events import operational

BATCH = 200


@shared_task(name="TestConnectionHealthJob")
def run_health_job(connection_ids: list[str] | None = None, **_: Any) -> int:
    """Test the named connections, or those whose last test is due. Return how many were asked."""
    if connection_ids is None:
        every = operational.value("connections.test_every")
        due = selectors.due_for_test(now=now(), every=every, limit=BATCH)
        connections = checking.one_of_each_silent_venue(due, now=now())
    else:
        connections = list(ExecutionConnection.objects.filter(pk__in=[UUID(each) for each in connection_ids]))
    if connections:
        checking.check_connections(connections=connections, clock=now)
    return len(connections)
