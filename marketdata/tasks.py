"""Instruments by the clock."""

import logging
from typing import Any

from celery import shared_task

from connections.errors import BrokerError, Misconfigured
from connections.models import DataConnection, ExecutionConnection
from core.clock import now
from events import services as events
from events.models import Event
from marketdata import selectors, services

logger = logging.getLogger(__name__)

FIRST_INSTRUMENTS = "instruments"


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


@shared_task(name="LoadFirstInstrumentsJob")
def run_load_first_instruments_job(*, event_id: int, **_: Any) -> int:
    """Load what the venue of a new connection lists, unless that is known. Return how many instruments there are."""
    event = Event.objects.get(pk=event_id)
    connection = ExecutionConnection.objects.filter(pk=event.subject_id).first()
    count = 0
    if connection is not None and not selectors.has_instruments(connection.venue_key):
        try:
            count = services.load_instruments(source=connection, now=now())
        except (BrokerError, Misconfigured, TimeoutError) as error:
            events.mark_failed(FIRST_INSTRUMENTS, [event_id], error=str(error), now=now())
            return 0
    events.mark_done(FIRST_INSTRUMENTS, [event_id])
    return count
