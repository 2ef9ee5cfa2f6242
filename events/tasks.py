"""The outbox's clockwork, and telling people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from celery import shared_task

from core.clock import now
from events import archiving, mailing, notifying, sealing, services

BATCH = 2000
#: What was delivered is kept for as long as somebody may still ask why a sink did what it did.
DELIVERIES_KEPT = timedelta(days=7)


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


@shared_task(name="PruneDeliveriesJob")
def run_prune_deliveries_job(**_: Any) -> int:
    """Forget deliveries that were done long ago. Return how many."""
    return archiving.prune_deliveries(before=now() - DELIVERIES_KEPT)


@shared_task(name="NotifyJob")
def run_notify_job(event_ids: Sequence[int], **_: Any) -> int:
    """Tell people of events. Doing it again tells nobody twice."""
    return notifying.notify(event_ids=event_ids, now=now())


@shared_task(name="SendMailsJob")
def run_send_mails_job(**_: Any) -> int:
    """Put what waits into mails and send what is due. Return how many were sent."""
    mailing.gather(now=now())
    return mailing.send_due(clock=now).sent
