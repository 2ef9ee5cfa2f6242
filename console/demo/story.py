"""The demo's story: one signal from publishing to the last close, on every account, told against running processes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from console.demo import seeding
from console.demo.prices import Prices
from console.demo.venue import VenueAdmin
from core.clock import Clock
from execution import tasks
from execution.machine import OPEN
from execution.models import ExecutionLog, Order
from execution.outcomes import FINISHED
from execution.services import protection
from positions.exits import ClosingReason
from positions.models import ExecutionPosition, PositionStatus
from signals import services as signals
from signals.models import Signal

#: No step of the story may take longer.
STEP_TIMEOUT = timedelta(seconds=40)
LOOK_S = 0.05


@dataclass
class Told:
    """The story after it was told."""

    signal: Signal
    seeded: seeding.Seeded
    #: name of a step -> seconds it took
    seconds: dict[str, float] = field(default_factory=dict)
    #: steps that did not come to their end in time
    unfinished: list[str] = field(default_factory=list)


class Teller:
    """Tells the story step by step and says what happens."""

    def __init__(self, *, venue: VenueAdmin, prices: Prices, clock: Clock, say: Callable[[str], None]) -> None:
        self.venue = venue
        self.prices = prices
        self.clock = clock
        self.say = say

    def tell(self, seeded: seeding.Seeded) -> Told:
        """Publish, drive the price to target one and to the stop, and close what is left."""
        signal = self._publish(seeded, self.prices.signal())
        told = Told(signal, seeded)
        self._step(told, "every account has its outcome", lambda: self._wait(lambda: self._is_decided(signal.pk)))
        self._step(told, "every position has its stop", lambda: self._wait(lambda: self._is_protected(signal.pk)))
        self._step(told, "target one", lambda: self._to_target(signal.pk))
        self._step(told, "the stop", lambda: self._to_stop(signal.pk))
        self._step(told, "what is left is closed", lambda: self._close_rest(signal.pk))
        return told

    def _publish(self, seeded: seeding.Seeded, terms: dict[str, Any]) -> Signal:
        bob = seeded.people["bob"]
        signal = signals.create_signal(
            channel=seeded.channel, data=terms, author=bob, now=self.clock(), source="demo"
        )
        signals.approve(signal=signal, actor=bob, now=self.clock())
        with transaction.atomic():
            signals.publish(signal=signal, actor=bob, now=self.clock())
        targets = ", ".join(target["price"] for target in signal.targets)
        self.say(
            f"Published: buy {signal.currency_pair} near {terms['open_price']}, stop {terms['sl']}, targets {targets}."
        )
        return signal

    def _step(self, told: Told, name: str, do: Callable[[], bool]) -> None:
        begun = time.monotonic()
        is_done = do()
        told.seconds[name] = time.monotonic() - begun
        if not is_done:
            told.unfinished.append(name)
        self.say(f"  {'done' if is_done else 'NOT DONE':8} {name}, after {told.seconds[name]:.1f} s")

    def _to_target(self, signal_id: UUID) -> bool:
        self.prices.to_first_target(lambda: self._follow(signal_id) and self._has_taken_profit(signal_id))
        return self._wait(lambda: self._is_quiet(signal_id), quick=True)

    def _to_stop(self, signal_id: UUID) -> bool:
        self.prices.to_stop(lambda: self._follow(signal_id) and self._is_flat(signal_id))
        return self._wait(lambda: self._is_quiet(signal_id), quick=True)

    def _follow(self, signal_id: UUID) -> bool:
        """Let our books learn what has traded at the venue, so that a price in a hurry does not run ahead of them."""
        return self._wait(lambda: self._has_caught_up(signal_id), quick=True)

    def _close_rest(self, signal_id: UUID) -> bool:
        rest = list(self._open(signal_id).values_list("pk", flat=True))
        for position_id in rest:
            protection.request_close(position_id=position_id, reason=ClosingReason.TIME, now=self.clock())
        if rest:
            tasks.run_advance_job.delay(position_ids=[str(each) for each in rest])
        return self._wait(lambda: self._is_flat(signal_id) and self._is_quiet(signal_id))

    def _wait(self, is_done: Callable[[], bool], *, quick: bool = False) -> bool:
        limit = STEP_TIMEOUT / 4 if quick else STEP_TIMEOUT
        deadline = time.monotonic() + limit.total_seconds()
        while not (done := is_done()) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        return done

    def _is_decided(self, signal_id: UUID) -> bool:
        rows = ExecutionLog.objects.filter(signal_id=signal_id)
        return rows.count() > 0 and not rows.exclude(status__in=FINISHED).exists()

    def _is_protected(self, signal_id: UUID) -> bool:
        return (
            not self._open(signal_id).filter(Q(unprotected_since__isnull=False) | Q(first_fill_at=None)).exists()
        )

    def _has_caught_up(self, signal_id: UUID) -> bool:
        """Whether every order that works here works at the venue."""
        mine = Order.objects.filter(
            log__signal_id=signal_id, state__in=OPEN, acknowledged_at__isnull=False, is_held=False
        )
        known = set(mine.values_list("client_order_id", flat=True))
        theirs = [*self.venue.orders(open="true"), *self.venue.algos(open="true")]
        return known <= {row["client_order_id"] for row in theirs}

    def _has_taken_profit(self, signal_id: UUID) -> bool:
        first = Order.objects.filter(log__signal_id=signal_id, role="target", piece=1)
        return not first.filter(state__in=OPEN).exists()

    def _is_flat(self, signal_id: UUID) -> bool:
        return not self._open(signal_id).exists()

    def _is_quiet(self, signal_id: UUID) -> bool:
        """Whether no order of a closed position lives, and none is on its way."""
        mine = Order.objects.filter(log__signal_id=signal_id, state__in=OPEN, is_held=False)
        return not mine.filter(
            Q(acknowledged_at__isnull=True) | Q(in_doubt=True) | Q(position__status=PositionStatus.CLOSED)
        ).exists()

    def _open(self, signal_id: UUID) -> Any:
        return ExecutionPosition.objects.filter(signal_id=signal_id, status=PositionStatus.OPEN)
