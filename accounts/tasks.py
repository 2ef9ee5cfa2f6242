"""Housekeeping by the clock."""

from typing import Any

from celery import shared_task

from accounts import idempotency
from core.clock import now


@shared_task(name="PruneIdempotencyRecordsJob")
def run_prune_idempotency_records_job(**_: Any) -> int:
    """Delete answers that are no longer repeated. Return how many."""
    return idempotency.prune_idempotency_records(now=now())
