"""Signals by the clock."""

from typing import Any

from celery import shared_task

from core.clock import now
from signals import services


@shared_task(name="ExpireSignalsJob")
def run_expire_job(**_: Any) -> int:
    """Expire every signal whose time has passed."""
    return services.expire_due(now=now())
