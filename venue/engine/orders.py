"""What an account asks for (`Spec`), what became of it (`Order`), and each execution (`Fill`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from venue.engine.decimals import ZERO
from venue.engine.terms import OPEN, AlgoStatus, Market, Side, Status, Stp, Tif

if TYPE_CHECKING:
    from venue.engine.accounts import Account
    from venue.engine.wallets import Reservation


@dataclass(frozen=True, slots=True)
class Spec:
    """An order as asked for, already parsed and checked against the symbol's rules."""

    symbol: str
    side: Side
    type: str
    client_id: str
    #: Base quantity; None for a market order by quote amount and for close-position orders.
    quantity: Decimal | None
    #: Limit price; None executes at market.
    price: Decimal | None = None
    #: Quote amount to spend or receive; market orders only.
    quote_quantity: Decimal | None = None
    tif: Tif = Tif.GTC
    #: Trigger price of a conditional order.
    stop_price: Decimal | None = None
    #: Trail as a ratio: 0.01 is one percent behind the best price seen.
    trail: Decimal | None = None
    #: Price from which a trailing order starts to follow; None starts at once.
    activation: Decimal | None = None
    post_only: bool = False
    position_side: str = "BOTH"
    reduce_only: bool = False
    close_position: bool = False
    #: Which price fires the trigger: CONTRACT_PRICE (last) or MARK_PRICE.
    working_type: str = "CONTRACT_PRICE"
    #: Epoch milliseconds at which a GTD order expires; 0 if never.
    good_till: int = 0
    stp: Stp = Stp.EXPIRE_MAKER


@dataclass(slots=True)
class Fill:
    """One side of one trade."""

    #: Unique per symbol and market only, as at Binance; both sides carry the same number.
    trade_id: int
    order: Order
    price: Decimal
    quantity: Decimal
    quote: Decimal
    commission: Decimal
    commission_asset: str
    is_maker: bool
    time: int
    realized_pnl: Decimal = ZERO
    #: How often the venue repeats this fill in its lists and streams (a fault); normally once.
    copies: int = 1


@dataclass(slots=True, eq=False)
class Order:
    """A live or finished order; identity is the object, numbers are unique per symbol."""

    id: int
    account: Account
    spec: Spec
    created_at: int
    updated_at: int
    market: Market = Market.SPOT
    status: Status = Status.NEW
    executed: Decimal = ZERO
    quote: Decimal = ZERO
    #: False while a conditional spot order waits for its trigger.
    working: bool = True
    working_at: int = 0
    fills: list[Fill] = field(default_factory=list)
    reservation: Reservation | None = None
    order_list: OrderList | None = None
    #: Current limit and quantity; they differ from the spec once the order was amended.
    price: Decimal | None = None
    quantity: Decimal = ZERO
    #: The conditional order this one came from.
    algo: AlgoOrder | None = None
    #: Venue clock, nanoseconds, when the request was read off the wire; 0 for the house.
    arrival_ns: int = 0
    #: Part of the quantity, and so much, that executes before the rest expires, or waits if `hold` (a fault).
    share: Decimal | None = None
    cap: Decimal | None = None
    hold: bool = False
    #: How often each of its fills is reported (a fault).
    copies: int = 1
    #: Left out of every query (a fault), for ever or until `visible_at` (milliseconds).
    hidden: bool = False
    visible_at: int = 0

    @property
    def symbol(self) -> str:
        return self.spec.symbol

    @property
    def side(self) -> Side:
        return self.spec.side

    @property
    def client_id(self) -> str:
        return self.spec.client_id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def average(self) -> Decimal:
        return self.quote / self.executed if self.executed else ZERO

    def accepts(self, price: Decimal) -> bool:
        """This function will tell whether the order may trade at a price."""
        if self.price is None:
            return True
        return price <= self.price if self.side is Side.BUY else price >= self.price

    def is_visible(self, now: int) -> bool:
        return not self.hidden and now >= self.visible_at

    def apply(self, fill: Fill) -> None:
        """This function will book one execution; a fill after the end is legal and raises the totals."""
        self.fills.append(fill)
        self.executed += fill.quantity
        self.quote += fill.quote
        self.updated_at = fill.time
        if self.executed >= self.quantity:
            self.status = Status.FILLED
        elif self.is_open:
            self.status = Status.PARTIALLY_FILLED


@dataclass(slots=True, eq=False)
class OrderList:
    """An OCO: two orders over one reservation; the first to work ends the other."""

    id: int
    client_id: str
    symbol: str
    created_at: int
    orders: list[Order]

    @property
    def is_open(self) -> bool:
        return any(order.is_open for order in self.orders)

    def sibling(self, order: Order) -> Order | None:
        return next((other for other in self.orders if other is not order), None)


@dataclass(slots=True, eq=False)
class AlgoOrder:
    """A USD-M conditional order: it waits outside the book and becomes an ordinary order when it fires.

    Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams/Event-Algo-Order-Update
    """

    id: int
    account: Account
    spec: Spec
    created_at: int
    updated_at: int
    status: AlgoStatus = AlgoStatus.NEW
    triggered_at: int = 0
    order: Order | None = None
    #: True once the TRIGGERED report with the order's number is out.
    announced: bool = False
    reason: str = ""
    arrival_ns: int = 0
    hidden: bool = False
    visible_at: int = 0

    @property
    def symbol(self) -> str:
        return self.spec.symbol

    @property
    def side(self) -> Side:
        return self.spec.side

    @property
    def client_id(self) -> str:
        return self.spec.client_id

    @property
    def is_open(self) -> bool:
        return self.status is AlgoStatus.NEW

    def is_visible(self, now: int) -> bool:
        return not self.hidden and now >= self.visible_at
