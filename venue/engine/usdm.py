"""The USD-M futures market: positions on margin, one-way or hedge mode, cross or isolated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from venue.engine import errors
from venue.engine.accounts import Account, Income
from venue.engine.algos import AlgoDesk
from venue.engine.decimals import ZERO, floor_atom
from venue.engine.events import Listener
from venue.engine.filters import check_usdm
from venue.engine.liquidation import liquidate
from venue.engine.listing import Listing
from venue.engine.margin import Intent, margin_of
from venue.engine.matching import Engine
from venue.engine.numbers import Numbers
from venue.engine.orders import AlgoOrder, Fill, Order, Spec
from venue.engine.positions import Position
from venue.engine.quotes import Quote
from venue.engine.rules import SymbolRules
from venue.engine.terms import Market, Side, Status, Tif
from venue.engine.triggers import Waiting

#: The one margin asset; balances in others are shown but do not count.
ASSET = "USDT"


class UsdmEngine(Engine):
    market = Market.USDM

    def __init__(
        self,
        rules: Iterable[SymbolRules],
        house: Account,
        clock: Callable[[], int],
        listener: Listener,
        first_order_id: int,
    ) -> None:
        self.algos = AlgoDesk(self)
        #: Accounts with a position, per symbol, so that a tick looks only at those it concerns.
        self.holders: dict[str, dict[Account, None]] = {}
        #: Orders with a date on which they expire (GTD).
        self.dated: dict[Order | AlgoOrder, None] = {}
        #: What the insurance fund paid for bankrupt accounts, so that no loss vanishes.
        self.insurance = ZERO
        self.income_ids = Numbers(1)
        super().__init__(rules, house, clock, listener, first_order_id)
        # Order numbers are unique across symbols here, unlike on spot.
        shared = Numbers(first_order_id)
        for listing in self.listings.values():
            listing.order_ids = shared

    # Admission

    def check(self, account: Account, spec: Spec) -> None:
        """This function will refuse what `place` would refuse, without placing (POST order/test)."""
        self._admit(self.listing(spec.symbol), account, spec)

    def _admit(self, listing: Listing, account: Account, spec: Spec) -> None:
        self.check_common(listing, account, spec)
        orders = account.orders[Market.USDM]
        if orders.is_in_use(spec.symbol, spec.client_id):
            raise errors.client_id_duplicated()
        if len(orders.open_of(spec.symbol)) >= listing.rules.max_orders:
            raise errors.too_many_orders()
        self.admit_working(listing, account, spec)

    def check_common(self, listing: Listing, account: Account, spec: Spec) -> None:
        """This function will refuse what neither an order nor a conditional order may be."""
        if listing.rules.status != "TRADING":
            raise errors.usdm_closed()
        if not account.permissions.can_trade:
            raise errors.usdm_may_not_trade()
        if (spec.position_side == "BOTH") is account.hedge_mode:
            raise errors.wrong_position_side()
        check_usdm(listing.rules, spec, listing.mark)

    def admit_working(self, listing: Listing, account: Account, spec: Spec) -> None:
        """This function will refuse an order that may not go into the book now (also when a stop fires)."""
        probe = Order(0, account, spec, 0, 0, price=spec.price, quantity=spec.quantity or ZERO)
        if spec.tif is Tif.FOK and listing.book.reachable(probe)[0] < probe.quantity:
            raise errors.fok_unfillable()
        if spec.post_only and spec.price is not None and listing.book.crosses(spec.side, spec.price):
            raise errors.post_only_rejected()
        if self.reduces(spec):
            self._admit_reducing(account, spec)
        else:
            self._admit_margin(listing, account, spec)

    def reduces(self, spec: Spec) -> bool:
        """This function will tell whether an order may only close: reduce-only, or the exit side in hedge mode."""
        exit_side = {"LONG": Side.SELL, "SHORT": Side.BUY}.get(spec.position_side)
        return spec.reduce_only or spec.side is exit_side

    def _admit_reducing(self, account: Account, spec: Spec) -> None:
        closable = account.position(spec.symbol, spec.position_side).closes(spec.side)
        exceeds = spec.position_side != "BOTH" and (spec.quantity or ZERO) > closable
        if not closable or exceeds:
            raise errors.reduce_only_rejected()

    def _admit_margin(self, listing: Listing, account: Account, spec: Spec) -> None:
        price = spec.price or listing.best(spec.side.opposite)[0] or listing.mark
        notional = (spec.quantity or ZERO) * price
        intent = Intent(spec.symbol, spec.side, spec.position_side, notional)
        after = margin_of(account, self.listings, intent)
        # An order that ties up nothing more (it reduces) is welcome even from an account under water.
        if after.free < 0 and after.order_initial > margin_of(account, self.listings).order_initial:
            raise errors.margin_insufficient()
        position = account.position(spec.symbol, spec.position_side)
        grown = abs(position.notional(listing.mark) + spec.side.sign * notional)
        if grown > self.largest_notional(listing, account.settings_of(spec.symbol).leverage):
            raise errors.max_position()

    def largest_notional(self, listing: Listing, leverage: int) -> Decimal:
        """This function will give the largest position a leverage allows."""
        return max((row.cap for row in listing.rules.brackets if row.leverage >= leverage), default=ZERO)

    # Money

    def _reserve(self, listing: Listing, order: Order) -> None:
        """Margin for open orders is computed from the orders themselves (margin.py)."""

    def _wanted(self, listing: Listing, order: Order, price: Decimal) -> Decimal:
        if order.account is self.house or not self.reduces(order.spec):
            return order.remaining
        position = order.account.position(order.symbol, order.spec.position_side)
        return min(order.remaining, position.closes(order.side))

    def _settle(self, listing: Listing, fill: Fill) -> None:
        order, account = fill.order, fill.order.account
        position = account.position(order.symbol, order.spec.position_side)
        held = abs(position.amount)
        closing = min(position.closes(order.side), fill.quantity)
        fill.realized_pnl = position.apply(order.side, fill.quantity, fill.price, fill.time)
        fill.commission_asset = ASSET
        if not account.is_house:
            fill.commission = floor_atom(fill.quote * account.fees.rate(Market.USDM, fill.is_maker))
            self._move_isolated(account, position, held, closing, (fill.quantity - closing) * fill.price)
        self.credit(account, "REALIZED_PNL", fill.realized_pnl, order.symbol, fill.trade_id)
        self.credit(account, "COMMISSION", -fill.commission, order.symbol, fill.trade_id)
        self.fees[ASSET] = self.fees.get(ASSET, ZERO) + fill.commission
        self._note_holder(account, position)

    def _move_isolated(
        self, account: Account, position: Position, held: Decimal, closing: Decimal, opened: Decimal
    ) -> None:
        """Isolated margin leaves with the closed part and comes in with the opened notional."""
        settings = account.settings_of(position.symbol)
        if not settings.isolated:
            return
        if closing:
            position.isolated_margin = floor_atom(position.isolated_margin * (held - closing) / held)
        position.isolated_margin += floor_atom(opened / settings.leverage)

    def _note_holder(self, account: Account, position: Position) -> None:
        holders = self.holders.setdefault(position.symbol, {})
        if position.amount and not account.is_house:
            holders[account] = None
        elif not any(row.amount for row in account.positions.values() if row.symbol == position.symbol):
            holders.pop(account, None)

    def credit(
        self, account: Account, kind: str, amount: Decimal, symbol: str = "", trade_id: int | None = None
    ) -> None:
        """This function will change a wallet balance and write why into the income ledger."""
        if not amount:
            return
        now = self.clock()
        account.usdm[ASSET] = account.usdm_balance() + amount
        account.usdm_updated_at = now
        if account.is_house:
            return
        account.income.append(Income(self.income_ids.take(), kind, symbol, ASSET, amount, now, trade_id))

    def _after_trade(self, listing: Listing, order: Order) -> None:
        position = order.account.position(order.symbol, order.spec.position_side)
        self.listener.positions(order.account, [position], "ORDER")
        self._trim(order.account, position)
        self.algos.after_trade(order)

    def _trim(self, account: Account, position: Position) -> None:
        """Reduce-only orders with nothing left to reduce leave the book."""
        for order in account.orders[Market.USDM].open_of(position.symbol):
            same = order.spec.position_side == position.side
            if same and self.reduces(order.spec) and not position.closes(order.side):
                self.end(order, Status.EXPIRED)
        if not position.amount:
            self.algos.expire_with_position(account, position)

    def _closed(self, listing: Listing, order: Order) -> None:
        if order.status is not Status.FILLED:
            self.algos.after_end(order)

    # Expiry

    def _start(self, listing: Listing, order: Order) -> None:
        self.note_date(order)
        self._work(listing, order)

    def note_date(self, order: Order | AlgoOrder) -> None:
        if order.spec.good_till:
            self.dated[order] = None

    def expire_due(self) -> None:
        """This function will end the orders whose date has come."""
        now = self.clock()
        for order in [order for order in self.dated if not order.is_open or order.spec.good_till <= now]:
            del self.dated[order]
            if isinstance(order, Order):
                self.end(order, Status.EXPIRED)
            elif order.is_open:
                self.algos.expire(order)

    # Conditional orders

    def _fire(self, listing: Listing, waiting: Waiting) -> None:
        assert isinstance(waiting, AlgoOrder)
        self.algos.fire(listing, waiting)

    def work_child(self, listing: Listing, algo: AlgoOrder, spec: Spec) -> Order:
        """This function will put the order of a fired conditional to work."""
        order = self._new_order(listing, algo.account, spec)
        order.algo = algo
        order.arrival_ns = algo.arrival_ns
        algo.order = order
        algo.account.orders[Market.USDM].add(order)
        self.listener.order(order, "NEW")
        self._work(listing, order)
        return order

    # Amending

    def amend(self, order: Order, quantity: Decimal, price: Decimal) -> None:
        """This function will change a resting limit order; it goes to the back of the queue.

        Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Modify-Order
        """
        if order.price is None:
            raise errors.only_limit_amends()
        if quantity == order.quantity and price == order.price:
            raise errors.nothing_to_amend()
        listing = self.listings[order.symbol]
        wanted = Spec(order.symbol, order.side, "LIMIT", order.client_id, quantity, price)
        check_usdm(listing.rules, wanted, listing.mark)
        if quantity <= order.executed:
            self.cancel(order)
            return
        if order.spec.post_only and listing.book.crosses(order.side, price):
            raise errors.post_only_rejected()
        self._admit_growth(listing, order, (quantity - order.executed) * price - order.remaining * order.price)
        listing.book.remove(order)
        order.quantity, order.price, order.updated_at = quantity, price, self.clock()
        self.listener.order(order, "AMENDMENT")
        self._work(listing, order)
        self.settle_triggers(listing)

    def _admit_growth(self, listing: Listing, order: Order, growth: Decimal) -> None:
        if growth <= 0 or self.reduces(order.spec):
            return
        intent = Intent(order.symbol, order.side, order.spec.position_side, growth)
        if margin_of(order.account, self.listings, intent).free < 0:
            raise errors.margin_insufficient()

    # The house

    def quote(self, listing: Listing, quote: Quote) -> None:
        super().quote(listing, quote)
        for account in list(self.holders.get(listing.symbol, ())):
            liquidate(self, account)
