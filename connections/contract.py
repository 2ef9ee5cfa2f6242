"""What crosses the boundary between us and a broker: frozen values, never a venue's JSON.

*Ticket* is what we ask, *report* is what the broker says. Prices are in the quote currency, quantities in base
units (contracts times contract size where the venue counts contracts), times aware and in UTC, numbers Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from core.decimals import ZERO


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"  # becomes a market order once the stop price trades
    STOP_LIMIT = "STOP_LIMIT"  # becomes a limit order once the stop price trades


class TimeInForce(StrEnum):
    GTC = "GTC"  # rests until filled or cancelled
    IOC = "IOC"  # fills what it can at once, cancels the rest
    FOK = "FOK"  # fills all at once or nothing
    GTD = "GTD"  # rests until a stated time


class MarketType(StrEnum):
    SPOT = "SPOT"
    LINEAR = "LINEAR"  # derivative settled in the quote currency
    INVERSE = "INVERSE"  # derivative settled in the base currency


class ReportStatus(StrEnum):
    """What the broker says about an order. An answer that says nothing is an error, not a status."""

    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"  # also expired, done for day, replaced
    REJECTED = "REJECTED"


class ProtectionStyle(StrEnum):
    """How a venue can hold a stop or target for us."""

    NONE = "NONE"  # it cannot: we watch
    SEPARATE = "SEPARATE"  # as orders of their own, reduce-only on derivatives
    ATTACHED = "ATTACHED"  # together with the entry


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tradable symbol with the venue's own filters. Zero in a filter means that the venue states none."""

    #: unified symbol, such as BTC/USDT or BTC/USDT:USDT
    symbol: str
    #: what the venue calls it, such as BTCUSDT
    venue_symbol: str
    base: str
    quote: str
    #: currency in which profit and margin are settled; the quote currency on spot
    settle: str
    market: MarketType
    #: price moves in multiples of this
    price_tick: Decimal
    #: quantity moves in multiples of this, in base units
    quantity_step: Decimal
    min_quantity: Decimal = ZERO
    max_quantity: Decimal = ZERO
    #: the step and limits of market orders where the venue has its own; else those above
    market_quantity_step: Decimal = ZERO
    market_min_quantity: Decimal = ZERO
    market_max_quantity: Decimal = ZERO
    #: smallest and largest price times quantity, in the quote currency
    min_notional: Decimal = ZERO
    max_notional: Decimal = ZERO
    min_price: Decimal = ZERO
    max_price: Decimal = ZERO
    #: base units of one contract; 1 on spot
    contract_size: Decimal = Decimal(1)
    max_leverage: Decimal = ZERO
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Attached:
    """Protection that the venue holds together with the entry, where ``Capabilities`` says it can."""

    #: None when there is no stop
    stop_price: Decimal | None = None
    #: None when there is no target
    target_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """One order as we ask for it. It never changes between the first attempt and a re-send."""

    #: ours, fixed before the wire
    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    #: in base units
    quantity: Decimal
    #: limit price; None for market and stop orders
    price: Decimal | None = None
    #: trigger price; None for market and limit orders
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    #: when a GTD order ends; None otherwise
    expires_at: datetime | None = None
    #: may only make the position smaller
    reduce_only: bool = False
    #: None when nothing is attached
    attached: Attached | None = None
    #: the market price the decision was made at; for checks only, it never goes on the wire
    reference_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PairTicket:
    """A stop and a target of which one cancels the other (OCO), where ``Capabilities.oco`` holds."""

    #: the resting limit order that takes profit
    target: OrderTicket
    #: the stop or stop-limit order that limits the loss
    stop: OrderTicket
    #: names the pair at the venue
    list_client_id: str


@dataclass(frozen=True, slots=True)
class OrderRef:
    """Enough to find one order again."""

    symbol: str
    client_order_id: str
    #: None before the venue acknowledged it
    venue_order_id: str | None = None
    #: some venues keep conditional orders on a shelf of their own
    order_type: OrderType = OrderType.MARKET
    #: when it was first sent; bounds searches through lists. None when it was never sent
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FillReport:
    """One execution. The venue's trade id makes it unique on its connection."""

    venue_trade_id: str
    symbol: str
    side: Side
    #: in base units, before fees taken in base
    quantity: Decimal
    price: Decimal
    #: what the venue took; negative for a rebate
    fee: Decimal
    #: empty when the venue took no fee
    fee_currency: str
    traded_at: datetime
    #: None when the report names only one of the two ids
    client_order_id: str | None = None
    venue_order_id: str | None = None
    #: None when the venue does not say
    is_maker: bool | None = None


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the broker says of one order at one moment."""

    symbol: str
    status: ReportStatus
    #: None when the venue named none, as after a rejection
    venue_order_id: str | None
    #: None for orders that are not ours
    client_order_id: str | None
    #: None when the reply does not repeat it
    side: Side | None = None
    #: as ordered, in base units; None when the reply does not repeat it
    quantity: Decimal | None = None
    #: cumulative, in base units
    filled: Decimal = ZERO
    #: None before the first fill
    average_price: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    #: the executions the reply carried; they may cover less than ``filled``
    fills: tuple[FillReport, ...] = ()
    reduce_only: bool | None = None
    #: the venue's time of this state; None when it does not say
    updated_at: datetime | None = None
    #: the venue's own words for a rejection or an expiry; empty otherwise
    reason: str = ""
    #: the reply as it came, redacted, for the log only
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def fills_quantity(self) -> Decimal:
        return sum((fill.quantity for fill in self.fills), ZERO)

    @property
    def has_all_fills(self) -> bool:
        """Whether the executions add up to what the report says was filled."""
        return self.fills_quantity >= self.filled


@dataclass(frozen=True, slots=True)
class HoldingReport:
    """What the venue says we hold: a coin on spot, a position on derivatives."""

    #: unified symbol of a position; empty for a coin
    symbol: str
    #: the coin, or the position's base currency
    asset: str
    #: signed: negative is short; in base units
    quantity: Decimal
    #: None on spot
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    unrealised: Decimal | None = None
    leverage: Decimal | None = None
    #: "cross", "isolated" or empty
    margin_mode: str = ""


@dataclass(frozen=True, slots=True)
class AssetBalance:
    #: may be spent or used as margin now
    free: Decimal
    #: including what open orders reserve
    total: Decimal


@dataclass(frozen=True, slots=True)
class Balance:
    assets: Mapping[str, AssetBalance]
    #: when the venue was asked
    as_of: datetime
    #: wallet plus unrealised profit in the settlement currency; None on spot
    equity: Decimal | None = None

    def free(self, currency: str) -> Decimal:
        return self.assets[currency].free if currency in self.assets else ZERO

    def total(self, currency: str) -> Decimal:
        return self.assets[currency].total if currency in self.assets else ZERO


@dataclass(frozen=True, slots=True)
class Quote:
    symbol: str
    bid: Decimal
    ask: Decimal
    #: the venue's time where it says one, else when it arrived
    quoted_at: datetime
    #: None when the venue does not say
    last: Decimal | None = None

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2

    def price_to(self, side: Side) -> Decimal:
        """The price at which an order of this side would trade now."""
        return self.ask if side is Side.BUY else self.bid


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """The outcome of asking a venue whether a key is good."""

    can_trade: bool
    #: None when the venue does not say; True refuses the connection
    can_withdraw: bool | None
    #: their clock minus ours
    clock_offset: timedelta
    #: one round trip
    latency: timedelta
    balance: Balance
    #: True when long and short of one symbol are kept apart; None when the venue has no such mode
    is_hedge_mode: bool | None = None
    #: sentences for the owner, such as a key without an address list
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can honestly do on this venue and market. A skip in the contract tests needs one."""

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    protection: ProtectionStyle
    #: a stop and a target as one cancelling pair
    oco: bool = False
    #: orders can be found by our own id
    find_by_client_id: bool = False
    #: orders can be cancelled by our own id
    cancel_by_client_id: bool = False
    #: an order can be changed in one call
    amend: bool = False
    reduce_only: bool = False
    #: a resting stop locks the coins it would sell
    stop_locks_holding: bool = False
    leverage: bool = False
    stream_quotes: bool = False
    stream_orders: bool = False
    #: the answer to a submit carries its executions
    fills_in_ack: bool = False
    #: a re-used id is refused for ever, not only among open orders
    client_id_unique_for_ever: bool = False
    #: how long a fresh order may be missing from the venue's own queries
    consistency_delay: timedelta = timedelta(seconds=2)


class Environment(StrEnum):
    LIVE = "LIVE"  # real money
    TESTNET = "TESTNET"  # the exchange's own sandbox
    REHEARSAL = "REHEARSAL"  # a simulated venue of ours, through the same code as live


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Everything an adapter needs to reach one account. It is built in memory and never stored or logged."""

    #: the venue's name in the adapter's own catalogue, such as binance
    exchange: str
    market: MarketType
    environment: Environment
    #: names as the registry lists them for this kind; empty for public data
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: None for the venue's own address
    base_url: str | None = None
    #: bounds every single request
    timeout: timedelta = timedelta(seconds=10)
