"""One request budget for all accounts of a venue behind one address, shared by every process of an installation.

A venue counts weights by source address and bans the address that goes over. So what may be spent in a minute is
counted in Redis, and every process takes it from there in small lots. Exits keep a share that entries cannot touch,
and housekeeping gets what is left. When one process is told to slow down, all wait.

Without Redis a process keeps its own count, which is right for an installation of one process.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from redis import asyncio as redis
from redis.exceptions import RedisError

from connections.errors import Throttled
from core.loop import background

WINDOW_S = 60.0
#: A process takes this part of the budget at once, so that an order rarely costs a question.
LOT = 0.01
#: Whether somebody was told to slow down is asked again after this: a venue bans whoever goes on for long.
BAN_FRESH_S = 0.1
#: An order waits this long for its turn; then it has not been sent.
LONGEST_WAIT_S = 8.0


class Priority(StrEnum):
    """Who may spend how much of the budget."""

    EXIT = "EXIT"  # protection, closes, doubts
    ENTRY = "ENTRY"
    HOUSEKEEPING = "HOUSEKEEPING"  # health, balances, comparisons


#: The part of the budget that a priority may fill.
SHARES = {Priority.EXIT: 1.0, Priority.ENTRY: 0.8, Priority.HOUSEKEEPING: 0.5}

#: Of the request that is being made; what nobody says is housekeeping.
priority: ContextVar[Priority] = ContextVar("priority", default=Priority.HOUSEKEEPING)

#: When the order that is being sent had to begin to leave; None for what may go at any time.
leave_by: ContextVar[datetime | None] = ContextVar("leave_by", default=None)


@contextmanager
def spending(who: Priority) -> Iterator[None]:
    """Let every request that is started in the block spend as ``who``."""
    token = priority.set(who)
    try:
        yield
    finally:
        priority.reset(token)


#: Counts by half-weighted windows: what the last window had left to weigh, and this one. Returns what is granted, the
#: seconds to wait when that is nothing, and until when the venue has told us to wait.
_SCRIPT = """
local now = tonumber(ARGV[1]); local window = tonumber(ARGV[2])
local room_until = tonumber(ARGV[3]); local want = tonumber(ARGV[4]); local least = tonumber(ARGV[5])
local banned = tonumber(redis.call('GET', KEYS[1] .. ':ban') or '0')
if banned > now then return {'0', tostring(banned - now), tostring(banned)} end
local number = math.floor(now / window)
local current = tonumber(redis.call('GET', KEYS[1] .. ':' .. number) or '0')
local former = tonumber(redis.call('GET', KEYS[1] .. ':' .. (number - 1)) or '0')
local gone = (now % window) / window
local room = room_until - current - former * (1 - gone)
local granted = math.min(want, room)
if granted < least then return {'0', tostring(math.max(0.05, window * (1 - gone) / 10)), '0'} end
redis.call('INCRBYFLOAT', KEYS[1] .. ':' .. number, granted)
redis.call('EXPIRE', KEYS[1] .. ':' .. number, math.ceil(window * 3))
return {tostring(granted), '0', '0'}
"""


@dataclass(slots=True)
class _Lot:
    """What a process has taken and not spent yet. It is worth nothing in another window."""

    left: float = 0.0
    window: int = -1
    #: one request takes the next lot for all that wait; else each of a hundred would take one of its own
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def has(self, units: float, window: int) -> bool:
        """Return whether there is enough in this window, and take it if so."""
        if self.window != window:
            self.left, self.window = 0.0, window
        if self.left < units:
            return False
        self.left -= units
        return True


class Budget:
    """The budgets of all venues, as one process sees them. Belongs to one event loop."""

    def __init__(
        self, url: str, *, factors: Mapping[str, float] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._redis: Any = redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) if url else None
        self._script: Any = self._redis.register_script(_SCRIPT) if self._redis is not None else None
        self._factors = factors or {}
        self._clock = clock
        self._lots: dict[tuple[str, Priority], _Lot] = {}
        self._counts: dict[tuple[str, int], float] = {}
        self._banned_until: dict[str, float] = {}
        self._ban_asked_at: dict[str, float] = {}

    async def spend(self, venue: str, units: float, *, per_minute: float) -> None:
        """Wait until ``units`` may be spent at this venue, where ``per_minute`` are allowed unless more was agreed.

        Raises:
            Throttled: the turn did not come in time; nothing was sent.
        """
        per_minute *= self._factor(venue)
        who, deadline = priority.get(), self._clock() + LONGEST_WAIT_S
        while (wait := await self._try(venue, units, per_minute, who)) > 0:
            if self._clock() + wait > deadline:
                raise Throttled(
                    f"The request budget of {venue.split(':', 3)[1]} is used up; the next turn comes in {wait:.1f} s.",
                    retry_after=timedelta(seconds=wait),
                    code="BUDGET_USED_UP",
                )
            await asyncio.sleep(min(wait, 1.0))

    async def slow_down(self, venue: str, wait: timedelta) -> None:
        """Let every process wait, because the venue said so."""
        until = self._clock() + wait.total_seconds()
        self._banned_until[venue] = max(until, self._banned_until.get(venue, 0.0))
        if self._redis is not None:
            try:
                await self._redis.set(f"{_key(venue)}:ban", until, ex=max(1, int(wait.total_seconds()) + 1))
            except (RedisError, OSError):
                return  # this process waits; the others will be told by the venue themselves

    async def close(self) -> None:
        """Let go of the connection to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    def _factor(self, venue: str) -> float:
        return self._factors.get(venue.split(":", 2)[1], 1.0) if self._factors else 1.0

    async def _try(self, venue: str, units: float, per_minute: float, who: Priority) -> float:
        """Spend if there is room, and return 0; else return the seconds to wait."""
        now = self._clock()
        if await self._ban(venue, now) > now:
            return self._banned_until[venue] - now
        lot = self._lots.get((venue, who)) or self._lots.setdefault((venue, who), _Lot())
        if lot.has(units, int(now / WINDOW_S)):
            return 0.0
        async with lot.taking:
            now = self._clock()
            if lot.has(units, int(now / WINDOW_S)):
                return 0.0
            granted, wait = await self._take(venue, units - lot.left, per_minute, who, now)
            if granted <= 0:
                return wait
            lot.left += granted - units
        return 0.0

    async def _take(
        self, venue: str, least: float, per_minute: float, who: Priority, now: float
    ) -> tuple[float, float]:
        want, most = max(least, per_minute * LOT), per_minute * SHARES[who]
        if self._script is None:
            return self._take_alone(venue, want, least, most, now)
        try:
            granted, wait, banned = await self._script(keys=[_key(venue)], args=[now, WINDOW_S, most, want, least])
        except (RedisError, OSError):
            # Better a count of one's own than none: trading goes on while Redis is away.
            return self._take_alone(venue, want, least, most, now)
        if float(banned) > 0:
            self._banned_until[venue] = float(banned)
        return float(granted), float(wait)

    def _take_alone(self, venue: str, want: float, least: float, most: float, now: float) -> tuple[float, float]:
        number, gone = int(now / WINDOW_S), (now % WINDOW_S) / WINDOW_S
        room = (
            most - self._counts.get((venue, number), 0.0) - self._counts.get((venue, number - 1), 0.0) * (1 - gone)
        )
        granted = min(want, room)
        if granted < least:
            return 0.0, max(0.05, WINDOW_S * (1 - gone) / 10)
        self._counts = {key: count for key, count in self._counts.items() if key[1] >= number - 1}
        self._counts[venue, number] = self._counts.get((venue, number), 0.0) + granted
        return granted, 0.0

    async def _ban(self, venue: str, now: float) -> float:
        if self._redis is not None and now - self._ban_asked_at.get(venue, 0.0) > BAN_FRESH_S:
            self._ban_asked_at[venue] = now
            try:
                until = float(await self._redis.get(f"{_key(venue)}:ban") or 0.0)
            except (RedisError, OSError):
                until = 0.0
            self._banned_until[venue] = max(until, self._banned_until.get(venue, 0.0))
        return self._banned_until.get(venue, 0.0)


def _key(venue: str) -> str:
    return f"budget:{{{venue}}}"


_url = ""
_factors: Mapping[str, float] = {}
_budgets: dict[int, tuple[asyncio.AbstractEventLoop, Budget]] = {}


def configure(url: str, *, factors: Mapping[str, float] | None = None) -> None:
    """Name the Redis that all processes share; empty for a count of one's own.

    ``factors`` say by exchange how many times the usual budget was agreed with it, as for its larger customers.
    """
    global _url, _factors
    _url, _factors = url, dict(factors or {})


def budget_of_loop() -> Budget:
    """Return the budgets of the running loop."""
    loop = asyncio.get_running_loop()
    known = _budgets.get(id(loop))
    if known is None or known[0] is not loop:
        known = _budgets[id(loop)] = (loop, Budget(_url, factors=_factors))
    return known[1]


async def close_budgets() -> None:
    """Close the budgets of the running loop."""
    known = _budgets.pop(id(asyncio.get_running_loop()), None)
    if known is not None:
        await known[1].close()


background.at_stop(close_budgets)
