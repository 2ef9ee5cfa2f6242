"""USD-M: positions, margin, reduce-only, conditionals, liquidation."""

from __future__ import annotations

import pytest

from tests.venue.makers import BTC, BUY, SELL, D, TestClock, Trader, make_account, make_exchange
from venue.engine.errors import VenueError
from venue.engine.exchange import Exchange
from venue.engine.margin import Margin, liquidation_price, margin_of
from venue.engine.positions import Position
from venue.engine.terms import AlgoStatus, Market, Status, Tif


def margin(trader: Trader) -> Margin:
    return margin_of(trader.account, trader.exchange.usdm.listings)


class TestPosition:
    def test_averages_its_entry(self) -> None:
        position = Position(BTC, "BOTH")

        position.apply(BUY, D(1), D(100), 0)
        position.apply(BUY, D(3), D(200), 0)

        assert (position.amount, position.entry_price) == (4, 175)

    @pytest.mark.parametrize(("opens", "closes", "earned"), [(BUY, SELL, 10), (SELL, BUY, -10)])
    def test_realizes_profit_by_direction(self, opens: object, closes: object, earned: int) -> None:
        position = Position(BTC, "BOTH")
        position.apply(opens, D(1), D(100), 0)  # type: ignore[arg-type]

        realized = position.apply(closes, D(1), D(110), 0)  # type: ignore[arg-type]

        assert realized == earned
        assert (position.amount, position.cost) == (0, 0)

    def test_turns_around_in_one_trade(self) -> None:
        position = Position(BTC, "BOTH")
        position.apply(BUY, D(1), D(100), 0)

        realized = position.apply(SELL, D(3), D(120), 0)

        assert realized == 20
        assert (position.amount, position.entry_price) == (-2, 120)

    def test_loses_nothing_to_rounding(self) -> None:
        position = Position(BTC, "BOTH")
        position.apply(BUY, D(3), D(100) / 3, 0)
        cost = position.cost

        realized = sum(position.apply(SELL, D(1), D(40), 0) for _ in range(3))

        assert realized == 120 - cost


class TestWallet:
    def test_pays_commission_and_receives_profit(self, exchange: Exchange, alice: Trader) -> None:
        opened = alice.usdm(BUY, "0.1")
        exchange.move(BTC, D(51000))

        closed = alice.usdm(SELL, "0.1", reduce_only=True)

        fees = (opened.quote + closed.quote) * D("0.0005")
        assert closed.fills[0].realized_pnl == closed.quote - opened.quote
        assert alice.account.usdm_balance() == 10000 + closed.quote - opened.quote - fees
        assert {row.kind for row in alice.account.income} == {"REALIZED_PNL", "COMMISSION"}

    def test_shows_what_is_tied_up(self, alice: Trader) -> None:
        alice.account.settings_of(BTC).leverage = 10
        alice.usdm(BUY, "0.1")
        alice.usdm(BUY, "0.1", "49000")

        assert margin(alice).position_initial == D("0.1") * alice.exchange.usdm.listings[BTC].mark / 10
        assert margin(alice).order_initial == 490
        assert margin(alice).available < 9020

    def test_counts_only_the_worse_direction_of_open_orders(self, alice: Trader) -> None:
        alice.usdm(BUY, "0.1", "49000")
        before = margin(alice).order_initial

        alice.usdm(SELL, "0.1", "51000")

        assert before < margin(alice).order_initial == D("5100") / 20


class TestAdmission:
    def test_refuses_what_margin_does_not_cover(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match=r"Margin is insufficient\.") as caught:
            alice.usdm(BUY, "5")

        assert caught.value.code == -2019

    def test_lets_an_account_under_water_reduce(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "3.9")
        exchange.move(BTC, D(49000))

        order = alice.usdm(SELL, "1")

        assert order.status is Status.FILLED

    def test_refuses_more_than_the_bracket_allows(self, exchange: Exchange) -> None:
        rich = Trader(exchange, make_account(exchange, "rich", usdm="100000000"))
        rich.account.settings_of(BTC).leverage = 125

        with pytest.raises(VenueError, match="maximum allowable position"):
            rich.usdm(BUY, "10")

    def test_refuses_the_wrong_position_side(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="position side does not match"):
            alice.usdm(BUY, "0.1", position_side="LONG")

    def test_refuses_a_fill_or_kill_that_cannot_fill(self) -> None:
        exchange = make_exchange(levels=1, level_notional=D(5000))
        alice = Trader(exchange, make_account(exchange, "alice"))

        with pytest.raises(VenueError, match="FOK order has been rejected"):
            alice.usdm(BUY, "0.5", "50100", tif=Tif.FOK)

    def test_refuses_a_post_only_that_would_take(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="Post Only order will be rejected"):
            alice.usdm(BUY, "0.1", "50100", tif=Tif.GTX, post_only=True)


class TestReduceOnly:
    def test_is_refused_without_a_position(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="ReduceOnly Order is rejected") as caught:
            alice.usdm(SELL, "0.1", reduce_only=True)

        assert caught.value.code == -2022

    def test_never_turns_the_position(self, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")

        order = alice.usdm(SELL, "0.5", reduce_only=True)

        assert (order.status, order.executed) == (Status.EXPIRED, D("0.1"))
        assert alice.position() == 0

    def test_resting_order_leaves_with_the_position(self, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        target = alice.usdm(SELL, "0.1", "52000", reduce_only=True)

        alice.usdm(SELL, "0.1", reduce_only=True)

        assert target.status is Status.EXPIRED


class TestHedgeMode:
    def test_holds_both_sides_at_once(self, alice: Trader) -> None:
        alice.account.hedge_mode = True

        alice.usdm(BUY, "0.1", position_side="LONG")
        alice.usdm(SELL, "0.2", position_side="SHORT")

        assert (alice.position("LONG"), alice.position("SHORT")) == (D("0.1"), D("-0.2"))

    def test_refuses_to_close_more_than_is_held(self, alice: Trader) -> None:
        alice.account.hedge_mode = True
        alice.usdm(BUY, "0.1", position_side="LONG")

        with pytest.raises(VenueError, match="ReduceOnly"):
            alice.usdm(SELL, "0.2", position_side="LONG")


class TestConditional:
    def test_becomes_an_order_when_its_price_comes(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        algo = alice.algo(SELL, "0.1", stop="49000", reduce_only=True)

        exchange.move(BTC, D(48900))

        assert algo.status is AlgoStatus.FINISHED
        assert algo.order is not None
        assert (algo.order.status, algo.order.client_id) == (Status.FILLED, algo.client_id)
        assert alice.position() == 0

    def test_close_position_closes_what_is_there_when_it_fires(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        alice.algo(SELL, None, stop="49000", close_position=True)
        alice.usdm(BUY, "0.2")

        exchange.move(BTC, D(48900))

        assert alice.position() == 0

    def test_is_rejected_with_a_reason_when_there_is_nothing_to_reduce(
        self, exchange: Exchange, alice: Trader
    ) -> None:
        algo = alice.algo(SELL, "0.1", stop="49000", reduce_only=True)

        exchange.move(BTC, D(48900))

        assert (algo.status, algo.reason) == (AlgoStatus.REJECTED, "ReduceOnly Order is rejected.")

    def test_margin_is_checked_when_it_fires_and_not_before(self, exchange: Exchange, alice: Trader) -> None:
        algo = alice.algo(BUY, "5", stop="51000")

        exchange.move(BTC, D(51100))

        assert (algo.status, algo.reason) == (AlgoStatus.REJECTED, "Margin is insufficient.")

    def test_stays_behind_as_an_orphan_after_the_position(self, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        algo = alice.algo(SELL, "0.1", stop="49000", reduce_only=True)

        alice.usdm(SELL, "0.1", reduce_only=True)

        assert algo.is_open

    def test_tied_to_the_position_goes_with_it(self, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        algo = alice.algo(SELL, None, stop="49000", close_position=True, tif=Tif.GTE_GTC)

        alice.usdm(SELL, "0.1", reduce_only=True)

        assert algo.status is AlgoStatus.EXPIRED

    def test_is_refused_when_its_price_is_there_already(self, alice: Trader) -> None:
        with pytest.raises(VenueError, match="immediately trigger"):
            alice.algo(SELL, "0.1", stop="51000")

    def test_only_one_close_stop_per_direction(self, alice: Trader) -> None:
        alice.algo(SELL, None, stop="49000", close_position=True)

        with pytest.raises(VenueError, match="closePosition in the direction is existing"):
            alice.algo(SELL, None, stop="48000", close_position=True)

    def test_trailing_stop_activates_follows_and_fires(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        kind = "TRAILING_STOP_MARKET"
        algo = alice.algo(SELL, "0.1", trail=D("0.01"), activation=D(51000), type=kind, reduce_only=True)

        exchange.move(BTC, D(50000))
        exchange.move(BTC, D(52000))
        exchange.move(BTC, D(51600))
        waiting = algo.status
        exchange.move(BTC, D(51400))

        assert waiting is AlgoStatus.NEW
        assert algo.status is AlgoStatus.FINISHED

    def test_stop_with_a_limit_rests_in_the_book_after_a_gap(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "0.1")
        algo = alice.algo(SELL, "0.1", "48990", stop="49000", reduce_only=True)

        exchange.move(BTC, D(48000))

        assert algo.status is AlgoStatus.TRIGGERED
        assert algo.order is not None
        assert algo.order.status is Status.NEW


class TestAmend:
    def test_moves_a_resting_order_to_the_back(self, exchange: Exchange, alice: Trader, bob: Trader) -> None:
        first = alice.usdm(SELL, "0.1", "51000")
        second = bob.usdm(SELL, "0.1", "51000")

        exchange.usdm.amend(first, D("0.2"), D(51000))

        queue = [order for order in exchange.usdm.listings[BTC].book.sides[SELL] if not order.account.is_house]
        assert queue == [second, first]

    def test_refuses_a_change_of_nothing(self, exchange: Exchange, alice: Trader) -> None:
        order = alice.usdm(SELL, "0.1", "51000")

        with pytest.raises(VenueError, match="No need to modify"):
            exchange.usdm.amend(order, D("0.1"), D(51000))


class TestExpiry:
    def test_good_till_date_ends_the_order(self, exchange: Exchange, alice: Trader) -> None:
        clock = exchange.clock
        assert isinstance(clock, TestClock)
        order = alice.usdm(BUY, "0.1", "49000", tif=Tif.GTD, good_till=clock.ms + 1000)

        clock.ms += 1001
        exchange.usdm.expire_due()

        assert order.status is Status.EXPIRED


class TestLiquidation:
    def test_closes_a_cross_account_at_the_price_it_announced(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "3.5")
        state = margin(alice)
        announced = liquidation_price(state.positions[0], state, exchange.usdm.listings[BTC])

        exchange.move(BTC, announced + 10)
        before = alice.position()
        exchange.move(BTC, announced - 10)

        assert (before, alice.position()) == (D("3.5"), 0)
        assert alice.account.orders[Market.USDM].all[-1].spec.type == "LIQUIDATION"

    def test_isolated_position_takes_only_its_own_margin(self, exchange: Exchange, alice: Trader) -> None:
        alice.account.settings_of(BTC).isolated = True
        alice.usdm(BUY, "0.1")
        tied = alice.account.position(BTC, "BOTH").isolated_margin

        exchange.move(BTC, D(47500))

        assert alice.position() == 0
        assert alice.account.usdm_balance() > 10000 - tied - 20

    def test_insurance_pays_what_the_wallet_lacks(self, exchange: Exchange, alice: Trader) -> None:
        alice.usdm(BUY, "3.5")

        exchange.move(BTC, D(30000))

        assert alice.account.usdm_balance() == 0
        assert exchange.usdm.insurance < 0
        assert alice.account.income[-1].kind == "INSURANCE_CLEAR"
