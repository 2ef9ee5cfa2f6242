"""A venue that was saved and loaded is the same venue: in all it says, and in all that happens to it next."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.venue.makers import BTC, BUY, PRICE, SELL, D, TestClock, Trader, make_rules
from tests.venue.picture import picture
from tests.venue.test_venue_invariants import Trading, prices, quantities, sides, who
from venue.config import Config
from venue.engine.errors import VenueError
from venue.engine.exchange import Exchange
from venue.engine.matching import Mischief
from venue.engine.terms import Market, Side, Tif
from venue.saving.keeper import restore, state_of
from venue.state import Venue

THIN = {"levels": 3, "level_notional": D(20000), "max_algo_orders": 50}


def venue_with(exchange: Exchange | None = None, clock: TestClock | None = None, **options: Any) -> Venue:
    """This function will make a venue of the tests' symbols whose clock stands still."""
    options.setdefault("rules", make_rules(**THIN))
    venue = Venue(Config(**options))
    venue.clock.now = clock or TestClock()  # type: ignore[method-assign]
    if exchange is not None:
        venue.exchange = exchange
    return venue


def reloaded(venue: Venue, **options: Any) -> Venue:
    """This function will start a venue from what another one would write into its file."""
    written = orjson.loads(orjson.dumps(state_of(venue), default=str))
    clock: Any = venue.clock.now
    again = venue_with(clock=clock, **{"driver": venue.config.driver, "rules": venue.config.rules, **options})
    restore(again, written)
    return again


class Restarting(Trading):
    """The trading of the invariants, interrupted by restarts. The laws are checked on what was loaded."""

    def __init__(self) -> None:
        super().__init__()
        clock: Any = self.exchange.clock
        self.venue = venue_with(self.exchange, clock, driver="walk")
        _begin_with_everything(self.traders[0])

    @rule(who=who, side=sides, trail=st.integers(1, 30), quantity=quantities)
    def trail(self, who: int, side: Side, trail: int, quantity: str) -> None:
        with contextlib.suppress(VenueError):
            self.traders[who].algo(side, quantity, trail=D(trail) / 1000, type="TRAILING_STOP_MARKET")

    @rule(who=who, side=sides, price=prices, quantity=quantities, after_ms=st.integers(0, 100_000))
    def place_dated(self, who: int, side: Side, price: str, quantity: str, after_ms: int) -> None:
        until = self.exchange.clock() + after_ms
        with contextlib.suppress(VenueError):
            self.traders[who].usdm(side, quantity, price, tif=Tif.GTD, good_till=until)

    @rule(who=who, side=sides, price=prices, quantity=quantities, share=st.sampled_from(["0.3", "1"]))
    def place_with_a_fault(self, who: int, side: Side, price: str, quantity: str, share: str) -> None:
        mischief = Mischief(share=D(share), hold=share == "0.3", copies=2, hide_ms=30_000)
        with contextlib.suppress(VenueError):
            self.traders[who].spot(side, quantity, price, mischief)

    @rule(ms=st.integers(1, 60_000))
    def pass_time(self, ms: int) -> None:
        clock: Any = self.exchange.clock
        clock.ms += ms
        self.exchange.usdm.expire_due()

    @rule()
    def walk(self) -> None:
        self.venue.driver.step()

    @rule()
    def restart(self) -> None:
        before, clock = self.venue, self.venue.clock.now
        assert isinstance(clock, TestClock)
        picture(before)  # looking opens empty rows: a balance, settings
        shown = picture(before)

        after = reloaded(before)

        assert picture(after) == shown
        assert state_of(after) == state_of(before)
        # The one that never stopped goes on too, and the same happens to both.
        began = clock.ms
        _go_on(before)
        clock.ms = began
        again = reloaded(after)
        _go_on(again)
        assert picture(again) == picture(before)
        clock.ms = began
        self._continue_with(after)

    def _continue_with(self, venue: Venue) -> None:
        self.venue, self.exchange = venue, venue.exchange
        for trader in self.traders:
            trader.exchange, trader.account = self.exchange, self.exchange.accounts[trader.account.name]


def _begin_with_everything(trader: Trader) -> None:
    """One of each that can wait, so that every restart has something to lose."""
    exchange = trader.exchange
    pair = (
        trader.spec(SELL, "0.2", "52000", type="LIMIT_MAKER", post_only=True),
        trader.spec(SELL, "0.2", stop="49500", type="STOP_LOSS"),
    )
    exchange.spot.place_list(trader.account, pair, "pair")
    trader.spot(BUY, "0.2", "49000")
    trader.spot(SELL, "0.1", stop="49500", type="STOP_LOSS")
    trader.spot(BUY, "0.1", "51000", Mischief(share=D("0.5"), hold=True))
    trader.usdm(BUY, "0.2")
    trader.usdm(BUY, "0.1", "49000", tif=Tif.GTD, good_till=exchange.clock() + 30_000)
    trader.algo(SELL, "0.1", stop="49500", tif=Tif.GTE_GTC)
    trader.algo(SELL, "0.1", trail=D("0.01"), type="TRAILING_STOP_MARKET")
    exchange.move(BTC, D(50200))


def _go_on(venue: Venue) -> None:
    """Something of everything, so that whatever was lost shows: queues, locks, triggers, trails, numbers."""
    exchange, clock = venue.exchange, venue.clock.now
    assert isinstance(clock, TestClock)
    traders = [Trader(exchange, account) for account in exchange.accounts.values()]
    for number, price in enumerate(("49100", "50900", "48000", "53000", "50000")):
        clock.ms += 20_000
        exchange.usdm.expire_due()
        exchange.move(BTC, D(price))
        venue.driver.step()
        for trader in traders:
            with contextlib.suppress(VenueError):
                trader.spot(SELL if number % 2 else BUY, "0.3", client_id=f"on-{number}")
            with contextlib.suppress(VenueError):
                trader.usdm(BUY if number % 2 else SELL, "0.5", price, client_id=f"on-{number}")
            with contextlib.suppress(VenueError):
                trader.algo(BUY, "0.1", stop="52000", client_id=f"on-{number}")
        for trader in traders[number % 3 : number % 3 + 1]:
            for market in Market:
                for order in trader.account.orders[market].all[-2:]:
                    exchange.engines[market].force_fill(order, D("0.01"))
                for order in trader.account.orders[market].open_of(BTC)[:1]:
                    exchange.engines[market].cancel(order)


TestRestarting = Restarting.TestCase
TestRestarting.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class TestOptions:
    def test_open_the_accounts_that_are_missing_only(self) -> None:
        venue = venue_with(accounts=[{"name": "alice", "latency_ms": 5}])
        venue.exchange.accounts["alice"].latency_ms = 70
        rows = [{"name": "alice", "latency_ms": 9}, {"name": "bob", "latency_ms": 9}]

        again = reloaded(venue, accounts=rows)

        assert {name: row.latency_ms for name, row in again.exchange.accounts.items()} == {"alice": 70, "bob": 9}

    def test_change_the_rules_that_nobody_changed_by_hand(self) -> None:
        venue = venue_with()
        listing = venue.exchange.usdm.listings[BTC]
        listing.rules = replace(listing.rules, status="HALT", brackets=listing.rules.brackets[:2])

        again = reloaded(venue, rules=make_rules(max_orders=7))

        rules = again.exchange.usdm.listings[BTC].rules
        assert (rules.status, rules.brackets, rules.max_orders) == ("HALT", listing.rules.brackets, 7)

    def test_must_list_every_symbol_there_was(self) -> None:
        with pytest.raises(LookupError, match=r"BTCUSDT \(spot\) is not among the symbols"):
            reloaded(venue_with(), rules=[row for row in make_rules() if row.symbol != BTC])

    def test_may_list_more_symbols(self) -> None:
        few = [row for row in make_rules() if row.market is Market.SPOT]

        again = reloaded(venue_with(rules=few), rules=make_rules())

        assert again.exchange.usdm.listings[BTC].mark == PRICE

    def test_a_key_of_another_account_is_refused(self) -> None:
        venue = venue_with(accounts=[{"name": "alice", "api_key": "same"}])

        with pytest.raises(ValueError, match="'bob', or one with its key, exists already"):
            reloaded(venue, accounts=[{"name": "bob", "api_key": "same"}])


class TestDriver:
    def test_stays_paused_and_fast(self) -> None:
        venue = venue_with(driver="walk")
        venue.driver.paused, venue.driver.speed = True, 4.0

        again = reloaded(venue)

        assert (again.driver.paused, again.driver.speed) == (True, 4.0)

    def test_obeys_options_that_nobody_overruled(self) -> None:
        again = reloaded(venue_with(driver="walk"), paused=True, speed=3.0)

        assert (again.driver.paused, again.driver.speed) == (True, 3.0)

    def test_begins_another_walk_with_another_seed(self) -> None:
        venue = venue_with(driver="walk", seed=1)
        fresh = venue_with(driver="walk", seed=2)

        again = reloaded(venue, seed=2)
        for each in (again, fresh):
            each.driver.step()

        assert again.exchange.spot.listings[BTC].mark == fresh.exchange.spot.listings[BTC].mark


class TestAccounts:
    def test_keep_what_no_trade_touches(self) -> None:
        row = {"name": "alice", "permissions": {"futures": False, "ips": ["10.0.0.1"]}, "fees": {"burn_bnb": True}}
        venue = venue_with(accounts=[{**row, "revoked": True, "latency_ms": 20.5, "hedge_mode": True}])
        before = venue.exchange.accounts["alice"]
        before.multi_assets = True

        alice = reloaded(venue).exchange.accounts["alice"]

        assert (alice.permissions, alice.fees) == (before.permissions, before.fees)
        assert (alice.revoked, alice.latency_ms, alice.hedge_mode, alice.multi_assets) == (True, 20.5, True, True)

    def test_keep_their_dead_mans_switch(self) -> None:
        venue = venue_with(accounts=[{"name": "alice"}])
        alice = Trader(venue.exchange, venue.exchange.accounts["alice"])
        order = alice.usdm(BUY, "0.01", "49000")
        venue.countdowns.set(alice.account, BTC, venue.clock.now() + 1)

        again = reloaded(venue)
        again.countdowns.run(again.exchange, again.clock.now() + 1)

        kept = again.exchange.accounts["alice"].orders[Market.USDM].by_id(BTC, order.id)
        assert kept is not None
        assert kept.status.value == "CANCELED"
