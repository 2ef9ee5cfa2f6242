"""Which prices matter, so that a tick costs what it makes due and not what is held. Pure.

A level is a price at which somebody must act or look. Levels of one symbol lie in four heaps: those that fire when
the bid falls or rises to them, and the same for the ask. A tick looks at the tops only.
"""

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from connections.contract import Quote, Side


class Basis(StrEnum):
    """Which price counts: what one gets for selling, or pays for buying."""

    BID = "BID"
    ASK = "ASK"


class Crossing(StrEnum):
    FALLS = "FALLS"  # fires at or below the level
    RISES = "RISES"  # fires at or above the level


@dataclass(frozen=True, slots=True)
class Level:
    """One price. ``owner`` names what it belongs to: putting an owner's levels replaces the old ones."""

    owner: Hashable
    symbol: str
    basis: Basis
    crossing: Crossing
    price: Decimal
    #: what to do, and with what
    action: tuple[str, Any]

    def is_reached_by(self, quote: Quote) -> bool:
        """Return whether a quote of its symbol lies at the level or beyond."""
        price = quote.bid if self.basis is Basis.BID else quote.ask
        return price <= self.price if self.crossing is Crossing.FALLS else price >= self.price


def exit_level(
    owner: Hashable, symbol: str, side: Side, price: Decimal, *, is_stop: bool, action: tuple[str, Any]
) -> Level:
    """Return the level of a stop or target of a position of this side."""
    basis = Basis.BID if side is Side.BUY else Basis.ASK
    falls = is_stop == (side is Side.BUY)
    return Level(owner, symbol, basis, Crossing.FALLS if falls else Crossing.RISES, price, action)


def order_level(
    owner: Hashable, symbol: str, side: Side, price: Decimal, *, is_stop: bool, action: tuple[str, Any]
) -> Level:
    """Return the level at which a resting order of this side has traded, or should have.

    A stop trades when the market comes to it. A limit order is part of the market: somebody may take it although the
    other side never comes so far, and what shows is that the best price of its own side is worse than its own.
    """
    if is_stop:
        basis = Basis.ASK if side is Side.BUY else Basis.BID
        return Level(owner, symbol, basis, Crossing.RISES if side is Side.BUY else Crossing.FALLS, price, action)
    if side is Side.BUY:
        return Level(owner, symbol, Basis.BID, Crossing.FALLS, price.next_minus(), action)
    return Level(owner, symbol, Basis.ASK, Crossing.RISES, price.next_plus(), action)


#: A heap that holds fewer is not worth tidying.
FEW = 64


class WatchBook:
    """Levels by symbol. Levels that were replaced stay in their heap until they surface or half of it is stale."""

    def __init__(self) -> None:
        self._versions: dict[Hashable, int] = {}
        #: how many each heap may hold before it is tidied
        self._roomy: dict[tuple[str, Basis, Crossing], int] = {}
        self._heaps: dict[tuple[str, Basis, Crossing], list[tuple[Decimal, int, int, Level]]] = {}
        self._counter = 0

    def put(self, owner: Hashable, levels: Iterable[Level]) -> None:
        """Replace the levels of an owner. Cost: logarithmic in the levels of its symbol."""
        # Versions never come twice: an owner that was forgotten and comes back must not wake its old levels.
        self._counter += 1
        version = self._versions[owner] = self._counter
        for level in levels:
            self._counter += 1
            # A heap gives its smallest first, so levels that fire on a fall are kept negated.
            key = -level.price if level.crossing is Crossing.FALLS else level.price
            place = (level.symbol, level.basis, level.crossing)
            heap = self._heaps.setdefault(place, [])
            heapq.heappush(heap, (key, self._counter, version, level))
            if len(heap) > self._roomy.get(place, FEW):
                self._tidy(place)

    def _tidy(self, place: tuple[str, Basis, Crossing]) -> None:
        # What the price never comes near would stay for ever.
        heap = self._heaps[place]
        heap[:] = [row for row in heap if self._versions.get(row[3].owner) == row[2]]
        heapq.heapify(heap)
        self._roomy[place] = max(FEW, 2 * len(heap))

    def __len__(self) -> int:
        return sum(map(len, self._heaps.values()))

    def forget(self, owner: Hashable) -> None:
        """Drop every level of an owner."""
        self._versions.pop(owner, None)

    def symbols(self) -> set[str]:
        """Return the symbols with levels, some of which may be stale."""
        return {symbol for (symbol, _, _), heap in self._heaps.items() if heap}

    def fire(self, quote: Quote) -> list[Level]:
        """Return the levels that this quote reaches, and take them out. Cost: grows with what is returned."""
        fired = []
        for basis, price in ((Basis.BID, quote.bid), (Basis.ASK, quote.ask)):
            for crossing in Crossing:
                heap = self._heaps.get((quote.symbol, basis, crossing))
                bound = -price if crossing is Crossing.FALLS else price
                while heap and heap[0][0] <= bound:
                    _, _, version, level = heapq.heappop(heap)
                    if self._versions.get(level.owner) == version:
                        fired.append(level)
        return fired
