"""Waiting conditional orders, fired by a moving price in the order the price reaches them."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from decimal import Decimal

from venue.engine.decimals import ONE
from venue.engine.orders import AlgoOrder, Order
from venue.engine.terms import SPOT_CONDITIONAL, USDM_CONDITIONAL, Side

Waiting = Order | AlgoOrder


def fires_upwards(waiting: Waiting) -> bool:
    """This function will tell whether a rising price fires the order: a buy stop or a sell target."""
    kind = waiting.spec.type
    is_stop = SPOT_CONDITIONAL.get(kind, True) if isinstance(waiting, Order) else USDM_CONDITIONAL[kind]
    return is_stop == (waiting.side is Side.BUY)


def would_fire(waiting: Waiting, price: Decimal) -> bool:
    """This function will tell whether a stop price is already passed."""
    stop = waiting.spec.stop_price
    if stop is None or waiting.spec.trail is not None:
        return False
    return price >= stop if fires_upwards(waiting) else price <= stop


@dataclass(slots=True)
class Trail:
    """A trailing order: it follows the best price since activation and fires when that is lost by a ratio.

    Source: https://www.binance.com/en/support/faq/360042299292
    """

    waiting: Waiting
    extreme: Decimal | None = None

    def fires(self, price: Decimal) -> bool:
        spec = self.waiting.spec
        assert spec.trail is not None
        rising = fires_upwards(self.waiting)
        if self.extreme is None:
            start = spec.activation
            if start is not None and (price > start if rising else price < start):
                return False
            self.extreme = price
        self.extreme = min(self.extreme, price) if rising else max(self.extreme, price)
        if rising:
            return price >= self.extreme * (ONE + spec.trail)
        return price <= self.extreme * (ONE - spec.trail)


class TriggerBook:
    """Conditional orders of one symbol that watch the same price."""

    def __init__(self) -> None:
        # (price that fires, arrival number, order); falling triggers by negated price.
        self._rising: list[tuple[Decimal, int, Waiting]] = []
        self._falling: list[tuple[Decimal, int, Waiting]] = []
        self._trails: dict[int, Trail] = {}
        self._count = 0

    def add(self, waiting: Waiting, price: Decimal) -> None:
        if waiting.spec.trail is not None:
            trail = self._trails[id(waiting)] = Trail(waiting)
            trail.fires(price)
            return
        self._count += 1
        self._insert(waiting, self._count)

    def _insert(self, waiting: Waiting, number: int) -> None:
        assert waiting.spec.stop_price is not None
        if fires_upwards(waiting):
            insort(self._rising, (waiting.spec.stop_price, number, waiting))
        else:
            insort(self._falling, (-waiting.spec.stop_price, number, waiting))

    def remove(self, waiting: Waiting) -> None:
        if self._trails.pop(id(waiting), None) is not None or waiting.spec.stop_price is None:
            return
        rising = fires_upwards(waiting)
        rows = self._rising if rising else self._falling
        key = waiting.spec.stop_price if rising else -waiting.spec.stop_price
        for index in range(bisect_left(rows, (key,)), len(rows)):
            if rows[index][2] is waiting:
                del rows[index]
                return

    def pop(self, price: Decimal) -> Waiting | None:
        """This function will take out the next order that a price fires, or None."""
        if self._rising and self._rising[0][0] <= price:
            return self._rising.pop(0)[2]
        if self._falling and -self._falling[0][0] >= price:
            return self._falling.pop(0)[2]
        fired = next((trail.waiting for trail in self._trails.values() if trail.fires(price)), None)
        if fired is not None:
            del self._trails[id(fired)]
        return fired

    def rows(self) -> list[tuple[Waiting, int, Decimal | None]]:
        """This function will list who waits, with arrival number and, for trailing orders, the best price seen."""
        stops = [(waiting, number, None) for _, number, waiting in (*self._rising, *self._falling)]
        return stops + [(trail.waiting, 0, trail.extreme) for trail in self._trails.values()]

    def put_back(self, waiting: Waiting, number: int, extreme: Decimal | None) -> None:
        """This function will let an order wait again as `rows` told of it."""
        if waiting.spec.trail is not None:
            self._trails[id(waiting)] = Trail(waiting, extreme)
            return
        self._insert(waiting, number)
        self._count = max(self._count, number)
