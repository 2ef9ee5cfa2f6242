"""Spot orders against the house's quotes and each other."""

from __future__ import annotations

import pytest

from tests.venue.makers import BTC, BUY, PRICE, SELL, D, Trader, make_account, make_exchange
from venue.engine.errors import VenueError
from venue.engine.exchange import Exchange
from venue.engine.matching import Mischief
from venue.engine.terms import Status, Stp, Tif


class TestMarketOrder:
    def test_fills_at_the_best_ask(self, exchange: Exchange, alice: Trader) -> None:
        ask = exchange.spot.listings[BTC].best(SELL)[0]

        order = alice.spot(BUY, "0.5")

        assert order.status is Status.FILLED
        assert [(fill.price, fill.quantity) for fill in order.fills] == [(ask, D("0.5"))]

    def test_walks_the_book_when_the_first_level_is_too_small(self) -> None:
        exchange = make_exchange(level_notional=D(50000))
        alice = Trader(exchange, make_account(exchange, "alice", usdt="1000000"))

        order = alice.spot(BUY, "2.5")

        assert len(order.fills) == 3
        assert order.fills[0].price < order.fills[1].price < order.fills[2].price

    def test_expires_with_what_the_book_could_not_give(self) -> None:
        exchange = make_exchange(levels=2, level_notional=D(5000))
        alice = Trader(exchange, make_account(exchange, "alice", usdt="1000000"))

        order = alice.spot(BUY, "1")

        assert order.status is Status.EXPIRED
        assert order.executed == D("0.09999") + D("0.09998")

    def test_spends_a_quote_amount_in_whole_steps(self, alice: Trader) -> None:
        order = alice.spot(BUY, None, quote_quantity=D("1000"))

        assert order.status is Status.FILLED
        assert order.quantity == order.executed == D("0.01999")
        assert D("999") < order.quote <= D("1000")

    def test_by_quote_expires_when_the_book_ends_first(self) -> None:
        exchange = make_exchange(levels=1, level_notional=D(5000))
        alice = Trader(exchange, make_account(exchange, "alice"))

        order = alice.spot(BUY, None, quote_quantity=D("20000"))

        assert order.status is Status.EXPIRED

    def test_is_refused_beyond_the_balance(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="insufficient balance") as caught:
            alice.spot(BUY, "2.1")

        assert caught.value.code == -2010

    def test_finds_the_book_full_again(self, exchange: Exchange, alice: Trader, bob: Trader) -> None:
        first = alice.spot(BUY, "1.5")

        second = bob.spot(BUY, "1.5")

        assert first.average == second.average


class TestLimitOrder:
    def test_rests_and_locks_its_money(self, alice: Trader) -> None:
        order = alice.spot(BUY, "0.1", "49000")

        assert order.status is Status.NEW
        assert alice.locked("USDT") == D("4900")
        assert alice.free("USDT") == D("95100")

    def test_releases_what_a_better_price_saved(self, alice: Trader) -> None:
        order = alice.spot(BUY, "0.1", "51000")

        assert order.status is Status.FILLED
        assert alice.locked("USDT") == 0
        assert alice.free("USDT") == D("100000") - order.quote

    def test_fills_in_full_when_the_price_goes_through_it(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(BUY, "1.9", "49000")

        exchange.move(BTC, D(48000))

        assert order.status is Status.FILLED
        assert order.average == D(49000)
        assert all(fill.is_maker for fill in order.fills)

    def test_meets_another_customer_before_the_house(self, alice: Trader, bob: Trader) -> None:
        maker = alice.spot(SELL, "0.2", "50001")

        taker = bob.spot(BUY, "0.2", "50001")

        assert maker.status is taker.status is Status.FILLED
        assert maker.fills[0].trade_id == taker.fills[0].trade_id
        assert maker.fills[0].is_maker
        assert not taker.fills[0].is_maker

    def test_first_come_is_first_served_at_a_price(self, alice: Trader, bob: Trader) -> None:
        early = alice.spot(SELL, "0.1", "50001")
        late = bob.spot(SELL, "0.1", "50001")

        bob.spot(BUY, "0.1", "50001", stp=Stp.NONE)

        assert early.status is Status.FILLED
        assert late.status is Status.NEW

    def test_a_better_price_comes_before_an_earlier_time(self, alice: Trader, bob: Trader) -> None:
        early = alice.spot(SELL, "0.1", "50002")
        better = alice.spot(SELL, "0.1", "50001")

        bob.spot(BUY, "0.1", "50002")

        assert better.status is Status.FILLED
        assert early.status is Status.NEW

    def test_ioc_expires_with_its_rest(self) -> None:
        exchange = make_exchange(levels=1, level_notional=D(5000))
        alice = Trader(exchange, make_account(exchange, "alice"))

        order = alice.spot(BUY, "0.5", "50100", tif=Tif.IOC)

        assert order.status is Status.EXPIRED
        assert order.executed == D("0.09999")
        assert alice.locked("USDT") == 0

    def test_fok_fills_all_or_nothing(self) -> None:
        exchange = make_exchange(levels=1, level_notional=D(5000))
        alice = Trader(exchange, make_account(exchange, "alice"))

        too_much = alice.spot(BUY, "0.5", "50100", tif=Tif.FOK)
        enough = alice.spot(BUY, "0.05", "50100", tif=Tif.FOK)

        assert (too_much.status, too_much.executed) == (Status.EXPIRED, 0)
        assert enough.status is Status.FILLED

    def test_post_only_is_refused_when_it_would_take(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="immediately match"):
            alice.spot(BUY, "0.1", "50100", type="LIMIT_MAKER", post_only=True)

    def test_cancel_gives_the_money_back(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(BUY, "0.1", "49000")

        exchange.spot.cancel(order)

        assert order.status is Status.CANCELED
        assert (alice.free("USDT"), alice.locked("USDT")) == (D("100000"), 0)


class TestOwnOrders:
    @pytest.mark.parametrize(
        ("mode", "maker_ends", "taker_ends"),
        [
            (Stp.EXPIRE_MAKER, Status.EXPIRED_IN_MATCH, Status.NEW),
            (Stp.EXPIRE_TAKER, Status.NEW, Status.EXPIRED_IN_MATCH),
            (Stp.EXPIRE_BOTH, Status.EXPIRED_IN_MATCH, Status.EXPIRED_IN_MATCH),
            (Stp.NONE, Status.FILLED, Status.FILLED),
        ],
    )
    def test_never_trade_unless_asked(
        self, alice: Trader, mode: Stp, maker_ends: Status, taker_ends: Status
    ) -> None:
        maker = alice.spot(SELL, "0.1", "50001")

        taker = alice.spot(BUY, "0.1", "50001", stp=mode)

        assert (maker.status, taker.status) == (maker_ends, taker_ends)


class TestCommission:
    def test_is_taken_from_what_is_received(self, alice: Trader) -> None:
        bought = alice.spot(BUY, "0.1")
        sold = alice.spot(SELL, "0.1")

        assert (bought.fills[0].commission, bought.fills[0].commission_asset) == (D("0.0001"), "BTC")
        assert sold.fills[0].commission_asset == "USDT"
        assert sold.fills[0].commission == sold.quote / 1000

    def test_in_bnb_is_a_quarter_cheaper(self, exchange: Exchange, alice: Trader) -> None:
        alice.account.fees.burn_bnb = True
        alice.account.spot.add("BNB", D(1))

        order = alice.spot(BUY, "0.1")

        assert order.fills[0].commission_asset == "BNB"
        assert order.fills[0].commission == round(order.quote * D("0.00075") / 600, 8)
        assert alice.free("BTC") == D("2.1")

    def test_falls_back_to_the_received_asset_without_bnb(self, alice: Trader) -> None:
        alice.account.fees.burn_bnb = True

        order = alice.spot(BUY, "0.1")

        assert order.fills[0].commission_asset == "BTC"


class TestClientOrderId:
    def test_is_refused_while_an_open_order_has_it(self, alice: Trader) -> None:
        alice.spot(BUY, "0.1", "49000", client_id="same")

        with pytest.raises(VenueError, match="Duplicate order sent"):
            alice.spot(BUY, "0.1", "49000", client_id="same")

    def test_fills_twice_when_a_market_order_is_sent_again(self, alice: Trader) -> None:
        first = alice.spot(BUY, "0.1", client_id="same")

        second = alice.spot(BUY, "0.1", client_id="same")

        assert first.id != second.id
        assert first.status is second.status is Status.FILLED


class TestMischief:
    def test_partial_share_expires_the_rest(self, alice: Trader) -> None:
        order = alice.spot(BUY, "0.1", mischief=Mischief(share=D("0.4")))

        assert (order.status, order.executed) == (Status.EXPIRED, D("0.04"))

    def test_a_fill_after_the_cancel_is_booked(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.spot(BUY, "0.1", "49000")
        exchange.spot.cancel(order)

        exchange.spot.force_fill(order, D("0.04"))

        assert (order.status, order.executed) == (Status.CANCELED, D("0.04"))
        assert alice.free("BTC") == D("2.03996")

    def test_a_ghost_is_accepted_and_leaves_no_trace(self, alice: Trader) -> None:
        order = alice.spot(BUY, "0.1", mischief=Mischief(ghost=True))

        assert order.status is Status.NEW
        assert alice.free("USDT") == D("100000")
        assert alice.account.orders[order.market].all == []


class TestPrice:
    def test_moves_quotes_last_and_mark_on_both_markets(self, exchange: Exchange) -> None:
        exchange.move(BTC, D("51234.56"))

        for engine in exchange.engines.values():
            listing = engine.listings[BTC]
            assert listing.best(BUY)[0] < D("51234.56") < listing.best(SELL)[0]
            assert listing.last == listing.tape.trades[-1].price

    def test_starts_where_the_rules_say(self, exchange: Exchange) -> None:
        assert exchange.spot.listings[BTC].last == PRICE
