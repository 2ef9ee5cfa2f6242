"""Streams: who listens to what, and what the engines' events become on the wire."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from venue.dialect import market_events, user_events
from venue.dialect.market_data import INTERVALS
from venue.engine.accounts import Account
from venue.engine.events import Listener
from venue.engine.exchange import Exchange
from venue.engine.listing import Listing
from venue.engine.orders import AlgoOrder, Fill, Order, OrderList
from venue.engine.positions import Position
from venue.engine.tape import PublicTrade
from venue.engine.terms import Market, Side
from venue.wire.sockets import Connection, Wrap

if TYPE_CHECKING:
    from venue.state import Venue

Topic = tuple[Market, str]
Private = tuple[Account, Market]
Event = tuple[Private, dict[str, Any]]


class Hub(Listener):
    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.connections: dict[Connection, None] = {}
        self._topics: dict[Topic, dict[Connection, None]] = {}
        self._private: dict[Private, dict[Connection, Wrap]] = {}
        self._tops: dict[Listing, tuple[Any, ...]] = {}
        self._depths: dict[Topic, tuple[int, market_events.Levels]] = {}
        #: Private events held back while a stream fault is being prepared; None when they go out at once.
        self._held: list[Event] | None = None

    # Who listens

    def subscribe(self, connection: Connection, name: str) -> None:
        connection.streams[name] = None
        self._topics.setdefault((connection.market, name), {})[connection] = None
        listing = self._listing_of(connection.market, name)
        if listing is not None and name.endswith("@bookTicker"):
            # A real book never rests. This one may, and a newcomer should not wait for its next change.
            event = market_events.book_ticker(listing, self.now)
            connection.send_stream(name, orjson.dumps(event).decode())

    def _listing_of(self, market: Market, stream: str) -> Listing | None:
        symbol = stream.partition("@")[0].upper()
        return self.venue.exchange.engines[market].listings.get(symbol)

    def unsubscribe(self, connection: Connection, name: str) -> None:
        connection.streams.pop(name, None)
        self._leave(self._topics, (connection.market, name), connection)

    def follow(self, connection: Connection, account: Account, wrap: Wrap) -> None:
        """This function will send an account's private events to a connection."""
        connection.accounts[account] = wrap
        self._private.setdefault((account, connection.market), {})[connection] = wrap

    def unfollow(self, connection: Connection, account: Account) -> None:
        connection.accounts.pop(account, None)
        self._leave(self._private, (account, connection.market), connection)

    def drop(self, connection: Connection) -> None:
        """This function will forget a connection that ended."""
        for name in list(connection.streams):
            self.unsubscribe(connection, name)
        for account in list(connection.accounts):
            self.unfollow(connection, account)
        self.connections.pop(connection, None)

    def rebind(self, exchange: Exchange) -> None:
        """This function will let every connection follow the accounts of a new exchange with the same keys."""
        self._tops.clear()
        self._depths.clear()
        for (account, _), members in list(self._private.items()):
            successor = exchange.by_key.get(account.api_key)
            for connection, wrap in list(members.items()):
                self.unfollow(connection, account)
                if successor is not None:
                    self.follow(connection, successor, wrap)

    def _leave(self, table: dict[Any, dict[Connection, Any]], key: Any, connection: Connection) -> None:
        members = table.get(key)
        if members is not None:
            members.pop(connection, None)
            if not members:
                del table[key]
                self._depths.pop(key, None)

    # Private events

    def hold(self) -> None:
        """This function will hold private events back until `release`."""
        self._held = []

    def release(self) -> list[Event]:
        held, self._held = self._held or [], None
        return held

    async def deliver(self, events: list[Event], delay_ms: float = 0) -> None:
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        for key, event in events:
            self._send_private(key, event)

    def _tell(
        self, account: Account, market: Market, write: Callable[[], dict[str, Any]], copies: int = 1
    ) -> None:
        """This function will write an event only if somebody listens; it must be written now, not later.

        Hidden orders send no copies, but changed all the same.
        """
        self.venue.changes.accounts = True
        key = (account, market)
        if key not in self._private or not copies:
            return
        event = write()
        for _ in range(copies):
            if self._held is None:
                self._send_private(key, event)
            else:
                self._held.append((key, event))

    def _send_private(self, key: Private, event: dict[str, Any]) -> None:
        for connection, wrap in list(self._private.get(key, {}).items()):
            connection.send(wrap(event))

    def order(self, order: Order, execution: str, fill: Fill | None = None) -> None:
        write = user_events.spot_report if order.market is Market.SPOT else user_events.usdm_report
        copies = 0 if order.hidden else fill.copies if fill else 1
        self._tell(order.account, order.market, lambda: write(order, execution, fill, self.now), copies)

    def balances(self, account: Account, assets: Iterable[str]) -> None:
        self._tell(account, Market.SPOT, lambda: user_events.spot_balances(account, assets, self.now))

    def positions(self, account: Account, positions: Iterable[Position], reason: str) -> None:
        listings = self.venue.exchange.usdm.listings
        rows = list(positions)
        listing = listings.get(rows[0].symbol) if rows else None
        self._tell(
            account,
            Market.USDM,
            lambda: user_events.usdm_account(account, rows, reason, listing, self.now),
        )

    def algo(self, algo: AlgoOrder, status: str) -> None:
        copies = 0 if algo.hidden else 1
        self._tell(algo.account, Market.USDM, lambda: user_events.usdm_algo(algo, status, self.now), copies)

    def order_list(self, order_list: OrderList, status: str) -> None:
        account = order_list.orders[0].account
        self._tell(account, Market.SPOT, lambda: user_events.spot_list(order_list, status, self.now))

    def expire_keys(self) -> None:
        """This function will tell the listeners of listen keys whose time is over, and cut them off."""
        for key in self.venue.listen_keys.take_expired(self.now):
            self._tell(key.account, key.market, partial(user_events.key_expired, key.text, self.now))
            for connection in list(self._private.get((key.account, key.market), {})):
                self.unfollow(connection, key.account)

    # Public events

    @property
    def now(self) -> int:
        return self.venue.clock.now()

    def _publish(self, listing: Listing, name: str, write: Callable[[], Any], symbol: bool = True) -> None:
        stream = f"{listing.symbol.lower()}@{name}" if symbol else name
        members = self._topics.get((listing.rules.market, stream))
        if members:
            text = orjson.dumps(write()).decode()
            for connection in list(members):
                connection.send_stream(stream, text)

    def trade(self, listing: Listing, trade: PublicTrade) -> None:
        if self._topics:
            self._publish(listing, "trade", lambda: market_events.trade(listing, trade, self.now))
            self._publish(listing, "aggTrade", lambda: market_events.agg_trade(listing, trade, self.now))

    def quotes(self, listing: Listing) -> None:
        self.venue.changes.prices = True
        if not self._topics:
            return
        top = (*listing.best(Side.BUY), *listing.best(Side.SELL))
        if self._tops.get(listing) == top:
            return
        self._tops[listing] = top
        self._publish(listing, "bookTicker", lambda: market_events.book_ticker(listing, self.now))
        self._publish(listing, "!bookTicker", lambda: market_events.book_ticker(listing, self.now), symbol=False)

    def flush(self) -> None:
        """This function will send what goes out at intervals: tickers, marks, candles and depth."""
        for topic in list(self._topics):
            event = self._interval_event(topic)
            if event is not None:
                text = orjson.dumps(event).decode()
                for connection in list(self._topics.get(topic, ())):
                    connection.send_stream(topic[1], text)

    def _interval_event(self, topic: Topic) -> Any:
        market, stream = topic
        listings = self.venue.exchange.engines[market].listings
        name, _, channel = stream.partition("@")
        if name.startswith("!"):
            write = {
                "!ticker": market_events.ticker,
                "!miniTicker": market_events.mini_ticker,
                "!markPrice": market_events.mark_price,
            }.get(name)
            return [write(listing, self.now) for listing in listings.values()] if write else None
        listing = listings.get(name.upper())
        return self._symbol_event(topic, listing, channel) if listing else None

    def _symbol_event(self, topic: Topic, listing: Listing, channel: str) -> Any:
        channel, _, _ = channel.partition("@")
        if channel == "ticker":
            return market_events.ticker(listing, self.now)
        if channel == "miniTicker":
            return market_events.mini_ticker(listing, self.now)
        if channel == "markPrice":
            return market_events.mark_price(listing, self.now)
        if channel.startswith("kline_") and channel[6:] in INTERVALS:
            return market_events.kline(listing, channel[6:], self.now)
        if channel == "depth":
            return self._depth_event(topic, listing)
        if channel.startswith("depth") and channel[5:].isdigit():
            return market_events.partial_depth(listing, int(channel[5:]), self.now)
        return None

    def _depth_event(self, topic: Topic, listing: Listing) -> Any:
        """This function will write what changed in the book since the last time, or None."""
        known = self._depths.get(topic)
        version = listing.book.version
        if known is not None and known[0] == version:
            return None
        after = market_events.snapshot(listing)
        since, before = known or (version - 1, after)
        self._depths[topic] = (version, after)
        return market_events.depth_change(listing, before, after, since, self.now)


def disturbed(events: list[Event], options: dict[str, Any], seed: int) -> list[Event]:
    """This function will drop or reorder private events as an `events` fault asks."""
    if options["drop"]:
        return []
    if options["order"] == "reverse":
        return events[::-1]
    if options["order"] == "shuffle":
        return random.Random(seed).sample(events, len(events))
    return events


def fills_before_news(events: list[Event]) -> list[Event]:
    """This function will put reports of trades before all others."""
    return sorted(events, key=lambda row: _execution(row[1]) != "TRADE")


def _execution(event: dict[str, Any]) -> str:
    body = event.get("o") if event["e"] == "ORDER_TRADE_UPDATE" else event
    return str(body.get("x", "")) if isinstance(body, dict) else ""
