"""Spot stops, targets, trailing orders and OCO pairs."""

from __future__ import annotations

import pytest

from tests.venue.makers import BTC, BUY, SELL, D, Trader, make_account, make_exchange
from venue.engine.errors import VenueError
from venue.engine.exchange import Exchange
from venue.engine.orders import OrderList
from venue.engine.terms import Market, Status


def place_oco(trader: Trader, limit: str = "52000", stop: str = "48000", quantity: str = "1") -> OrderList:
    specs = (
        trader.spec(SELL, quantity, limit, type="LIMIT_MAKER", post_only=True),
        trader.spec(SELL, quantity, stop=stop, type="STOP_LOSS"),
    )
    return trader.exchange.spot.place_list(trader.account, specs, "pair")


class TestStop:
    def test_waits_until_the_price_comes(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(SELL, "1", stop="48000", type="STOP_LOSS")

        exchange.move(BTC, D(48500))

        assert (order.status, order.working) == (Status.NEW, False)
        assert alice.locked("BTC") == 1

    def test_sells_at_market_once_it_fires(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(SELL, "1", stop="48000", type="STOP_LOSS")

        exchange.move(BTC, D(47900))

        assert (order.status, order.working) == (Status.FILLED, True)
        assert order.average == exchange.spot.listings[BTC].quote.bid
        assert alice.locked("BTC") == 0

    def test_with_a_limit_may_be_left_behind_by_a_gap(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(SELL, "1", "47990", stop="48000", type="STOP_LOSS_LIMIT")

        exchange.move(BTC, D(47000))

        assert (order.status, order.working) == (Status.NEW, True)

    def test_is_refused_when_the_price_is_already_there(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="would trigger immediately"):
            alice.spot(SELL, "1", stop="51000", type="STOP_LOSS")

    @pytest.mark.parametrize(
        ("kind", "side", "stop", "price"),
        [
            ("STOP_LOSS", BUY, "51000", 51100),
            ("TAKE_PROFIT", SELL, "51000", 51100),
            ("TAKE_PROFIT", BUY, "49000", 48900),
        ],
    )
    def test_every_direction_fires(
        self, exchange: Exchange, alice: Trader, kind: str, side: object, stop: str, price: int
    ) -> None:
        order = alice.spot(side, "0.1", stop=stop, type=kind)  # type: ignore[arg-type]

        exchange.move(BTC, D(price))

        assert order.status is Status.FILLED

    def test_may_fire_the_next_one(self, exchange: Exchange, alice: Trader, bob: Trader) -> None:
        thin = exchange.spot.listings[BTC].rules
        thin.levels, thin.level_notional = 4, D(10000)
        thin.level_bps = D(50)
        exchange.move(BTC, D(50000))
        far = bob.spot(SELL, "0.1", stop="49100", type="STOP_LOSS")
        near = alice.spot(SELL, "1", stop="49800", type="STOP_LOSS")

        exchange.move(BTC, D(49790))

        assert near.executed > 0
        assert far.working

    def test_counts_against_the_algo_limit(self, alice: Trader) -> None:
        for price in ("40000", "41000", "42000", "43000", "44000"):
            alice.spot(SELL, "0.1", stop=price, type="STOP_LOSS")

        with pytest.raises(VenueError, match="MAX_NUM_ALGO_ORDERS"):
            alice.spot(SELL, "0.1", stop="45000", type="STOP_LOSS")


class TestTrailingStop:
    def test_follows_the_price_up_and_fires_on_the_way_back(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(SELL, "1", trail=D("0.01"), type="STOP_LOSS")

        exchange.move(BTC, D(55000))
        exchange.move(BTC, D(54600))
        waiting = order.working
        exchange.move(BTC, D(54400))

        assert not waiting
        assert order.status is Status.FILLED


class TestOco:
    def test_locks_the_coins_once(self, alice: Trader) -> None:
        place_oco(alice)

        assert alice.locked("BTC") == 1
        assert len(alice.account.orders[Market.SPOT].open) == 2

    def test_target_ends_the_stop(self, exchange: Exchange, alice: Trader) -> None:
        pair = place_oco(alice)

        exchange.move(BTC, D(52500))

        assert [order.status for order in pair.orders] == [Status.FILLED, Status.EXPIRED]
        assert not pair.is_open
        assert alice.locked("BTC") == 0

    def test_stop_ends_the_target(self, exchange: Exchange, alice: Trader) -> None:
        pair = place_oco(alice)

        exchange.move(BTC, D(47000))

        assert [order.status for order in pair.orders] == [Status.EXPIRED, Status.FILLED]

    def test_a_partly_filled_target_ends_the_stop_too(self) -> None:
        exchange = make_exchange(levels=1, level_notional=D(5000))
        alice = Trader(exchange, make_account(exchange, "alice"))
        bob = Trader(exchange, make_account(exchange, "bob"))
        pair = place_oco(alice, limit="50003")

        bob.spot(BUY, "0.3")

        assert [order.status for order in pair.orders] == [Status.PARTIALLY_FILLED, Status.EXPIRED]
        assert alice.locked("BTC") == pair.orders[0].remaining

    def test_cancel_of_one_leg_cancels_both(self, exchange: Exchange, alice: Trader) -> None:
        pair = place_oco(alice)

        exchange.spot.cancel(pair.orders[1])

        assert [order.status for order in pair.orders] == [Status.CANCELED, Status.CANCELED]
        assert alice.free("BTC") == 2

    @pytest.mark.parametrize(("limit", "stop"), [("49000", "48000"), ("52000", "51000")])
    def test_is_refused_around_the_wrong_price(self, alice: Trader, limit: str, stop: str) -> None:
        with pytest.raises(VenueError, match="relationship of the prices"):
            place_oco(alice, limit, stop)

        assert alice.locked("BTC") == 0

    def test_needs_the_coins_once_and_not_twice(self, alice: Trader) -> None:
        place_oco(alice, quantity="2")

        with pytest.raises(VenueError, match="insufficient balance"):
            place_oco(alice, quantity="0.1")
