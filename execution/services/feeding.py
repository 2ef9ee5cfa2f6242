"""The feed: prices in, due exits out.

It watches the prices of every venue with open positions or working orders. A tick costs what it makes due: a watched
stop or target closes at once, an order that should have traded is looked up at once. What it leaves is found by the
resolver and the sweep.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from uuid import UUID

from django.core.cache import cache
from django.db import connection as database
from django.db.models import Q
from redis.exceptions import RedisError

from connections import budget, registry
from connections.access import public_access_of
from connections.adapter import BrokerAdapter
from connections.budget import Priority
from connections.contract import Quote, Side
from connections.errors import BrokerError, Misconfigured
from connections.models import DataConnection
from core.clock import Clock, now
from core.loop import background
from execution.context import accounts_of
from execution.courier import Errand, ErrandKind
from execution.machine import OPEN
from execution.models import Order
from execution.services import monitoring
from execution.services.pump import Pump
from execution.watch import Level, WatchBook, exit_level, order_level
from marketdata import selectors as marketdata
from positions.models import ExecutionPosition, PositionStatus

logger = logging.getLogger(__name__)

#: How often the database is asked what is new to watch.
REFRESH_S = 0.5
#: Rows are read again from a little before the last look, because transactions commit late.
OVERLAP = timedelta(seconds=5)
#: Everything that is open is read again this often, so that nothing is missed for longer.
READ_ALL_EVERY = timedelta(minutes=1)
#: Watching that broke off begins anew after this.
RESTART_S = 1.0
#: An order whose price was touched and which has not traded is looked up again after this, then later each time.
LOOK_AGAIN = timedelta(seconds=1)
LONGEST_LOOK = timedelta(seconds=30)
#: A price that nothing has followed for this long says little about now.
KNOWN_FOR = timedelta(seconds=30)
POLL_S = 1.0
RECONNECT_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: Where the feed says that it is alive, for readiness and the dashboard.
HEARTBEAT = "feed:heartbeat"

CLOSE, LOOK = "CLOSE", "LOOK"


@dataclass(slots=True)
class Source:
    """One venue that this process watches."""

    connection: DataConnection
    symbols: frozenset[str] = frozenset()
    task: "Future[None] | None" = None
    last_quote_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """An order that was touched and is to be looked up again."""

    level: Level
    at: datetime
    #: how long it waited for this
    wait: timedelta


@dataclass(slots=True)
class Feed:
    """Call ``turn`` for ever, from one thread."""

    clock: Clock = now
    book: WatchBook = field(default_factory=WatchBook)
    sources: dict[str, Source] = field(default_factory=dict)
    quotes: "SimpleQueue[tuple[str, Quote]]" = field(default_factory=SimpleQueue)
    _pump: Pump | None = None
    _seen_until: datetime | None = None
    _read_all_at: datetime | None = None
    _refreshed_at: float = 0.0
    #: by order
    _looks: dict[UUID, Look] = field(default_factory=dict)
    #: the last quote by its name, for levels that are put after it came
    _known: dict[str, tuple[str, Quote]] = field(default_factory=dict)
    _backend: int | None = None

    @property
    def pump(self) -> Pump:
        if self._pump is None:
            self._pump = Pump(clock=self.clock)
        return self._pump

    def turn(self) -> int:
        """Take in quotes, act on what they make due, send and record. Return how many quotes there were."""
        if time.monotonic() - self._refreshed_at >= REFRESH_S:
            self.refresh()
        quotes = self._take_quotes(wait_s=0.05)
        for venue_key, quote in quotes.items():
            self._act(venue_key[0], quote)
        while not self.pump.is_done and self._record():
            pass
        if self.pump.is_done:
            self._pump = None  # it remembers every order and account it has served
        return len(quotes)

    def _record(self) -> bool:
        before = self.pump.is_done
        self.pump.turn(wait_s=0)
        return before != self.pump.is_done

    def stop(self) -> None:
        """Stop watching."""
        for source in self.sources.values():
            if source.task is not None:
                source.task.cancel()

    # --- what to watch ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is new to watch, and watch the venues that have it. Cost: two or three queries."""
        self._refreshed_at = time.monotonic()
        self._hold_locks()
        moment = self.clock()
        since = self._since(moment)
        for position in _positions(since):
            self._watch_position(position)
        for order in _orders(since):
            self._watch_order(order)
        self._seen_until = moment
        self._look_once_more(moment)
        self._meet_known_prices(moment)
        self._watch_venues()
        self._beat(moment)

    def _since(self, moment: datetime) -> datetime | None:
        """Return from when on rows are new; None for all: the clock of another machine may be far behind."""
        if self._seen_until is None or self._read_all_at is None or moment - self._read_all_at >= READ_ALL_EVERY:
            self._read_all_at = moment
            return None
        return self._seen_until - OVERLAP

    def _watch_position(self, position: ExecutionPosition) -> None:
        owner = ("position", position.pk)
        if position.status == PositionStatus.CLOSED or position.close_requested_at is not None:
            self.book.forget(owner)
            return
        held, symbol = monitoring.held_of(position), _name(position.connection.venue_key, position.symbol)
        levels = []
        if held.stop_price is not None:
            levels.append(
                exit_level(owner, symbol, held.side, held.stop_price, is_stop=True, action=(CLOSE, position.pk))
            )
        levels += [
            exit_level(owner, symbol, held.side, target.price, is_stop=False, action=(CLOSE, position.pk))
            for target in held.targets
            if not target.is_reached
        ]
        self.book.put(owner, levels)

    def _watch_order(self, order: Order) -> None:
        owner = ("order", order.pk)
        price, is_stop = (order.stop_price, True) if order.stop_price is not None else (order.price, False)
        if order.state not in OPEN or price is None or order.acknowledged_at is None:
            self.book.forget(owner)
            self._looks.pop(order.pk, None)
            return
        if order.pk in self._looks:
            return  # it was touched and is being asked about; its level comes back when the price has left it
        symbol = _name(order.connection.venue_key, order.symbol)
        level = order_level(owner, symbol, Side(order.side), price, is_stop=is_stop, action=(LOOK, order.pk))
        self.book.put(owner, [level])

    def _look_once_more(self, moment: datetime) -> None:
        """Look up again what was touched and still works; what the price has left is only watched."""
        due = {key: look for key, look in self._looks.items() if look.at <= moment}
        for key in due:
            del self._looks[key]
        open_orders = Order.objects.filter(pk__in=list(due), state__in=OPEN)
        still = [due[key] for key in open_orders.values_list("pk", flat=True)] if due else []
        touched = [look for look in still if self._is_touched(look.level)]
        for look in still:
            if look not in touched:
                self.book.put(look.level.owner, [look.level])
        self._look({look.level: min(look.wait * 2, LONGEST_LOOK) for look in touched})

    def _is_touched(self, level: Level) -> bool:
        known = self._known.get(level.symbol)
        return known is None or level.is_reached_by(known[1])

    def _meet_known_prices(self, moment: datetime) -> None:
        """Let levels that are new meet the price that is there already: a quiet market may not tick again."""
        for venue_key, quote in self._known.values():
            if moment - quote.quoted_at < KNOWN_FOR:
                self._act(venue_key, quote)

    # --- venues -------------------------------------------------------------------------------------------------

    def _watch_venues(self) -> None:
        wanted: dict[str, set[str]] = {}
        for name in self.book.symbols():
            venue_key, _, symbol = name.rpartition("|")
            wanted.setdefault(venue_key, set()).add(symbol)
        for venue_key, symbols in wanted.items():
            source = self.sources.get(venue_key) or self._open(venue_key)
            # Symbols are only ever added: what nobody needs any more costs one quote a tick.
            if source is not None and not symbols <= source.symbols:
                self._subscribe(venue_key, source, source.symbols | symbols)
        for venue_key, source in self.sources.items():
            if source.task is not None and source.task.done():
                self._subscribe(venue_key, source, source.symbols)

    def _open(self, venue_key: str) -> Source | None:
        row = _data_connection(venue_key)
        if row is None or not _try_lock(venue_key):
            return None
        source = self.sources[venue_key] = Source(row)
        return source

    def _subscribe(self, venue_key: str, source: Source, symbols: frozenset[str]) -> None:
        if source.task is not None:
            source.task.cancel()
        source.symbols = symbols
        source.task = background.start(self._stream(venue_key, source.connection, sorted(symbols)))

    async def _stream(self, venue_key: str, row: DataConnection, symbols: list[str]) -> None:
        budget.priority.set(Priority.EXIT)  # whatever is watched ends by these prices
        failures = 0
        while True:
            try:
                adapter = registry.build(row.type, public_access_of(row))
                if adapter.capabilities.stream_quotes and failures < len(RECONNECT_S):
                    # A stream tells what changes; what was crossed before it began is asked for.
                    await self._ask_once(venue_key, adapter, symbols)
                    async for quote in adapter.stream_quotes(symbols):
                        self.quotes.put((venue_key, quote))
                        failures = 0
                else:
                    await self._poll(venue_key, adapter, symbols)
            except (BrokerError, Misconfigured, OSError, TimeoutError) as error:
                wait = RECONNECT_S[min(failures, len(RECONNECT_S) - 1)]
                failures += 1
                logger.warning("Quotes of %s broke (%s); again in %g s.", venue_key, error, wait)
                await asyncio.sleep(wait)

    async def _poll(self, venue_key: str, adapter: BrokerAdapter, symbols: list[str]) -> None:
        while True:
            await self._ask_once(venue_key, adapter, symbols)
            await asyncio.sleep(POLL_S)

    async def _ask_once(self, venue_key: str, adapter: BrokerAdapter, symbols: list[str]) -> None:
        for quote in (await adapter.quotes(symbols)).values():
            self.quotes.put((venue_key, quote))

    # --- ticks --------------------------------------------------------------------------------------------------

    def _take_quotes(self, *, wait_s: float) -> dict[tuple[str, str], Quote]:
        """Return the latest quote of each symbol that ticked, and keep them where everybody finds them."""
        latest: dict[tuple[str, str], Quote] = {}
        passed: dict[tuple[str, str], list[Quote]] = {}
        try:
            venue_key, quote = self.quotes.get(timeout=wait_s)
            while True:
                passed.setdefault((venue_key, quote.symbol), []).append(quote)
                latest[venue_key, quote.symbol] = quote
                venue_key, quote = self.quotes.get_nowait()
        except Empty:
            pass
        for (venue_key, symbol), quote in latest.items():
            self._known[_name(venue_key, symbol)] = venue_key, quote
        for key, quotes in passed.items():
            # Nothing that was touched on the way may be missed because the price came back.
            for each in quotes[:-1]:
                self._act(key[0], each)
        by_venue: dict[str, list[Quote]] = {}
        for (venue_key, _), quote in latest.items():
            by_venue.setdefault(venue_key, []).append(quote)
        for venue_key, quotes in by_venue.items():
            marketdata.store_quotes(venue_key, quotes)
            if venue_key in self.sources:
                self.sources[venue_key].last_quote_at = self.clock()
        return latest

    def _act(self, venue_key: str, quote: Quote) -> None:
        named = Quote(_name(venue_key, quote.symbol), quote.bid, quote.ask, quote.quoted_at, quote.last)
        fired = self.book.fire(named)
        if fired:
            self._close([level.action[1] for level in fired if level.action[0] == CLOSE], quote)
            self._look({level: LOOK_AGAIN for level in fired if level.action[0] == LOOK})

    def _close(self, position_ids: Iterable[UUID], quote: Quote) -> None:
        rows = ExecutionPosition.objects.filter(pk__in=list(position_ids), status=PositionStatus.OPEN)
        moment = self.clock()
        self.pump.advance([row.pk for row in rows if monitoring.act_on(row, quote, now=moment)])

    def _look(self, waits: Mapping[Level, timedelta]) -> None:
        """Look orders up now, and again after their wait."""
        if not waits:
            return
        orders = {row.pk: row for row in Order.objects.filter(pk__in=[level.action[1] for level in waits])}
        accounts = accounts_of({row.connection_id for row in orders.values()})
        moment = self.clock()
        for level, wait in waits.items():
            self._looks[level.action[1]] = Look(level, moment + wait, wait)
        self.pump.send(
            [
                Errand(ErrandKind.FIND, accounts[row.connection_id], (row.pk,), ref=row.ref())
                for row in orders.values()
            ]
        )

    # --- being the only one -------------------------------------------------------------------------------------

    def _hold_locks(self) -> None:
        """Notice that the database session, and with it every lock, was lost."""
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = cursor.fetchone()[0]
        if self._backend is not None and backend != self._backend:
            logger.warning("The database session was lost; watching starts anew.")
            self.stop()
            self.sources.clear()
        self._backend = backend

    def _beat(self, moment: datetime) -> None:
        last = {
            key: each.last_quote_at.isoformat() if each.last_quote_at else "" for key, each in self.sources.items()
        }
        with suppress(RedisError, OSError):  # prices are watched also while nobody can be told
            cache.set(HEARTBEAT, {"at": moment.isoformat(), "venues": last}, timeout=60)


def watch(until: threading.Event) -> None:
    """Watch until the event is set. What breaks a round, as a database that is away for a moment, begins it anew."""
    feed = Feed()
    while not until.is_set():
        try:
            feed.turn()
        except Exception:  # nobody watches anything while this process is down
            logger.exception("Watching broke off; it begins anew.")
            feed.stop()
            database.close()
            feed = Feed()
            until.wait(RESTART_S)
    feed.stop()


def _name(venue_key: str, symbol: str) -> str:
    return f"{venue_key}|{symbol}"


def _positions(since: datetime | None) -> Iterable[ExecutionPosition]:
    rows = ExecutionPosition.objects.select_related("connection")
    return rows.filter(updated_at__gt=since) if since else rows.filter(status=PositionStatus.OPEN)


def _orders(since: datetime | None) -> Iterable[Order]:
    rows = Order.objects.select_related("connection").filter(Q(price__isnull=False) | Q(stop_price__isnull=False))
    return rows.filter(updated_at__gt=since) if since else rows.filter(state__in=OPEN, is_held=False)


def _data_connection(venue_key: str) -> DataConnection | None:
    return next((row for row in DataConnection.objects.filter(is_active=True) if row.venue_key == venue_key), None)


def _try_lock(venue_key: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"feed:{venue_key}"])
        return bool(cursor.fetchone()[0])
