"""Who moves the price in the demo: we do, or a recorded file does."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from console.demo.path import Levels, Tick, levels_of
from console.demo.venue import VenueAdmin

#: A file is replayed in so many steps; after each one everybody may keep up.
STEPS = 150


class Prices(ABC):
    """The price of the demo's pair, told in three steps."""

    @abstractmethod
    def signal(self) -> dict[str, Any]:
        """Move to the entry and return the signal's terms."""

    @abstractmethod
    def to_first_target(self, is_reached: Callable[[], bool]) -> None:
        """Move until ``is_reached``, or as far as it goes."""

    @abstractmethod
    def to_stop(self, is_reached: Callable[[], bool]) -> None:
        """Move until ``is_reached``, or as far as it goes."""


def terms(pair: str, entry: Decimal, stop: Decimal, targets: Sequence[Decimal]) -> dict[str, Any]:
    """Return a buy at market with three targets, as a provider would enter it."""
    shares = ("0.4", "0.3", "0.3")
    return {
        "currency_pair": pair,
        "direction": "BUY",
        "order_type": "MARKET",
        "open_price": f"{entry:f}",
        "sl": f"{stop:f}",
        "targets": [{"price": f"{each:f}", "share": share} for each, share in zip(targets, shares, strict=True)],
        "note": "Breakout with a tight stop. One third rides to the last target.",
    }


def swing(pair: str, price: Decimal) -> dict[str, Any]:
    """Return the demo's signal around a price of a large pair."""

    def at(factor: str) -> Decimal:
        return (price * Decimal(factor)).quantize(Decimal("0.1"))

    return terms(pair, at("1"), at("0.98"), [at("1.01"), at("1.02"), at("1.04")])


@dataclass
class ByHand(Prices):
    """Moves straight to where the story goes next."""

    venue: VenueAdmin
    pair: str
    price: Decimal

    def signal(self) -> dict[str, Any]:
        return swing(self.pair, self.price)

    def to_first_target(self, is_reached: Callable[[], bool]) -> None:
        self._move("1.012", is_reached)

    def to_stop(self, is_reached: Callable[[], bool]) -> None:
        self._move("0.979", is_reached)

    def _move(self, factor: str, is_reached: Callable[[], bool]) -> None:
        self.venue.move_price(self.pair.replace("/", ""), (self.price * Decimal(factor)).quantize(Decimal("0.1")))
        deadline = time.monotonic() + 10
        while not is_reached() and time.monotonic() < deadline:
            time.sleep(0.1)


class Recorded(Prices):
    """Replays a file, compressed in time, with levels that the file itself crosses where it can."""

    def __init__(self, venue: VenueAdmin, pair: str, rows: Sequence[dict[str, Any]]) -> None:
        self.venue = venue
        self.pair = pair
        self.levels = levels_in(rows)
        self._left = len(rows)
        self._rows_at_once = max(1, len(rows) // STEPS)

    def signal(self) -> dict[str, Any]:
        self._step(self.levels.entry_row + 1)
        return terms(self.pair, self.levels.entry, self.levels.stop, self.levels.targets)

    def to_first_target(self, is_reached: Callable[[], bool]) -> None:
        if self.levels.crosses_target:
            self._play(is_reached)

    def to_stop(self, is_reached: Callable[[], bool]) -> None:
        self._play(is_reached)

    def _play(self, is_reached: Callable[[], bool]) -> None:
        while self._left > 0 and not is_reached():
            self._step(min(self._rows_at_once, self._left))

    def _step(self, rows: int) -> None:
        self.venue.drive(action="step", n=rows)
        self._left -= rows


def levels_in(rows: Sequence[dict[str, Any]]) -> Levels:
    """Return the levels that a recorded path tells best.

    Raises:
        ValueError: it has fewer than three rows, or falls so deep that its stop would be no price.
    """
    levels = levels_of([_tick(row) for row in rows], tick=price_tick_of(rows))
    if levels.stop <= 0:
        raise ValueError(f"The stop of this path would be {levels.stop:f}, which is no price; it moves too far.")
    return levels


def price_tick_of(rows: Sequence[dict[str, Any]]) -> Decimal:
    """Return the finest step of the recorded prices."""
    places = max(len(text.partition(".")[2].rstrip("0")) for row in rows for text in _prices(row))
    return Decimal(1).scaleb(-places)


def quantity_step_of(price: Decimal) -> Decimal:
    """Return a quantity step worth some units of the quote currency at most."""
    return Decimal(1).scaleb(-math.ceil(math.log10(price)) - 1)


def _prices(row: dict[str, Any]) -> list[str]:
    return [str(row[name]) for name in ("price", "bid", "ask") if row.get(name)]


def _tick(row: dict[str, Any]) -> Tick:
    if row.get("bid"):
        return Tick(Decimal(row["bid"]), Decimal(row["ask"]))
    return Tick(Decimal(row["price"]), Decimal(row["price"]))
