"""Levels and the quotes that reach them, against a list that is searched from end to end."""

import heapq
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from connections.contract import Quote, Side
from execution.watch import FEW, Basis, Crossing, Level, WatchBook, exit_level, order_level
from tests.values import BTC, BUY, SELL, make_quote

D = Decimal
ACTION = ("LOOK", None)
BID, ASK, FALLS, RISES = Basis.BID, Basis.ASK, Crossing.FALLS, Crossing.RISES


def make_level(
    price: int, *, owner: str = "alice", symbol: str = BTC, basis: Basis = BID, crossing: Crossing = FALLS
) -> Level:
    return Level(owner, symbol, basis, crossing, D(price), ACTION)


def reaches(quote: Quote, level: Level) -> bool:
    """The whole rule, read naively."""
    price = quote.bid if level.basis is BID else quote.ask
    is_crossed = price <= level.price if level.crossing is FALLS else price >= level.price
    return level.symbol == quote.symbol and is_crossed


class TestWatchBook:
    def test_does_not_grow_with_levels_that_the_price_never_meets(self) -> None:
        book = WatchBook()

        for turn in range(1000):
            book.put("alice", [make_level(100)])
            book.put(turn % 10, [make_level(90, owner=str(turn % 10))])

        assert len(book) <= 4 * FEW
        assert [level.owner for level in book.fire(make_quote("95"))] == ["alice"]


class TestLevels:
    @pytest.mark.parametrize(
        ("side", "is_stop", "basis", "crossing"),
        [(BUY, True, BID, FALLS), (BUY, False, BID, RISES), (SELL, True, ASK, RISES), (SELL, False, ASK, FALLS)],
    )
    def test_of_exits_lie_where_a_close_would_trade(
        self, side: Side, is_stop: bool, basis: Basis, crossing: Crossing
    ) -> None:
        level = exit_level("alice", BTC, side, D(90), is_stop=is_stop, action=ACTION)

        assert (level.basis, level.crossing) == (basis, crossing)

    @pytest.mark.parametrize(
        ("side", "is_stop", "basis", "crossing"),
        [(BUY, False, BID, FALLS), (BUY, True, ASK, RISES), (SELL, False, ASK, RISES), (SELL, True, BID, FALLS)],
    )
    def test_of_orders_lie_where_the_order_has_traded(
        self, side: Side, is_stop: bool, basis: Basis, crossing: Crossing
    ) -> None:
        level = order_level("alice", BTC, side, D(90), is_stop=is_stop, action=ACTION)

        assert (level.basis, level.crossing) == (basis, crossing)

    @pytest.mark.parametrize("side", [BUY, SELL])
    def test_of_a_stop_are_those_of_the_order_that_closes(self, side: Side) -> None:
        mine = exit_level("alice", BTC, side, D(90), is_stop=True, action=ACTION)

        assert mine == order_level("alice", BTC, side.opposite, D(90), is_stop=True, action=ACTION)

    @pytest.mark.parametrize(
        ("side", "bid", "ask", "has_traded"),
        [
            (SELL, "89", "90", False),  # it may be the best price itself
            (SELL, "89", "90.01", True),  # somebody took it, and nobody came so far
            (SELL, "90", "91", True),
            (BUY, "90", "91", False),
            (BUY, "89.99", "91", True),
            (BUY, "88", "90", True),
        ],
    )
    def test_of_a_limit_order_say_whether_it_can_still_rest(
        self, side: Side, bid: str, ask: str, has_traded: bool
    ) -> None:
        level = order_level("alice", BTC, side, D(90), is_stop=False, action=ACTION)

        assert level.is_reached_by(make_quote(bid, ask)) == has_traded


class TestFire:
    @pytest.mark.parametrize(
        ("level", "bid", "ask", "fires"),
        [
            (make_level(100), "100", "101", True),
            (make_level(100), "100.01", "101", False),
            (make_level(100), "50", "51", True),
            (make_level(100, crossing=RISES), "100", "101", True),
            (make_level(100, crossing=RISES), "99.99", "101", False),
            (make_level(100, basis=ASK), "98", "100", True),
            (make_level(100, basis=ASK), "98", "100.01", False),
            (make_level(100, basis=ASK, crossing=RISES), "98", "100", True),
            (make_level(100, basis=ASK, crossing=RISES), "98", "99.99", False),
            (make_level(100, symbol="ETH/USDT"), "1", "2", False),
        ],
    )
    def test_gives_what_the_quote_reaches(self, level: Level, bid: str, ask: str, fires: bool) -> None:
        book = WatchBook()
        book.put("alice", [level])

        assert book.fire(make_quote(bid, ask)) == ([level] if fires else [])

    def test_gives_each_level_once(self) -> None:
        book = WatchBook()
        book.put("alice", [make_level(100)])

        assert len(book.fire(make_quote("99", "100"))) == 1
        assert book.fire(make_quote("99", "100")) == []

    def test_costs_what_it_fires_and_not_what_is_held(self, monkeypatch: pytest.MonkeyPatch) -> None:
        book, looks, pop = WatchBook(), [], heapq.heappop
        book.put("alice", [make_level(number) for number in range(10_000)])
        book.put("bob", [make_level(20_000, owner="bob"), make_level(20_001, owner="bob")])

        def counted(heap: list[Any]) -> Any:
            looks.append(heap[0])
            return pop(heap)

        monkeypatch.setattr("heapq.heappop", counted)

        assert len(book.fire(make_quote("20000", "20001"))) == 2
        assert len(looks) == 2


class TestSymbols:
    def test_are_those_with_levels(self) -> None:
        book = WatchBook()
        book.put("alice", [make_level(100), make_level(10, symbol="ETH/USDT")])

        assert book.symbols() == {BTC, "ETH/USDT"}


LEVELS = st.builds(
    lambda price, basis, crossing, symbol: (price, basis, crossing, symbol),
    st.integers(90, 110),
    st.sampled_from(Basis),
    st.sampled_from(Crossing),
    st.sampled_from([BTC, "ETH/USDT"]),
)


class Watching(RuleBasedStateMachine):
    """Owners put, replace and forget levels while quotes come in; a plain list says what must fire."""

    @initialize()
    def begin(self) -> None:
        self.book = WatchBook()
        self.watched: list[Level] = []

    @rule(owner=st.sampled_from("abc"), levels=st.lists(LEVELS, max_size=4))
    def somebody_watches(self, owner: str, levels: list[tuple[int, Basis, Crossing, str]]) -> None:
        put = [
            Level(owner, symbol, basis, crossing, D(price), ACTION) for price, basis, crossing, symbol in levels
        ]
        self.book.put(owner, put)
        self.watched = [*self.others(owner), *put]

    @rule(owner=st.sampled_from("abc"))
    def somebody_goes(self, owner: str) -> None:
        self.book.forget(owner)
        self.watched = self.others(owner)

    @rule(bid=st.integers(88, 112), spread=st.integers(0, 2), symbol=st.sampled_from([BTC, "ETH/USDT"]))
    def a_quote_comes_in(self, bid: int, spread: int, symbol: str) -> None:
        quote = make_quote(str(bid), str(bid + spread), symbol=symbol)

        fired = self.book.fire(quote)

        assert listed(fired) == listed(level for level in self.watched if reaches(quote, level))
        self.watched = [level for level in self.watched if not reaches(quote, level)]

    def others(self, owner: str) -> list[Level]:
        return [level for level in self.watched if level.owner != owner]


def listed(levels: Iterable[Level]) -> list[str]:
    return sorted(map(repr, levels))


TestWatching = Watching.TestCase
TestWatching.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
