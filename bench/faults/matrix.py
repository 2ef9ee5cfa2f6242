"""Faults of the venue times places where a worker dies times doubled messages, every combination on two accounts.

For every place a worker takes a signal and dies there; another takes over, and the message comes three times. When
all is quiet both books are compared; then everything is closed, by hand and by the price, and they are compared again.
"""

import random
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.faults.catalogue import CRASHES, Cell
from bench.faults.ground import Ground
from bench.nursery import worker

TERMS = {
    "currency_pair": "BTC/USDT",
    "direction": "BUY",
    "order_type": "MARKET",
    "open_price": "60000",
    "sl": "58800",
    "targets": [{"price": "61200", "share": "1"}],
}
PRESET = {"sizing_mode": "FIXED_QUANTITY", "size": "0.05"}
MONEY = "10000"
AT_TARGET = "61260"
SYMBOL = "BTCUSDT"
DEATH_TIMEOUT_S = 60
SETTLE_TIMEOUT_S = 420

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """One cell of the matrix, after everything."""

    cell: Cell
    at_venue: int
    known: int
    doubled: int
    orphans: int
    unprotected_s: float
    resolved_s: float
    faults: Sequence[str]


def run(cells: Sequence[Cell], ground: Ground, say: Say) -> list[Result]:
    """Play every cell and return what became of it."""
    from bench.faults import books, cast

    places = list(dict.fromkeys(cell.place for cell in cells))
    seats = [
        cast.Seat(cell.number, cell.name, cell.market, ground.venue.address(places.index(cell.place)), cell.place)
        for cell in cells
    ]
    channels = cast.seed(seats, PRESET)
    start(ground)
    for cell in cells:
        for rule in cell.fault.rules(cell.name, cell.market):
            ground.venue.post("/admin/faults", rule)
    for place in places:
        _publish(ground, channels[place], place)
        say(f"  {place}: published{', and its worker is dead' if CRASHES[place] else ''}")
    took = ground.wait(books.is_settled, "the books to be settled", SETTLE_TIMEOUT_S)
    say(f"  settled after {took:.0f} s")
    before = books.compare(ground.venue)
    _close(cells, ground, say)
    after = books.compare(ground.venue)
    return [_result(cell, before[cell.name], after[cell.name]) for cell in cells]


def start(ground: Ground) -> None:
    from config.celery import app

    for name in ("orders", "exits", "default", "beat", "feed"):
        ground.crew.start(name)
    ground.wait(lambda: len(app.control.ping(timeout=0.5) or []) >= 3, "the workers", 60)


def _publish(ground: Ground, channel: Any, place: str) -> None:
    """Publish to the accounts of a place while the only worker for it is one that dies there."""
    from config.celery import app
    from events.models import Event
    from execution import tasks
    from execution.models import ExecutionLog

    node = [f"orders@{socket.gethostname()}"]
    if CRASHES[place]:
        app.control.cancel_consumer("orders", destination=node, reply=True, timeout=5)
    signal = publish(channel, place)
    if CRASHES[place]:
        doomed = ground.nursery.start(worker(f"doomed-{place}", "orders"), crash_at=CRASHES[place])
        ground.wait(lambda: ground.nursery.status_of(doomed) is not None, f"the death at {place}", DEATH_TIMEOUT_S)
        app.control.add_consumer("orders", destination=node, reply=True, timeout=5)
    event = Event.objects.get(kind="signal.published", subject_id=str(signal.pk))
    for _ in range(2):
        tasks.run_fan_out_job.delay(event_id=event.pk)
    rows = [str(key) for key in ExecutionLog.objects.filter(signal=signal).values_list("pk", flat=True)]
    random.Random(place).shuffle(rows)
    tasks.run_execute_job.delay(log_ids=rows)


def publish(channel: Any, name: str, terms: Mapping[str, Any] = TERMS) -> Any:
    """Publish a signal as its provider does, and return it."""
    from django.db import transaction

    from core.clock import now
    from signals import services as signals

    signal = signals.create_signal(
        channel=channel, data=dict(terms), author=None, now=now(), source="faults", external_id=name
    )
    signals.approve(signal=signal, actor=None, now=now())
    with transaction.atomic():
        signals.publish(signal=signal, actor=None, now=now())
    return signal


def _close(cells: Sequence[Cell], ground: Ground, say: Say) -> None:
    """Close by hand where that is what goes wrong, and everything else by the price."""
    from bench.faults import books
    from execution import tasks
    from positions.models import ExecutionPosition, PositionStatus

    by_hand = [cell.name for cell in cells if cell.fault.is_closed_by_hand]
    is_open = ExecutionPosition.objects.filter(status=PositionStatus.OPEN)
    keys = list(is_open.filter(connection__name__in=by_hand).values_list("pk", flat=True))
    request_close(keys)
    tasks.run_advance_job.delay(position_ids=[str(key) for key in keys])
    took = ground.wait(books.is_settled, "what was closed by hand", SETTLE_TIMEOUT_S)
    say(f"  {len(keys)} closed by hand after {took:.0f} s")
    ground.venue.move_price(SYMBOL, AT_TARGET)
    took = ground.wait(lambda: not is_open.exists() and books.is_settled(), "the targets", SETTLE_TIMEOUT_S)
    say(f"  everything flat after {took:.0f} s")


def request_close(keys: Sequence[Any]) -> None:
    """Ask for positions to be closed, as their owner does."""
    from core.clock import now
    from execution.services import protection
    from positions.exits import ClosingReason

    for key in keys:
        protection.request_close(position_id=key, reason=ClosingReason.MANUAL, now=now())


def _result(cell: Cell, before: Any, after: Any) -> Result:
    return Result(
        cell=cell,
        at_venue=after.at_venue,
        known=after.known,
        doubled=len(after.doubled),
        orphans=len(after.orphans),
        unprotected_s=before.unprotected_s,
        resolved_s=before.resolved_s,
        faults=[*(f"before closing: {each}" for each in before.faults), *after.faults],
    )
