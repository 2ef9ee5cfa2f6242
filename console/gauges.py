"""The state of the installation as numbers, read when somebody asks for them.

Every process could answer, so nothing is counted in memory: what counts is in the database, the broker and the
cache. Each number costs an index scan, or less.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db.models import Count, F, Min, Q
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connections.models import ExecutionConnection
from core.clock import Clock
from events.models import Delivery, DeliveryStatus, Event
from execution.models import ExecutionLog, Order
from execution.outcomes import LogStatus
from execution.services.feeding import HEARTBEAT
from positions.models import ExecutionPosition, PositionStatus

logger = logging.getLogger(__name__)

#: Executions and times to protection are those of this window.
WINDOW = timedelta(hours=1)
#: Upper bounds of the histogram, in seconds.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class StateCollector(Collector):
    """Reads everything anew at each scrape. A number that cannot be had is left out, and the log says why."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        now = self._clock()
        for family in _FAMILIES:
            try:
                yield from family(now)
            except Exception:
                logger.exception("A metric could not be read.")

    def describe(self) -> list[Metric]:
        """Return nothing, or registering would read everything once."""
        return []


def render(*, clock: Clock) -> bytes:
    """Return the metrics as Prometheus reads them. Cost: some ten statements."""
    registry = CollectorRegistry()
    registry.register(StateCollector(clock))
    return generate_latest(registry)


def feed_ages(now: datetime) -> tuple[float | None, dict[str, float]]:
    """Return how many seconds ago the feed last said it is alive, and how old each venue's latest quote is.

    None when it is not alive. A venue without any quote yet is left out. Cost: one cache call.
    """
    beat = cache.get(HEARTBEAT)
    if beat is None:
        return None, {}
    venues = {venue: _age(at, now) for venue, at in beat["venues"].items() if at}
    return _age(beat["at"], now), venues


def _age(moment: str, now: datetime) -> float:
    return max((now - datetime.fromisoformat(moment)).total_seconds(), 0.0)


def _executions(now: datetime) -> Iterator[Metric]:
    rows = ExecutionLog.objects.filter(created_at__gt=now - WINDOW).values_list("status")
    counts = dict(rows.annotate(count=Count("pk")).order_by())
    family = GaugeMetricFamily(
        "signalbox_executions_last_hour", "Executions of the last hour by status.", labels=["status"]
    )
    for status in LogStatus:
        family.add_metric([status], counts.get(status, 0))
    yield family


def _orders_in_doubt(now: datetime) -> Iterator[Metric]:
    doubts = Order.objects.filter(in_doubt=True).aggregate(
        count=Count("pk"), unresolved=Count("pk", filter=Q(unresolved_at__isnull=False)), oldest=Min("doubt_since")
    )
    yield _gauge("signalbox_orders_in_doubt", "Orders whose outcome is not known.", doubts["count"])
    yield _gauge(
        "signalbox_orders_unresolved", "Orders in doubt for so long that people are told.", doubts["unresolved"]
    )
    yield _gauge(
        "signalbox_order_doubt_seconds_max", "How long the oldest doubt has lasted.", _since(doubts["oldest"], now)
    )


def _protection(now: datetime) -> Iterator[Metric]:
    bare = ExecutionPosition.objects.filter(status=PositionStatus.OPEN, unprotected_since__isnull=False).aggregate(
        count=Count("pk"), oldest=Min("unprotected_since")
    )
    yield _gauge("signalbox_positions_unprotected", "Open positions without their stop now.", bare["count"])
    yield _gauge(
        "signalbox_unprotected_seconds_max",
        "How long the longest of them has been without it.",
        _since(bare["oldest"], now),
    )


def _time_to_protected(now: datetime) -> Iterator[Metric]:
    since = now - WINDOW
    # updated_at is indexed, and a position that was protected since was updated since.
    rows = ExecutionPosition.objects.filter(
        updated_at__gt=since, protected_at__gt=since, first_fill_at__isnull=False
    ).annotate(took=F("protected_at") - F("first_fill_at"))
    seconds = [max(took.total_seconds(), 0.0) for took in rows.values_list("took", flat=True)]
    buckets = [(str(bound), float(sum(1 for each in seconds if each <= bound))) for bound in BUCKETS]
    family = GaugeHistogramMetricFamily(
        "signalbox_time_to_protected_seconds",
        "From first fill to a stop, of positions protected in the last hour.",
    )
    family.add_metric([], buckets=[*buckets, ("+Inf", float(len(seconds)))], gsum_value=sum(seconds))
    yield family


def _events(now: datetime) -> Iterator[Metric]:
    waiting = Delivery.objects.filter(status=DeliveryStatus.PENDING).values_list("sink")
    backlog = GaugeMetricFamily("signalbox_events_undelivered", "Events on their way to a sink.", labels=["sink"])
    for sink, count in waiting.annotate(count=Count("pk")).order_by():
        backlog.add_metric([sink], count)
    yield backlog
    unsealed = Event.objects.filter(sequence__isnull=True).count()
    yield _gauge("signalbox_events_unsealed", "Events that are not in the hash chain yet.", unsealed)


def _connections(now: datetime) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "signalbox_connections", "Connections by measured health and by intention.", labels=["health", "is_active"]
    )
    rows = ExecutionConnection.objects.values_list("status", "is_active").annotate(count=Count("pk"))
    for health, is_active, count in rows.order_by():
        family.add_metric([health, str(is_active).lower()], count)
    yield family


def _feed(now: datetime) -> Iterator[Metric]:
    alive, venues = feed_ages(now)
    if alive is not None:
        yield _gauge("signalbox_feed_heartbeat_age_seconds", "Since when the feed has said nothing.", alive)
    family = GaugeMetricFamily("signalbox_quote_age_seconds", "How old the latest quote is.", labels=["venue"])
    for venue, age in venues.items():
        family.add_metric([venue], age)
    yield family


def _queues(now: datetime) -> Iterator[Metric]:
    conf = current_app.conf
    with current_app.connection_for_read() as broker:
        if broker.transport.driver_type != "redis":
            return  # other brokers have exporters of their own
        family = GaugeMetricFamily(
            "signalbox_queue_length", "Messages that no worker has taken.", labels=["queue"]
        )
        channel: Any = broker.default_channel
        for queue in sorted({route["queue"] for route in conf.task_routes.values()} | {conf.task_default_queue}):
            family.add_metric([queue], channel.client.llen(queue))
        yield family


def _since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max((now - moment).total_seconds(), 0.0)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


_FAMILIES: tuple[Callable[[datetime], Iterator[Metric]], ...] = (
    _executions, _orders_in_doubt, _protection, _time_to_protected, _events, _connections, _feed, _queues,
)  # fmt: skip
