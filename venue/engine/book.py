"""A limit order book: best price first, then first come, first served."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from venue.engine.decimals import ZERO, floor_to
from venue.engine.orders import Order
from venue.engine.terms import Side

Levels = list[tuple[Decimal, Decimal]]


class BookSide:
    """One side; `keys` is sorted so that the best price is always first."""

    def __init__(self, side: Side) -> None:
        self.side = side
        # Bids are kept by negated price, so both sides read from the front.
        self._sign = -1 if side is Side.BUY else 1
        self._keys: list[Decimal] = []
        self._queues: dict[Decimal, deque[Order]] = {}

    def add(self, order: Order) -> None:
        assert order.price is not None
        queue = self._queues.get(order.price)
        if queue is None:
            queue = self._queues[order.price] = deque()
            insort(self._keys, self._sign * order.price)
        queue.append(order)

    def remove(self, order: Order) -> None:
        queue = self._queues.get(order.price) if order.price is not None else None
        if queue is None or order not in queue:
            return
        queue.remove(order)
        if not queue:
            del self._queues[order.price]  # type: ignore[arg-type]
            del self._keys[bisect_left(self._keys, self._sign * order.price)]  # type: ignore[operator]

    @property
    def best(self) -> Order | None:
        if not self._keys:
            return None
        return self._queues[self._sign * self._keys[0]][0]

    @property
    def best_price(self) -> Decimal | None:
        return self._sign * self._keys[0] if self._keys else None

    def __iter__(self) -> Iterator[Order]:
        for key in self._keys:
            yield from self._queues[self._sign * key]

    def levels(self, limit: int) -> Levels:
        """This function will sum the open quantity at each of the best prices."""
        return [
            (self._sign * key, sum((order.remaining for order in self._queues[self._sign * key]), ZERO))
            for key in self._keys[:limit]
        ]


class Book:
    """Both sides; `version` rises with every change, as Binance's update id does."""

    def __init__(self) -> None:
        self.sides = {Side.BUY: BookSide(Side.BUY), Side.SELL: BookSide(Side.SELL)}
        self.version = 1

    def add(self, order: Order) -> None:
        self.sides[order.side].add(order)
        self.version += 1

    def remove(self, order: Order) -> None:
        self.sides[order.side].remove(order)
        self.version += 1

    def best(self, side: Side) -> Order | None:
        return self.sides[side].best

    def best_price(self, side: Side) -> Decimal | None:
        return self.sides[side].best_price

    def crosses(self, side: Side, price: Decimal) -> bool:
        """This function will tell whether an order of a side at a price would trade at once."""
        best = self.best_price(side.opposite)
        if best is None:
            return False
        return best <= price if side is Side.BUY else best >= price

    def reachable(self, order: Order) -> tuple[Decimal, Decimal]:
        """This function will sum base and quote an order could trade now, leaving out its own account."""
        base = quote = ZERO
        for maker in self.sides[order.side.opposite]:
            if base >= order.remaining or maker.price is None or not order.accepts(maker.price):
                break
            if maker.account is order.account:
                continue
            quantity = min(order.remaining - base, maker.remaining)
            base += quantity
            quote += quantity * maker.price
        return base, quote

    def base_for(self, side: Side, budget: Decimal, step: Decimal) -> Decimal:
        """This function will say how much base a quote amount buys or brings, in whole steps.

        Where the book ends first, the rest counts at its last price, so that the order will not look complete.
        """
        base, price = ZERO, ZERO
        for maker in self.sides[side.opposite]:
            price = maker.price or ZERO
            affordable = floor_to(budget / price, step)
            quantity = min(affordable, maker.remaining)
            base += quantity
            budget -= quantity * price
            if quantity < maker.remaining:
                return base
        return base + (floor_to(budget / price, step) if price else ZERO)
