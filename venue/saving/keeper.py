"""Saves a venue while it runs, and gives it back what it had when it starts again.

A child of a fork writes: it has a copy of everything that no order can change, so trading goes on while it works.
What customers did is saved within a second. Prices move all the time; where nothing but prices changed, they are
saved every ten seconds, for the candles of a day make a large file.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from venue.saving import file
from venue.saving.exchange import exchange_of, exchange_row
from venue.saving.records import Row

if TYPE_CHECKING:
    from venue.state import Venue

#: Seconds between looks for something to save, and between two savings of what customers did, or of prices.
LOOK_S = 0.05
ACCOUNTS_S = 0.9
PRICES_S = 10.0

log = logging.getLogger("venue")


class Keeper:
    """The one who saves a venue to a file. `begin` comes before the venue serves, `finish` after it stopped."""

    def __init__(self, venue: Venue, path: Path) -> None:
        self.venue = venue
        # A link would be replaced by the file it leads to.
        self.path = path.resolve()
        self._lock = -1
        self._child = 0
        self._began_at = 0.0
        self._has_failed = False

    def begin(self) -> None:
        """This function will take the file, and load it where there is one.

        Raises: UnableToLoad when it cannot be used; OSError when its folder cannot.
        """
        self._lock = file.lock(self.path)
        state = file.read(self.path)
        if state is None:
            file.write(self.path, state_of(self.venue))
            return
        try:
            restore(self.venue, state)
        except (LookupError, AttributeError, TypeError, ValueError, ArithmeticError) as e:
            reason = f"{e.args[0]} is missing" if isinstance(e, KeyError) else e
            raise file.UnableToLoad(f"{self.path} does not fit this venue: {reason}. {file.KEPT}") from e

    async def run(self) -> None:
        """This function will save what changes for as long as the venue lives."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._collect()
            if not self._child and self._is_due():
                self._save_aside()

    def finish(self) -> None:
        """This function will save once more, now that nothing changes any longer.

        Raises: OSError when the file cannot be written.
        """
        if self._child:
            # What it writes would be out of date.
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        file.write(self.path, state_of(self.venue))

    def _is_due(self) -> bool:
        changes, age_s = self.venue.changes, time.monotonic() - self._began_at
        return (changes.accounts and age_s >= ACCOUNTS_S) or (changes.prices and age_s >= PRICES_S)

    def _save_aside(self) -> None:
        self._began_at = time.monotonic()
        child = os.fork()
        if not child:
            self._save_as_child()
        self._child = child
        self.venue.changes.clear()

    def _save_as_child(self) -> None:
        """Nothing here may return: the rest of the process belongs to the parent."""
        code = 1
        try:
            self._part_from_parent()
            file.write(self.path, state_of(self.venue))
            code = 0
        except Exception as e:  # nobody else would say what went wrong in a child
            if not self._has_failed:
                log.warning("the state cannot be saved: %s", e, exc_info=not isinstance(e, OSError))
        finally:
            os._exit(code)

    def _part_from_parent(self) -> None:
        # Collecting garbage would copy every page that parent and child share.
        gc.disable()
        # What a signal asks for is done by the parent.
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        # A connection the parent closes ends only when no other process has it; the lock is for both.
        os.closerange(3, self._lock)
        os.closerange(self._lock + 1, os.sysconf("SC_OPEN_MAX"))

    def _collect(self) -> None:
        if not self._child:
            return
        child, status = os.waitpid(self._child, os.WNOHANG)
        if not child:
            return
        self._child = 0
        if status:
            self.venue.changes.accounts = True
        elif self._has_failed:
            log.warning("the state is saved again")
        self._has_failed = bool(status)


def state_of(venue: Venue) -> Row:
    """This function will write what a venue has to remember."""
    return {
        "exchange": exchange_row(venue.exchange, venue.config.rules),
        "countdowns": [[account.name, symbol, due_at] for account, symbol, due_at in venue.countdowns.rows()],
        "driver": venue.driver.memory(),
    }


def restore(venue: Venue, state: Row) -> None:
    """This function will bring a venue that has just begun into the state that was written.

    Accounts that only the options name are opened; all others are as they were, whatever the options say.
    Raises: LookupError, TypeError, ValueError or ArithmeticError when the state does not fit.
    """
    exchange = exchange_of(state["exchange"], venue.config.rules, venue.clock.now, venue.hub)
    for account in venue.exchange.accounts.values():
        if account.name not in exchange.accounts:
            exchange.add(account)
    for name, symbol, due_at in state["countdowns"]:
        venue.countdowns.set(exchange.accounts[name], symbol, due_at)
    venue.driver.remember(state["driver"])
    venue.exchange = exchange
