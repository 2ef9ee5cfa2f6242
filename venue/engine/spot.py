"""The spot market: orders over owned coins, conditionals that wait in the open, OCO pairs, commissions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.decimals import ZERO, floor_atom, floor_to
from venue.engine.events import Listener
from venue.engine.filters import check_spot
from venue.engine.listing import CONTRACT_PRICE, Listing
from venue.engine.matching import CALM, Engine, Mischief
from venue.engine.numbers import Numbers
from venue.engine.orders import Fill, Order, OrderList, Spec
from venue.engine.rules import SymbolRules
from venue.engine.terms import SPOT_CONDITIONAL, Market, Side, Status
from venue.engine.triggers import Waiting, would_fire
from venue.engine.wallets import Reservation

#: Commission paid in BNB is a quarter cheaper.
BNB_RATE = Decimal("0.75")


class SpotEngine(Engine):
    market = Market.SPOT

    def __init__(
        self,
        rules: Iterable[SymbolRules],
        house: Account,
        clock: Callable[[], int],
        listener: Listener,
        first_order_id: int,
    ) -> None:
        self.list_ids = Numbers(1)
        super().__init__(rules, house, clock, listener, first_order_id)

    # Admission

    def _admit(self, listing: Listing, account: Account, spec: Spec) -> None:
        self._check(listing, account, spec)
        if self._needed(listing, spec) > account.spot.free(self._pays_with(listing, spec.side)):
            raise errors.insufficient_balance()

    def check(self, account: Account, spec: Spec) -> None:
        """This function will refuse what `place` would refuse, without placing (POST order/test)."""
        self._admit(self.listing(spec.symbol), account, spec)

    def _check(self, listing: Listing, account: Account, spec: Spec) -> None:
        """This function will refuse an order for every reason but missing funds."""
        rules = listing.rules
        if rules.status != "TRADING":
            raise errors.spot_closed()
        if not account.permissions.can_trade:
            raise errors.account_may_not_trade()
        check_spot(rules, spec, listing.last)
        orders = account.orders[Market.SPOT]
        if orders.is_in_use(spec.symbol, spec.client_id):
            raise errors.duplicate_order()
        if spec.price is not None or spec.type in SPOT_CONDITIONAL:
            self._check_count(rules.max_orders, rules.max_algo_orders, orders.open_of(spec.symbol), spec)
        if spec.post_only and spec.price is not None and listing.book.crosses(spec.side, spec.price):
            raise errors.would_match()
        if spec.type in SPOT_CONDITIONAL and would_fire(Order(0, account, spec, 0, 0), listing.last):
            raise errors.stop_would_trigger()

    def _check_count(self, limit: int, algo_limit: int, open_orders: list[Order], spec: Spec) -> None:
        if len(open_orders) >= limit:
            raise errors.filter_failure("MAX_NUM_ORDERS")
        waiting = sum(1 for order in open_orders if order.spec.type in SPOT_CONDITIONAL)
        if spec.type in SPOT_CONDITIONAL and waiting >= algo_limit:
            raise errors.filter_failure("MAX_NUM_ALGO_ORDERS")

    def _pays_with(self, listing: Listing, side: Side) -> str:
        return listing.rules.quote if side is Side.BUY else listing.rules.base

    def _needed(self, listing: Listing, spec: Spec) -> Decimal:
        """This function will say how much of the paying asset an order needs at most."""
        if spec.side is Side.SELL:
            if spec.quantity is not None:
                return spec.quantity
            best = listing.book.best_price(Side.BUY)
            return floor_to((spec.quote_quantity or ZERO) / best, listing.rules.step) if best else ZERO
        if spec.quantity is None:
            return spec.quote_quantity or ZERO
        price = spec.price or spec.stop_price
        if price is not None:
            return spec.quantity * price
        probe = Order(0, self.house, spec, 0, 0, quantity=spec.quantity)
        return self._walk(listing, probe)

    def _walk(self, listing: Listing, probe: Order) -> Decimal:
        """This function will say what a market buy costs, level by level."""
        left, cost = probe.quantity, ZERO
        for maker in listing.book.sides[probe.side.opposite]:
            quantity = min(left, maker.remaining)
            cost += quantity * (maker.price or ZERO)
            left -= quantity
            if not left:
                break
        return cost

    # Money

    def _reserve(self, listing: Listing, order: Order) -> None:
        if order.price is not None or order.spec.type in SPOT_CONDITIONAL:
            asset = self._pays_with(listing, order.side)
            order.reservation = order.account.spot.reserve(asset, self._needed(listing, order.spec))
        self._tell(listing, order.account)

    def _wanted(self, listing: Listing, order: Order, price: Decimal) -> Decimal:
        if order.account is self.house or (order.price is not None and order.is_open):
            return order.remaining
        reserved = order.reservation.amount if order.reservation else ZERO
        means = reserved + order.account.spot.free(self._pays_with(listing, order.side))
        most = floor_to(means / price if order.side is Side.BUY else means, listing.rules.step)
        return min(order.remaining, most)

    def _settle(self, listing: Listing, fill: Fill) -> None:
        order, rules = fill.order, listing.rules
        wallet = order.account.spot
        buys = order.side is Side.BUY
        paid, gained = (fill.quote, fill.quantity) if buys else (fill.quantity, fill.quote)
        received = rules.base if buys else rules.quote
        if order.reservation is not None:
            order.reservation.spend(paid)
        else:
            wallet.add(self._pays_with(listing, order.side), -paid)
        wallet.add(received, gained)
        fill.commission, fill.commission_asset = self._commission(listing, fill, received, gained)
        wallet.add(fill.commission_asset, -fill.commission)
        wallet.updated_at = fill.time
        self.fees[fill.commission_asset] = self.fees.get(fill.commission_asset, ZERO) + fill.commission

    def _commission(self, listing: Listing, fill: Fill, asset: str, gained: Decimal) -> tuple[Decimal, str]:
        account = fill.order.account
        if account.is_house:
            return ZERO, asset
        rate = account.fees.rate(Market.SPOT, fill.is_maker)
        if account.fees.burn_bnb:
            in_bnb = self._in_bnb(listing, fill, asset, gained, rate * BNB_RATE)
            if in_bnb is not None and in_bnb <= account.spot.free("BNB"):
                return in_bnb, "BNB"
        return floor_atom(gained * rate), asset

    def _in_bnb(self, listing: Listing, fill: Fill, asset: str, gained: Decimal, rate: Decimal) -> Decimal | None:
        if asset == "BNB":
            return floor_atom(gained * rate)
        pair = self.listings.get(f"BNB{listing.rules.quote}")
        return floor_atom(fill.quote * rate / pair.last) if pair else None

    def _tell(self, listing: Listing, account: Account) -> None:
        self.listener.balances(account, (listing.rules.base, listing.rules.quote))

    def _closed(self, listing: Listing, order: Order) -> None:
        for triggers in listing.triggers.values():
            triggers.remove(order)
        siblings = order.order_list.orders if order.order_list else [order]
        if order.reservation is not None and not any(other.is_open for other in siblings):
            order.reservation.release()
        if order.status is not Status.FILLED:
            self._tell(listing, order.account)
        if order.order_list and not order.order_list.is_open:
            self.listener.order_list(order.order_list, "ALL_DONE")

    def _after_trade(self, listing: Listing, order: Order) -> None:
        self._end_sibling(order)
        if order.reservation is not None and order.is_open:
            order.reservation.keep(self._requirement(order))
        assets = {listing.rules.base, listing.rules.quote, order.fills[-1].commission_asset}
        self.listener.balances(order.account, sorted(assets))

    def _requirement(self, order: Order) -> Decimal:
        if order.side is Side.SELL:
            return order.remaining
        return order.remaining * (order.price or order.spec.stop_price or ZERO)

    def _end_sibling(self, order: Order) -> None:
        """An OCO's first execution, or its trigger, ends the other leg."""
        sibling = order.order_list.sibling(order) if order.order_list else None
        if sibling is not None and sibling.is_open:
            self.end(sibling, Status.EXPIRED)

    # Conditional orders

    def _start(self, listing: Listing, order: Order) -> None:
        if order.spec.type in SPOT_CONDITIONAL:
            order.working, order.working_at = False, 0
            listing.triggers[CONTRACT_PRICE].add(order, listing.last)
        else:
            self._work(listing, order)

    def _fire(self, listing: Listing, waiting: Waiting) -> None:
        assert isinstance(waiting, Order)
        waiting.working = True
        waiting.working_at = waiting.updated_at = self.clock()
        self._end_sibling(waiting)
        self._work(listing, waiting)

    # OCO

    def place_list(
        self,
        account: Account,
        specs: tuple[Spec, Spec],
        client_id: str,
        mischief: Mischief = CALM,
        arrival_ns: int = 0,
    ) -> OrderList:
        """This function will accept an OCO: two orders of one side that share one reservation.

        Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints#new-order-list---oco-trade
        """
        listing = self.listing(specs[0].symbol)
        self.refill(listing)
        for spec in specs:
            self._check_leg(listing, account, spec)
        needed = max(self._needed(listing, spec) for spec in specs)
        asset = self._pays_with(listing, specs[0].side)
        if needed > account.spot.free(asset):
            raise errors.insufficient_balance()
        orders = [self._new_order(listing, account, spec, mischief) for spec in specs]
        order_list = OrderList(self.list_ids.take(), client_id, listing.symbol, self.clock(), orders)
        if mischief.ghost:
            return order_list
        reservation = account.spot.reserve(asset, needed)
        account.lists[order_list.id] = order_list
        self.listener.order_list(order_list, "EXEC_STARTED")
        for order in orders:
            self._join(order, order_list, reservation, arrival_ns)
        self._tell(listing, account)
        for order in orders:
            if order.is_open:
                self._start(listing, order)
        self.settle_triggers(listing)
        return order_list

    def _check_leg(self, listing: Listing, account: Account, spec: Spec) -> None:
        try:
            self._check(listing, account, spec)
        except errors.VenueError as e:
            if e.message in (errors.would_match().message, errors.stop_would_trigger().message):
                raise errors.oco_prices() from e
            raise

    def _join(self, order: Order, order_list: OrderList, reservation: Reservation, arrival_ns: int) -> None:
        order.order_list = order_list
        order.reservation = reservation
        order.arrival_ns = arrival_ns
        order.account.orders[Market.SPOT].add(order)
        self.listener.order(order, "NEW")

    def cancel_list(self, order_list: OrderList) -> None:
        for order in order_list.orders:
            self.end(order, Status.CANCELED)

    def cancel(self, order: Order) -> None:
        """This function will cancel an order, and with a leg of an OCO the whole list."""
        if order.order_list is not None:
            self.cancel_list(order.order_list)
        else:
            super().cancel(order)
