"""A running venue: the exchange with everything around it that outlives a reset or does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from decimal import getcontext
from typing import Any

from venue.clock import Clock
from venue.config import Config, account_from
from venue.countdowns import Countdowns
from venue.drivers import build
from venue.engine.exchange import Exchange
from venue.engine.terms import Market
from venue.faults import Faults
from venue.limits import Limits, MarketLimits
from venue.listen_keys import ListenKeys
from venue.stats import Stats
from venue.wire.hub import Hub

log = logging.getLogger("venue")


@dataclass(slots=True)
class Changes:
    """What changed since the state was last saved: what customers have, or only prices."""

    accounts: bool = False
    prices: bool = False

    def clear(self) -> None:
        self.accounts = self.prices = False


class Venue:
    def __init__(self, config: Config) -> None:
        # Products of eight-decimal prices and quantities stay exact far beyond any real balance.
        getcontext().prec = 40
        self.config = config
        self.clock = Clock()
        self.stats = Stats()
        self.changes = Changes()
        self.hub = Hub(self)
        self._tasks: set[asyncio.Task[None]] = set()
        #: Answers 503 to everything until this time (venue milliseconds); 0 while up.
        self.down_until = 0
        self._begin()
        self.driver = build(self)

    def reset(self) -> None:
        """This function will start over: accounts, books, prices, faults, limits and counters as at the beginning.

        Streams stay connected, to the new accounts of the same keys.
        """
        self._begin()
        self.hub.rebind(self.exchange)
        self.driver.restart()

    def _begin(self) -> None:
        self.exchange = Exchange(self.config.rules, self.clock.now, self.hub)
        for row in self.config.accounts:
            self.exchange.add(account_from(row))
        self.limits = Limits(self.config.limits)
        self.faults = Faults()
        self.listen_keys = ListenKeys()
        self.countdowns = Countdowns()
        self.clock.skew_ms = 0
        self.down_until = 0
        self.stats.reset()

    def limits_of(self, market: Market) -> MarketLimits:
        return self.limits.spot if market is Market.SPOT else self.limits.usdm

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """This function will run something in the background for as long as the venue lives."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a background task of the venue failed", exc_info=task.exception())

    async def stop_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
