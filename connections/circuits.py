"""The circuits of all venues, shared by every process through Redis: one hash a venue, of failures only.

While nobody fails there is nothing to write, and a process reads a venue's hash at most twice a second. Without Redis
a process knows its own failures, which is right for an installation of one process.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis as blocking_redis
from redis import asyncio as redis
from redis.exceptions import RedisError

from connections.circuit import (
    OPENS_AFTER,
    VENUE_FAILURES,
    Circuit,
    Failures,
    Said,
    said_by,
    state_of,
    venue_failures,
)
from connections.errors import NotSent
from core.clock import now as system_now
from core.loop import background
from core.redact import redact_text

FRESH_FOR = timedelta(seconds=0.5)
#: Pages may show what was so long ago.
SHOWN_FOR = timedelta(seconds=1)
#: Failures that nobody has added to for so long are forgotten.
KEPT_S = 3600
#: Only one process asks on behalf of all; if it dies, another may after this.
PROBE_S = 15
_ANSWERED, _LAST, _COUNT = "answered", "last:", "count:"


@dataclass(slots=True)
class Known:
    """What is known of one venue."""

    by_connection: dict[str, Failures] = field(default_factory=dict)
    #: when the venue last answered somebody while others failed
    answered_at: datetime | None = None
    read_at: datetime | None = None

    @property
    def venue(self) -> Failures | None:
        """The failures of the venue itself."""
        return venue_failures(self.by_connection, answered_at=self.answered_at)


@dataclass(frozen=True, slots=True)
class Shown:
    """The circuit that decides for a connection, for people."""

    state: Circuit
    #: whether all of the venue is meant
    is_venue: bool
    #: what the last failure said; empty while the circuit is closed
    reason: str
    since: datetime | None


class Circuits:
    """As one process sees them. Belongs to one event loop."""

    def __init__(self, url: str, *, clock: Callable[[], datetime] = system_now) -> None:
        self._redis: Any = (
            redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True) if url else None
        )
        self._clock = clock
        self._known: dict[str, Known] = {}

    async def let_entry_pass(self, venue: str, connection: str) -> bool:
        """Return whether a harmless question has to go first.

        Raises:
            NotSent: the circuit is open; nothing may be sent.
        """
        known = await self._fresh(venue)
        shown = shown_of(known, connection, now=self._clock())
        if shown.state is Circuit.CLOSED:
            return False
        if shown.state is Circuit.HALF_OPEN and await self._may_ask(venue, "" if shown.is_venue else connection):
            return True
        who = "The venue does not answer anybody" if shown.is_venue else "The venue does not answer this account"
        raise NotSent(f"{who}, so no entry is sent for the moment. {shown.reason}", code="CIRCUIT_OPEN")

    async def note(self, venue: str, connection: str, error: Exception | None) -> None:
        """Note how a request ended. Costs nothing while nobody fails."""
        said = said_by(error)
        if said is Said.NOTHING:
            return
        known = await self._fresh(venue)
        if said is not Said.ANSWERED:
            known.by_connection[connection] = _after(
                known.by_connection.get(connection), error, said, self._clock()
            )
            await self._write_failure(venue, connection, known.by_connection[connection])
        elif known.by_connection:
            await self._note_answer(venue, connection, known)

    async def _note_answer(self, venue: str, connection: str, known: Known) -> None:
        moment = self._clock()
        is_known = known.answered_at is not None and moment - known.answered_at < FRESH_FOR
        known.answered_at = moment
        had_failed = known.by_connection.pop(connection, None) is not None
        if had_failed or not is_known:  # one account that always fails must not make every answer cost a write
            await self._write(venue, {_ANSWERED: moment.isoformat()}, {}, gone=connection)

    async def _write_failure(self, venue: str, connection: str, failures: Failures) -> None:
        # Counted there, because several processes may see the same connection fail.
        await self._write(venue, {f"{_LAST}{connection}": _as_text(failures)}, {f"{_COUNT}{connection}": 1})

    async def close(self) -> None:
        """Let go of the connection to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _fresh(self, venue: str) -> Known:
        known, moment = self._known.setdefault(venue, Known()), self._clock()
        if self._redis is None or (known.read_at is not None and moment - known.read_at < FRESH_FOR):
            return known
        try:
            read = known_from(await self._redis.hgetall(_key(venue)))
        except (RedisError, OSError):
            known.read_at = moment
            return known  # what this process has seen itself is better than nothing
        self._known[venue] = read
        read.read_at = moment
        return read

    async def _write(
        self, venue: str, fields: Mapping[str, str], counts: Mapping[str, int], *, gone: str = ""
    ) -> None:
        if self._redis is None:
            return
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(_key(venue), mapping=fields)
                for name, more in counts.items():
                    pipe.hincrby(_key(venue), name, more)
                if gone:
                    pipe.hdel(_key(venue), f"{_LAST}{gone}", f"{_COUNT}{gone}")
                pipe.expire(_key(venue), KEPT_S)
                await pipe.execute()
        except (RedisError, OSError):
            return  # this process knows; the others will see for themselves
        if counts:
            self._known[venue].read_at = None

    async def _may_ask(self, venue: str, who: str) -> bool:
        if self._redis is None:
            return True
        try:
            return bool(await self._redis.set(f"{_key(venue)}:probe:{who}", 1, nx=True, ex=PROBE_S))
        except (RedisError, OSError):
            return True


def shown_of(known: Known, connection: str, *, now: datetime) -> Shown:
    """Return the circuit that decides for a connection: the venue's where that is not closed, else its own."""
    choices = ((known.venue, VENUE_FAILURES, True), (known.by_connection.get(connection), OPENS_AFTER, False))
    for failures, opens_after, is_venue in choices:
        state = state_of(failures, opens_after=opens_after, now=now)
        if failures is not None and state is not Circuit.CLOSED:
            return Shown(state, is_venue, failures.reason, failures.last_at)
    return Shown(Circuit.CLOSED, False, "", None)


def known_from(fields: Mapping[str, str]) -> Known:
    """Return what a venue's hash says."""
    answered = fields.get(_ANSWERED)
    names = [name.removeprefix(_LAST) for name in fields if name.startswith(_LAST)]
    return Known(
        by_connection={
            name: _from_text(fields[f"{_LAST}{name}"], int(fields.get(f"{_COUNT}{name}", 1))) for name in names
        },
        answered_at=datetime.fromisoformat(answered) if answered else None,
    )


def circuit_of(venue: str, connection: str, *, now: datetime) -> Shown:
    """Return the circuit that decides for a connection, for people. Cost: one call of Redis a second and venue."""
    at, known = _shown.get(venue, (None, Known()))
    if at is None or not timedelta(0) <= now - at < SHOWN_FOR:
        known = read([venue]).get(venue, Known())
        _shown[venue] = (now, known)
    return shown_of(known, connection, now=now)


def read(venues: Iterable[str]) -> dict[str, Known]:
    """Return what is known of these venues. Cost: one call of Redis; nothing without one."""
    names = sorted(set(venues))
    if not _url or not names:
        return {}
    try:
        with blocking_redis.Redis.from_url(
            _url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True
        ) as client:
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(_key(name))
            return {name: known_from(fields) for name, fields in zip(names, pipe.execute(), strict=True)}
    except (RedisError, OSError):
        return {}


def _after(before: Failures | None, error: Exception | None, said: Said, moment: datetime) -> Failures:
    words = redact_text(str(error) or type(error).__name__)[:300]
    return Failures((before.count if before else 0) + 1, moment, words, is_auth=said is Said.KEY_REFUSED)


def _as_text(failures: Failures) -> str:
    return json.dumps([failures.last_at.isoformat(), failures.reason, failures.is_auth])


def _from_text(text: str, count: int) -> Failures:
    last_at, reason, is_auth = json.loads(text)
    return Failures(count, datetime.fromisoformat(last_at), reason, is_auth)


def _key(venue: str) -> str:
    return f"circuit:{{{venue}}}"


_url = ""
_shown: dict[str, tuple[datetime, Known]] = {}
_circuits: dict[int, tuple[asyncio.AbstractEventLoop, Circuits]] = {}


def configure(url: str) -> None:
    """Name the Redis that all processes share; empty for circuits of one's own."""
    global _url
    _url = url


def circuits_of_loop() -> Circuits:
    """Return the circuits of the running loop."""
    loop = asyncio.get_running_loop()
    known = _circuits.get(id(loop))
    if known is None or known[0] is not loop:
        known = _circuits[id(loop)] = (loop, Circuits(_url))
    return known[1]


async def close_circuits() -> None:
    """Close the circuits of the running loop."""
    known = _circuits.pop(id(asyncio.get_running_loop()), None)
    if known is not None:
        await known[1].close()


background.at_stop(close_circuits)
