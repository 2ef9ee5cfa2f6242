"""Instruments by the clock."""

import logging
from typing import Any

from celery import shared_task

from connections.errors import BrokerError, Misconfigured
from connections.models import DataConnection
from core.clock import now
from marketdata import services

logger = logging.getLogger(__name__)


@shared_task(name="LoadInstrumentsJob")
def run_load_instruments_job(data_connection_ids: list[str] | None = None, **_: Any) -> int:
    """Load the instruments of the named sources, or of all active ones. Return how many instruments there are."""
    sources = DataConnection.objects.filter(is_active=True)
    if data_connection_ids is not None:
        sources = sources.filter(pk__in=data_connection_ids)
    total = 0
    for source in sources:
        try:
            total += services.load_instruments(source=source, now=now())
        except (BrokerError, Misconfigured, TimeoutError) as error:
            logger.warning("Instruments of %s were not loaded: %s", source.venue_key, error)
    return total
