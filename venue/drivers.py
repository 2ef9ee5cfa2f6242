"""Who moves the prices: nobody but the admin (manual), a seeded walk, or a file of trades or quotes."""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from venue.engine.decimals import ceil_to, floor_atom, floor_to
from venue.engine.quotes import BASIS, Quote, quote_around
from venue.engine.rules import SymbolRules
from venue.replay import Reader, Row

if TYPE_CHECKING:
    from venue.state import Venue

#: Longest nap of a replay, so that pause and speed take effect soon.
NAP_S = 0.05


class Driver(ABC):
    """Moves prices while it is not paused; `step` moves them by hand."""

    kind: str

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.paused = venue.config.paused
        self.speed = venue.config.speed
        self.ticks = 0

    @abstractmethod
    async def run(self) -> None:
        """This function will move prices for as long as the venue lives."""

    @abstractmethod
    def step(self) -> bool:
        """This function will move prices once; False when there is nothing left to do."""

    def restart(self) -> None:
        """This function will begin again, for the venue was reset."""
        self.ticks = 0

    def memory(self) -> dict[str, Any]:
        """This function will tell what a saved venue has to remember; pause and speed if they are not the options'."""
        config = self.venue.config
        options = (("paused", config.paused), ("speed", config.speed))
        changed = {name: getattr(self, name) for name, option in options if getattr(self, name) != option}
        return {"ticks": self.ticks, "changed": changed}

    def remember(self, memory: dict[str, Any]) -> None:
        """This function will go on from where `memory` was told."""
        self.ticks = memory["ticks"]
        self.paused = bool(memory["changed"].get("paused", self.paused))
        self.speed = float(memory["changed"].get("speed", self.speed))

    def status(self) -> dict[str, Any]:
        return {"kind": self.kind, "paused": self.paused, "speed": self.speed, "ticks": self.ticks}


class Manual(Driver):
    kind = "manual"

    async def run(self) -> None:
        """Nothing moves by itself."""

    def step(self) -> bool:
        return False


class Walk(Driver):
    """A random walk of every symbol, the same for the same seed; both markets follow one price."""

    kind = "walk"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._random = random.Random(venue.config.seed)

    def restart(self) -> None:
        super().restart()
        self._random.seed(self.venue.config.seed)

    def memory(self) -> dict[str, Any]:
        return super().memory() | {"seed": self.venue.config.seed, "random": self._random.getstate()}

    def remember(self, memory: dict[str, Any]) -> None:
        super().remember(memory)
        # Another driver, or another seed, begins a walk of its own.
        if memory.get("seed") == self.venue.config.seed:
            version, numbers, gauss = memory["random"]
            self._random.setstate((version, tuple(numbers), gauss))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self.venue.config.tick_ms / 1000 / self.speed)
            if not self.paused:
                self.step()

    def step(self) -> bool:
        self.ticks += 1
        rules = {row.symbol: row for row in reversed(self.venue.config.rules)}
        for symbol, row in sorted(rules.items()):
            volatility = self.venue.config.volatility_bps if row.volatility_bps is None else row.volatility_bps
            move = Decimal(str(round(self._random.gauss(0, 1), 6))) * volatility / BASIS
            engines = self.venue.exchange.listed_in(symbol)
            price = floor_atom(engines[0].listings[symbol].mark * (1 + move))
            self.venue.exchange.move(symbol, price)
        return True


@dataclass(frozen=True, slots=True)
class Pace:
    """When a replay last changed its speed: real time (monotonic seconds) against the file's (milliseconds)."""

    began_s: float
    time: int
    speed: float


class Replay(Driver):
    """A file's trades or quotes at their own pace, or faster; other symbols stand still."""

    kind = "replay"

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        config = venue.config
        assert config.replay is not None
        self.reader = Reader(config.replay, config.replay_columns, config.replay_zone, config.replay_header)
        self.symbol = config.replay_symbol or self._symbol_in_name(config.replay)
        # The first row is read at once, so that a file that cannot be read stops the start, not the run.
        self.restart()

    def restart(self) -> None:
        super().restart()
        self._rows: Iterator[Row] = self.reader.rows()
        self._first: Row | None = None
        self._row: Row | None = None
        self._next: Row | None = next(self._rows, None)
        self._pace: Pace | None = None
        if self._next is not None:
            self._show(self._next)

    @property
    def done(self) -> bool:
        return self._next is None

    def _symbol_in_name(self, path: str) -> str:
        """This function will find a listed symbol in a file's name."""
        letters = Path(path).name.upper().replace("_", "").replace("-", "")
        symbols = sorted({row.symbol for row in self.venue.config.rules}, key=len, reverse=True)
        for symbol in symbols:
            if letters.startswith((symbol, symbol.removesuffix("T"))):
                return symbol
        raise ValueError(f"no listed symbol begins the name of {path}; say which with --replay-symbol")

    async def run(self) -> None:
        while True:
            if self.paused or self.done:
                self._pace = None
                await asyncio.sleep(NAP_S)
            elif (wait_s := self._wait_s()) > 0:
                await asyncio.sleep(min(wait_s, NAP_S))
            else:
                self.step()
                # Rows that are due at the same moment must not keep the venue from answering.
                await asyncio.sleep(0)

    def _wait_s(self) -> float:
        """This function will say how long the next row is away at the present speed."""
        assert self._next is not None
        pace, now_s = self._pace, time.monotonic()
        if pace is None or pace.speed != self.speed or self._next.time < pace.time:
            pace = self._pace = Pace(now_s, (self._row or self._next).time, self.speed)
        return pace.began_s + (self._next.time - pace.time) / 1000 / pace.speed - now_s

    def step(self) -> bool:
        row = self._next
        if row is None:
            return False
        self.ticks += 1
        self._first = self._first or row
        self._row = row
        self._show(row)
        self._next = next(self._rows, None)
        if self._next is None and self.venue.config.replay_loop:
            self._rows, self._row, self._pace = self.reader.rows(), None, None
            self._next = next(self._rows, None)
        return True

    def _show(self, row: Row) -> None:
        for engine in self.venue.exchange.listed_in(self.symbol):
            engine.tick(self.symbol, quote_of(engine.listings[self.symbol].rules, row))

    def status(self) -> dict[str, Any]:
        return super().status() | {
            "file": Path(self.reader.path).name,
            "symbol": self.symbol,
            "done": self.done,
            "first_time": self._first.time if self._first else None,
            "time": self._row.time if self._row else None,
            "price": str(self._row.mid) if self._row else None,
        }


def quote_of(rules: SymbolRules, row: Row) -> Quote:
    """This function will turn a row into the house's quote: a trade gets the usual spread around it."""
    if row.bid is None or row.ask is None:
        size = max(floor_to(row.size, rules.step), rules.step) if row.size else None
        return quote_around(rules, row.mid, size, row.sold)
    bid = max(floor_to(row.bid, rules.tick), rules.tick)
    # Feeds do cross for a moment; a book does not.
    ask = max(ceil_to(row.ask, rules.tick), bid + rules.tick)
    last = max(floor_to(row.mid, rules.tick), rules.tick)
    return Quote(bid, ask, row.bid_size or None, row.ask_size or None, last=last)


def build(venue: Venue) -> Driver:
    """This function will make the driver the configuration asks for.

    Raises: ValueError or OSError when a replay file cannot be used.
    """
    if venue.config.replay or venue.config.driver == "replay":
        if not venue.config.replay:
            raise ValueError("--driver replay needs --replay FILE")
        return Replay(venue)
    return Walk(venue) if venue.config.driver == "walk" else Manual(venue)
