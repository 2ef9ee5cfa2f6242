"""The feed: what a price touches is acted upon, whether the tick came before it was watched or after."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from connections.contract import Quote
from core.clock import now
from execution.machine import OrderState
from execution.models import Order
from execution.roles import OrderRole
from execution.services import feeding
from execution.services.feeding import Feed
from positions.exits import ClosingReason
from positions.models import PositionStatus
from tests.execution.books import disagreements
from tests.execution.stage import SPOT, Account, Stage

FINISH = timedelta(seconds=10)


class Watcher:
    """A feed whose prices a test hands in, at a time that a test sets."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ahead = timedelta(0)
        self.feed = Feed(clock=lambda: now() + self._ahead)

    def look(self, *, after: float = 0) -> int:
        """Read what is new to watch, as twice a second, and finish what that starts; return how often it asked."""
        before = self.lookups()
        self._ahead += timedelta(seconds=after)
        self.feed.refresh()
        self.feed.pump.finish(patience=FINISH)
        return self.lookups() - before

    def hear(self, account: Account, price: int) -> None:
        """Take in the quote of a price, and finish what it makes due."""
        quote = Quote(account.symbol, Decimal(price - 3), Decimal(price + 3), self.feed.clock())
        self.feed.quotes.put((account.connection.venue_key, quote))
        self.feed.turn()
        self.feed.pump.finish(patience=FINISH)

    def lookups(self) -> int:
        """How often the venue was asked for one order."""
        return self._stage.venue.admin.requests().get("GET /api/v3/order", 0)


@pytest.fixture
def watcher(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    # The tests say what streams would bring, and when it is time to look.
    monkeypatch.setattr(Feed, "_watch_venues", lambda feed: None)
    monkeypatch.setattr(feeding, "REFRESH_S", float("inf"))
    yield (made := Watcher(stage))
    made.feed.stop()


class TestFeed:
    def test_finds_a_stop_that_traded_at_the_venue(self, stage: Stage, watcher: Watcher) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        watcher.look()
        stage.move_price(58_500)

        watcher.hear(account, 58_500)

        assert account.position.status == PositionStatus.CLOSED
        assert account.position.closing_reason == ClosingReason.SL
        assert disagreements(account) == []

    def test_finds_it_although_the_last_tick_came_before_the_order_was_watched(
        self, stage: Stage, watcher: Watcher
    ) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        stage.move_price(58_500)
        watcher.hear(account, 58_500)

        watcher.look()

        assert account.position.status == PositionStatus.CLOSED
        assert account.position.closing_reason == ClosingReason.SL

    def test_asks_again_without_another_tick_when_the_venue_was_slower_than_its_price(
        self, stage: Stage, watcher: Watcher
    ) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        watcher.look()
        watcher.hear(account, 58_500)
        assert account.order(OrderRole.STOP).state == OrderState.SUBMITTED

        stage.move_price(58_500)
        watcher.look(after=1.1)

        assert account.position.status == PositionStatus.CLOSED
        assert account.position.closing_reason == ClosingReason.SL

    def test_asks_later_each_time_while_a_touched_order_does_not_trade(
        self, stage: Stage, watcher: Watcher
    ) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        watcher.look()
        watcher.hear(account, 58_500)

        asked = [watcher.look(after=1.1) for _ in range(4)]

        assert asked == [1, 0, 1, 0]

    def test_stops_asking_once_the_price_has_left(self, stage: Stage, watcher: Watcher) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        watcher.look()
        watcher.hear(account, 58_500)
        watcher.hear(account, 60_000)

        asked = watcher.look(after=5)

        assert asked == 0

    def test_trusts_no_price_that_nothing_has_followed_for_long(self, stage: Stage, watcher: Watcher) -> None:
        account = stage.open_account(SPOT)
        stage.trade()
        watcher.hear(account, 58_500)

        asked = watcher.look(after=feeding.KNOWN_FOR.total_seconds() + 1)

        assert asked == 0

    def test_finds_what_a_machine_with_a_slow_clock_wrote(self, stage: Stage, watcher: Watcher) -> None:
        account = stage.open_account(SPOT)
        watcher.look()
        stage.trade(targets=[])
        Order.objects.update(updated_at=now() - timedelta(minutes=10))

        watcher.look(after=61)

        assert len(watcher.feed.book) == 1
        assert account.position.status == PositionStatus.OPEN


class TestWatch:
    def test_begins_anew_when_the_database_was_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        over, fed = threading.Event(), []

        def turn(feed: Feed) -> int:
            fed.append(feed)
            if len(fed) == 1:
                raise OperationalError("The connection is closed.")
            over.set()
            return 0

        monkeypatch.setattr(feeding, "RESTART_S", 0)
        monkeypatch.setattr(feeding, "database", SimpleNamespace(close=lambda: None))
        monkeypatch.setattr(Feed, "turn", turn)

        feeding.watch(over)

        assert len(fed) == 2
        assert fed[0] is not fed[1]
