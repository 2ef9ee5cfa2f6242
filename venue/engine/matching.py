"""What both markets share: placing, price-time matching, triggers, cancels and the house's quoting.

The subclasses say who may trade what (`_admit`), how much of an order may still execute (`_wanted`) and
where the money goes (`_settle`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.decimals import ZERO, floor_to
from venue.engine.events import Listener
from venue.engine.listing import Listing
from venue.engine.orders import Fill, Order, Spec
from venue.engine.quotes import Quote, house_orders, quote_around
from venue.engine.rules import SymbolRules
from venue.engine.tape import PublicTrade
from venue.engine.terms import Market, Side, Status, Stp, Tif
from venue.engine.triggers import Waiting

IMMEDIATE = frozenset({Tif.IOC, Tif.FOK})


@dataclass(frozen=True, slots=True)
class Mischief:
    """What a fault does to an order inside the engine; the default does nothing."""

    #: Part of the quantity that executes at once; the rest expires.
    share: Decimal | None = None
    #: What does not execute at once waits for `force_fill` instead of resting or expiring.
    hold: bool = False
    #: How often each fill is reported.
    copies: int = 1
    #: Kept out of every query for ever, or for some milliseconds.
    hidden: bool = False
    hide_ms: int = 0
    #: Accepted to the client's face, but never worked or recorded.
    ghost: bool = False


CALM = Mischief()


class Engine(ABC):
    market: Market

    def __init__(
        self,
        rules: Iterable[SymbolRules],
        house: Account,
        clock: Callable[[], int],
        listener: Listener,
        first_order_id: int,
    ) -> None:
        self.house = house
        self.clock = clock
        self.listener = listener
        self.fees: dict[str, Decimal] = {}
        self.listings = {row.symbol: Listing(row, clock, first_order_id) for row in rules}
        for listing in self.listings.values():
            self.quote(listing, listing.quote)

    def listing(self, symbol: str) -> Listing:
        """Raises: VenueError -1121 when the symbol is not listed."""
        found = self.listings.get(symbol)
        if found is None:
            raise errors.bad_symbol()
        return found

    # What a market decides for itself

    @abstractmethod
    def _admit(self, listing: Listing, account: Account, spec: Spec) -> None:
        """This function will refuse an order that may not be placed, before it exists."""

    @abstractmethod
    def _reserve(self, listing: Listing, order: Order) -> None:
        """This function will set aside what the order may need."""

    @abstractmethod
    def _wanted(self, listing: Listing, order: Order, price: Decimal) -> Decimal:
        """This function will say how much of an order may execute at a price."""

    @abstractmethod
    def _settle(self, listing: Listing, fill: Fill) -> None:
        """This function will move the money of one side of a trade and set the fill's commission."""

    @abstractmethod
    def _after_trade(self, listing: Listing, order: Order) -> None:
        """This function will do what a fill brings about: end a sibling, trim reduce-only orders."""

    @abstractmethod
    def _closed(self, listing: Listing, order: Order) -> None:
        """This function will release what a finished order still holds."""

    @abstractmethod
    def _fire(self, listing: Listing, waiting: Waiting) -> None:
        """This function will set a conditional order to work."""

    # Orders

    def place(self, account: Account, spec: Spec, mischief: Mischief = CALM, arrival_ns: int = 0) -> Order:
        """This function will accept an order and match it at once as far as it goes.

        Raises: VenueError when the order is refused; then nothing was recorded.
        """
        listing = self.listing(spec.symbol)
        self.refill(listing)
        # Refilling may have traded with resting customers, and so moved the price.
        self.settle_triggers(listing)
        self._admit(listing, account, spec)
        if mischief.ghost:
            return self._new_order(listing, account, spec)
        return self.place_unchecked(account, spec, mischief, arrival_ns)

    def place_unchecked(
        self, account: Account, spec: Spec, mischief: Mischief = CALM, arrival_ns: int = 0
    ) -> Order:
        """This function will work an order that was admitted, or that nobody may refuse (a liquidation)."""
        listing = self.listings[spec.symbol]
        order = self._new_order(listing, account, spec, mischief)
        order.arrival_ns = arrival_ns
        self._reserve(listing, order)
        account.orders[self.market].add(order)
        self.listener.order(order, "NEW")
        self._start(listing, order)
        self.settle_triggers(listing)
        return order

    def _new_order(self, listing: Listing, account: Account, spec: Spec, mischief: Mischief = CALM) -> Order:
        now = self.clock()
        order = Order(listing.order_ids.take(), account, spec, now, now, self.market, working_at=now)
        order.price = spec.price
        order.quantity = spec.quantity or ZERO
        order.hidden = mischief.hidden
        order.visible_at = now + mischief.hide_ms if mischief.hide_ms else 0
        order.copies = mischief.copies
        order.hold, order.share = mischief.hold, mischief.share
        return order

    def _start(self, listing: Listing, order: Order) -> None:
        """This function will work a new order; spot conditionals override it to wait."""
        self._work(listing, order)

    def _work(self, listing: Listing, order: Order) -> None:
        if order.spec.quote_quantity is not None:
            step = listing.rules.step
            order.quantity = listing.book.base_for(order.side, order.spec.quote_quantity, step)
        if order.share is not None:
            order.cap = floor_to(order.quantity * order.share, listing.rules.step)
        if order.spec.tif is Tif.FOK and listing.book.reachable(order)[0] < order.remaining:
            self.end(order, Status.EXPIRED)
            return
        self._match(listing, order)
        if not order.is_open or order.hold:
            return
        if order.price is None or order.spec.tif in IMMEDIATE or order.cap is not None:
            self.end(order, Status.EXPIRED)
        else:
            listing.book.add(order)
            self.listener.quotes(listing)

    def cancel(self, order: Order) -> None:
        self.end(order, Status.CANCELED)

    def end(self, order: Order, status: Status) -> None:
        """This function will take an open order out of the market with a final status."""
        if not order.is_open:
            return
        listing = self.listings[order.symbol]
        order.status = status
        order.updated_at = self.clock()
        listing.book.remove(order)
        self._finish(listing, order)
        self.listener.order(order, "CANCELED" if status is Status.CANCELED else "EXPIRED")
        self.listener.quotes(listing)

    def _finish(self, listing: Listing, order: Order) -> None:
        order.account.orders[self.market].close(order)
        self._closed(listing, order)

    # Matching

    def _match(self, listing: Listing, taker: Order) -> None:
        while taker.is_open:
            maker = listing.book.best(taker.side.opposite)
            if maker is None or maker.price is None or not taker.accepts(maker.price):
                return
            if maker.account is taker.account and self._prevented(taker, maker):
                continue
            wanted = self._capped(taker, self._wanted(listing, taker, maker.price))
            offered = self._wanted(listing, maker, maker.price)
            if offered <= 0:
                self.end(maker, Status.EXPIRED)
                continue
            if wanted <= 0:
                return
            self._trade(listing, taker, maker, maker.price, min(wanted, offered))

    def _capped(self, order: Order, quantity: Decimal) -> Decimal:
        return quantity if order.cap is None else min(quantity, order.cap - order.executed)

    def _prevented(self, taker: Order, maker: Order) -> bool:
        """This function will end orders that would trade with their own account, as the taker asked.

        Source: https://developers.binance.com/docs/binance-spot-api-docs/faqs/stp_faq
        """
        mode = taker.spec.stp
        if mode in (Stp.EXPIRE_MAKER, Stp.EXPIRE_BOTH):
            self.end(maker, Status.EXPIRED_IN_MATCH)
        if mode in (Stp.EXPIRE_TAKER, Stp.EXPIRE_BOTH):
            self.end(taker, Status.EXPIRED_IN_MATCH)
        return mode is not Stp.NONE

    def _trade(self, listing: Listing, taker: Order, maker: Order, price: Decimal, quantity: Decimal) -> None:
        now = self.clock()
        trade = PublicTrade(listing.tape.take_id(), price, quantity, now, maker.side is Side.BUY)
        listing.tape.print(trade)
        for order, is_maker in ((maker, True), (taker, False)):
            self._book(listing, order, trade, is_maker)
        if not maker.is_open or not maker.remaining:
            listing.book.remove(maker)
        else:
            listing.book.version += 1
        if maker.account is self.house and maker not in listing.hit:
            listing.hit.append(maker)
        self.listener.trade(listing, trade)
        self.listener.quotes(listing)

    def _book(self, listing: Listing, order: Order, trade: PublicTrade, is_maker: bool) -> None:
        """This function will book a trade for one of its two sides."""
        quote = trade.price * trade.quantity
        fill = Fill(trade.id, order, trade.price, trade.quantity, quote, ZERO, "", is_maker, trade.time)
        if order.account is self.house:
            self._settle(listing, fill)
            order.executed += fill.quantity
            return
        fill.copies = order.copies
        order.apply(fill)
        self._settle(listing, fill)
        order.account.fills[self.market].append(fill)
        if order.status is Status.FILLED:
            self._finish(listing, order)
        self.listener.order(order, "TRADE", fill)
        self._after_trade(listing, order)

    def force_fill(self, order: Order, quantity: Decimal, price: Decimal | None = None) -> None:
        """This function will execute part of an order against the house whatever the book says (faults).

        It serves late fills too: an order that is no longer open is filled all the same.
        """
        listing = self.listings[order.symbol]
        price = price or order.price or listing.best(order.side.opposite)[0] or listing.last
        quantity = min(quantity, order.remaining, self._wanted(listing, order, price))
        if quantity <= 0:
            return
        spec = Spec(order.symbol, order.side.opposite, "LIMIT", "", quantity, price)
        other = Order(0, self.house, spec, 0, 0, price=price, quantity=quantity)
        self._trade(listing, other, order, price, quantity)
        self.settle_triggers(listing)

    # The house

    def tick(self, symbol: str, quote: Quote) -> None:
        """This function will move a symbol to a new quote, trade what that crosses and fire triggers."""
        self.quote(self.listing(symbol), quote)

    def quote(self, listing: Listing, quote: Quote) -> None:
        now = self.clock()
        listing.quote = quote
        listing.mark = quote.mark
        for order in listing.house:
            listing.book.remove(order)
        listing.hit.clear()
        listing.house = house_orders(listing.rules, self.house, quote, now)
        for order in listing.house:
            self._offer(listing, order)
        if quote.last is not None:
            size = quote.last_size or max(listing.rules.min_qty, listing.rules.step)
            trade = PublicTrade(listing.tape.take_id(), quote.last, size, now, quote.buyer_is_maker)
            listing.tape.print(trade)
            self.listener.trade(listing, trade)
        self.settle_triggers(listing)
        self.listener.quotes(listing)

    def move(self, symbol: str, price: Decimal) -> None:
        """This function will set the price of a symbol."""
        listing = self.listing(symbol)
        self.quote(listing, quote_around(listing.rules, price))

    def refill(self, listing: Listing) -> None:
        """This function will restore the house quotes that were hit, so every newcomer finds a full book."""
        hit, listing.hit = listing.hit, []
        for order in hit:
            listing.book.remove(order)
            order.executed = ZERO
            self._offer(listing, order)

    def _offer(self, listing: Listing, order: Order) -> None:
        """This function will post a house order; customers it crosses are filled in full at their price."""
        while order.price is not None and listing.book.crosses(order.side, order.price):
            self._match(listing, order)
            if order.remaining:
                break
            order.executed = ZERO
        listing.book.add(order)

    # Triggers

    def settle_triggers(self, listing: Listing) -> None:
        """This function will fire conditional orders until the prices they cause fire no more."""
        fired = True
        while fired:
            fired = False
            for working_type, triggers in listing.triggers.items():
                waiting = triggers.pop(listing.price_of(working_type))
                if waiting is not None:
                    self.refill(listing)
                    self._fire(listing, waiting)
                    fired = True
