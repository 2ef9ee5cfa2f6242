"""The outbox's clockwork."""

from typing import Any

from celery import shared_task

from core.clock import now
from events import sealing, services

BATCH = 2000


@shared_task(name="RedispatchEventsJob")
def run_redispatch_job(**_: Any) -> int:
    """Hand on again what a crash left behind."""
    return services.redispatch(now=now())


@shared_task(name="SealEventsJob")
def run_seal_job(**_: Any) -> int:
    """Seal what is committed, in batches, until nothing is left."""
    total = 0
    while sealed := sealing.seal(batch=BATCH):
        total += sealed
        if sealed < BATCH:
            break
    return total
