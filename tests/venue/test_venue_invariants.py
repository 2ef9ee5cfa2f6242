"""Laws that hold whatever customers and prices do; hypothesis tries to break them."""

from __future__ import annotations

import contextlib
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.venue.makers import BTC, SELL, D, Trader, make_account, make_exchange
from venue.engine.errors import VenueError
from venue.engine.orders import Order
from venue.engine.terms import Market, Side, Status, Stp, Tif

sides = st.sampled_from(list(Side))
who = st.integers(0, 2)
quantities = st.integers(1, 2000).map(lambda n: str(D(n) / 1000))
#: Around the opening price of 50000, in steps that make orders meet.
prices = st.integers(-20, 20).map(lambda n: str(50000 + n * 100))
tifs = st.sampled_from([Tif.GTC, Tif.GTC, Tif.GTC, Tif.IOC, Tif.FOK])
modes = st.sampled_from(list(Stp))


class Trading(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # A thin book, so that customers trade with each other and orders run out of liquidity.
        self.exchange = make_exchange(levels=3, level_notional=D(20000), max_algo_orders=50)
        self.traders = [
            Trader(self.exchange, make_account(self.exchange, name)) for name in ("alice", "bob", "carol")
        ]
        self.traders[2].account.fees.burn_bnb = True
        self.exchange.transfer(self.traders[2].account, Market.SPOT, "BNB", D("0.05"))
        self.before = self.exchange.totals()

    @rule(who=who, side=sides, quantity=quantities)
    def trade_at_market(self, who: int, side: Side, quantity: str) -> None:
        with contextlib.suppress(VenueError):
            self.traders[who].spot(side, quantity)

    @rule(who=who, side=sides, amount=st.integers(5, 90000))
    def trade_by_quote(self, who: int, side: Side, amount: int) -> None:
        with contextlib.suppress(VenueError):
            self.traders[who].spot(side, None, quote_quantity=D(amount))

    @rule(who=who, side=sides, quantity=quantities, price=prices, tif=tifs, stp=modes, post_only=st.booleans())
    def place_limit(
        self, who: int, side: Side, quantity: str, price: str, tif: Tif, stp: Stp, post_only: bool
    ) -> None:
        with contextlib.suppress(VenueError):
            self.traders[who].spot(side, quantity, price, tif=tif, stp=stp, post_only=post_only)

    @rule(who=who, side=sides, quantity=quantities, stop=prices, limit=st.none() | prices)
    def place_stop(self, who: int, side: Side, quantity: str, stop: str, limit: str | None) -> None:
        kind = "STOP_LOSS" if limit is None else "STOP_LOSS_LIMIT"
        with contextlib.suppress(VenueError):
            self.traders[who].spot(side, quantity, limit, stop=stop, type=kind)

    @rule(who=who, side=sides, quantity=quantities, near=st.integers(1, 15), far=st.integers(1, 15))
    def place_oco(self, who: int, side: Side, quantity: str, near: int, far: int) -> None:
        trader, sign = self.traders[who], 1 if side is SELL else -1
        limit = trader.spec(side, quantity, str(50000 + sign * near * 100), type="LIMIT_MAKER", post_only=True)
        stop = trader.spec(side, quantity, stop=str(50000 - sign * far * 100), type="STOP_LOSS")
        with contextlib.suppress(VenueError):
            self.exchange.spot.place_list(trader.account, (limit, stop), "list")

    @rule(who=who, side=sides, quantity=quantities, price=st.none() | prices, reduce=st.booleans())
    def trade_futures(self, who: int, side: Side, quantity: str, price: str | None, reduce: bool) -> None:
        with contextlib.suppress(VenueError):
            self.traders[who].usdm(side, quantity, price, reduce_only=reduce)

    @rule(who=who, side=sides, stop=prices, quantity=st.none() | quantities)
    def place_conditional(self, who: int, side: Side, stop: str, quantity: str | None) -> None:
        with contextlib.suppress(VenueError):
            self.traders[who].algo(side, quantity, stop=stop, close_position=quantity is None)

    @rule(who=who, market=st.sampled_from(list(Market)), pick=st.integers(0, 50))
    def cancel(self, who: int, market: Market, pick: int) -> None:
        orders = list(self.traders[who].account.orders[market].open)
        for order in orders[pick % len(orders) :][:1] if orders else []:
            self.exchange.engines[market].cancel(order)

    @rule(who=who, pick=st.integers(0, 50), price=prices, quantity=quantities)
    def amend(self, who: int, pick: int, price: str, quantity: str) -> None:
        orders = list(self.traders[who].account.orders[Market.USDM].open)
        for order in orders[pick % len(orders) :][:1] if orders else []:
            with contextlib.suppress(VenueError):
                self.exchange.usdm.amend(order, D(quantity), D(price))

    @rule(price=prices)
    def move(self, price: str) -> None:
        self.exchange.move(BTC, D(price))

    @rule(price=st.sampled_from(["30000", "44000", "56000", "80000"]))
    def leap(self, price: str) -> None:
        """Far enough to liquidate whoever is in the way."""
        self.exchange.move(BTC, D(price))

    @rule(who=who, pick=st.integers(0, 50), market=st.sampled_from(list(Market)))
    def fill_by_fault(self, who: int, pick: int, market: Market) -> None:
        orders = self.traders[who].account.orders[market].all
        for order in orders[pick % len(orders) :][:1] if orders else []:
            self.exchange.engines[market].force_fill(order, D("0.01"))

    # The laws

    @invariant()
    def money_is_conserved(self) -> None:
        assert self.exchange.totals() == self.before

    @invariant()
    def locked_is_what_open_orders_reserve(self) -> None:
        for trader in self.traders:
            held: dict[str, Decimal] = {}
            reservations = {
                id(order.reservation): order.reservation
                for order in trader.account.orders[Market.SPOT].open
                if order.reservation
            }
            for reservation in reservations.values():
                held[reservation.asset] = held.get(reservation.asset, D(0)) + reservation.amount
            for asset, balance in trader.account.spot.balances.items():
                assert balance.locked == held.get(asset, D(0))
                assert balance.free >= 0

    @invariant()
    def positions_are_the_sum_of_fills(self) -> None:
        for trader in self.traders:
            fills = trader.account.fills[Market.USDM]
            amount = sum((fill.order.side.sign * fill.quantity for fill in fills), D(0))
            assert trader.position() == amount

    @invariant()
    def every_position_has_another_side(self) -> None:
        accounts = [self.exchange.house, *(trader.account for trader in self.traders)]
        assert sum((account.position(BTC, "BOTH").amount for account in accounts), D(0)) == 0

    @invariant()
    def books_are_not_crossed(self) -> None:
        for engine in self.exchange.engines.values():
            book = engine.listings[BTC].book
            bid, ask = book.best_price(Side.BUY), book.best_price(Side.SELL)
            assert bid is None or ask is None or bid < ask

    @invariant()
    def first_come_is_first_served(self) -> None:
        for side in self.exchange.spot.listings[BTC].book.sides.values():
            queues: dict[Decimal | None, list[int]] = {}
            for order in side:
                if not order.account.is_house and order.spec.stop_price is None:
                    queues.setdefault(order.price, []).append(order.id)
            assert all(numbers == sorted(numbers) for numbers in queues.values())

    @invariant()
    def orders_add_up(self) -> None:
        for trader in self.traders:
            for store in trader.account.orders.values():
                for order in store.all:
                    _check(order)
                assert set(store.open) == {order for order in store.all if order.is_open}


def _check(order: Order) -> None:
    assert order.executed == sum((fill.quantity for fill in order.fills), D(0))
    assert order.quote == sum((fill.quote for fill in order.fills), D(0))
    assert order.executed <= order.quantity
    if order.status is Status.FILLED:
        assert order.executed == order.quantity
    if order.status is Status.NEW:
        assert order.executed == 0


TestTrading = Trading.TestCase
TestTrading.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
