"""A position is a fold over its entries: the same entries always give the same numbers.

Conventions, after NautilusTrader's position tests (average cost):

* Opening entries build an average price; closing entries never move it.
* Realised profit is price profit in the settlement currency. Fees are kept per currency beside it;
  ``net`` subtracts those paid in the currency asked for.
* A fee taken in the base coin on spot changes what is held: a buy receives ``quantity - fee``, a sell gives
  ``quantity + fee``.
* An entry that crosses zero closes the old side in full and opens the rest on the other.

Amounts keep 18 decimals. A position that is flat has realised exactly what came in less what went out,
because closing in full takes the whole remaining cost and divides nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType

from connections.contract import MarketType, Side
from core.decimals import CONTEXT, ONE, ZERO

QUANTUM = Decimal("1e-18")
_EMPTY: Mapping[str, Decimal] = MappingProxyType({})


class EntryKind(StrEnum):
    FILL = "FILL"  # a trade at the venue
    FUNDING = "FUNDING"  # money that came or went without a trade
    EXTERNAL = "EXTERNAL"  # a trade that was not ours, adopted from the venue
    DUST = "DUST"  # a rest too small to trade, left on the account at cost


class DuplicateTrade(ValueError):
    """The same venue trade id was booked before."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a unit of this symbol is worth."""

    market: MarketType
    base: str
    #: the currency prices are quoted in
    quote: str
    #: the currency profit is paid in
    settle: str
    #: value of one unit: base units (linear) or quote units (inverse) per contract; 1 where quantity is in units
    multiplier: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    kind: EntryKind
    at: datetime
    #: unique per connection; empty for funding
    trade_id: str = ""
    #: None for funding
    side: Side | None = None
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    #: negative for a rebate
    fee: Decimal = ZERO
    fee_currency: str = ""
    #: signed, in the settlement currency; only for funding
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Position:
    """The state after some entries. ``quantity`` is signed: negative is short, zero is flat."""

    quantity: Decimal = ZERO
    #: value paid for the open quantity, never negative; quote currency (linear) or base currency (inverse)
    cost: Decimal = ZERO
    #: price profit of what was closed, in the settlement currency, before fees
    realised: Decimal = ZERO
    #: fees by currency
    fees: Mapping[str, Decimal] = field(default_factory=lambda: _EMPTY)
    #: signed, in the settlement currency
    funding: Decimal = ZERO
    #: largest absolute quantity so far
    peak: Decimal = ZERO
    #: what was opened and closed in all, and its value
    opened_quantity: Decimal = ZERO
    opened_value: Decimal = ZERO
    closed_quantity: Decimal = ZERO
    closed_value: Decimal = ZERO
    opened_at: datetime | None = None
    #: None while something is held
    closed_at: datetime | None = None
    trade_ids: frozenset[str] = frozenset()

    @property
    def is_flat(self) -> bool:
        return self.quantity == 0

    @property
    def side(self) -> Side | None:
        """BUY for long, SELL for short, None for flat."""
        if self.quantity == 0:
            return None
        return Side.BUY if self.quantity > 0 else Side.SELL

    @property
    def duration(self) -> timedelta | None:
        """From the first entry to flat; None while something is held."""
        return self.closed_at - self.opened_at if self.closed_at and self.opened_at else None

    def average_price(self, terms: Terms) -> Decimal:
        """Average price of the open quantity; zero when flat."""
        return _price_of(self.cost, abs(self.quantity), terms)

    def average_open(self, terms: Terms) -> Decimal:
        """Average price of everything that opened the position, closed or not."""
        return _price_of(self.opened_value, self.opened_quantity, terms)

    def average_close(self, terms: Terms) -> Decimal:
        """Average price of everything that closed it; zero when nothing did."""
        return _price_of(self.closed_value, self.closed_quantity, terms)

    def net(self, currency: str, terms: Terms) -> Decimal:
        """Realised profit, funding and fees in one currency."""
        with localcontext(CONTEXT):
            own = self.realised + self.funding if currency == terms.settle else ZERO
            return own - self.fees.get(currency, ZERO)

    def unrealised(self, mark: Decimal, terms: Terms) -> Decimal:
        """Price profit in the settlement currency if the open quantity closed at ``mark``."""
        if self.quantity == 0:
            return ZERO
        with localcontext(CONTEXT):
            return _profit(self.quantity, self.cost, _value(abs(self.quantity), mark, terms), terms)


def replay(entries: Iterable[Entry], terms: Terms) -> Position:
    """Return the position these entries make, in order.

    Raises:
        DuplicateTrade: a trade id stands twice.
    """
    position = Position()
    for entry in entries:
        position = apply(position, entry, terms)
    return position


def apply(position: Position, entry: Entry, terms: Terms) -> Position:
    """Return the position after one more entry.

    Raises:
        DuplicateTrade: the trade id was booked before.
        ValueError: a trade without side, or with a quantity or price that is not positive.
    """
    # Amounts of eighteen decimals outgrow the usual 28 digits at ten billions; sums must stay exact.
    with localcontext(CONTEXT):
        if entry.kind is EntryKind.FUNDING:
            return replace(position, funding=position.funding + entry.amount)
        if entry.kind is EntryKind.DUST:
            return _leave_dust(position, entry)
        return _trade(position, entry, terms)


def _trade(position: Position, entry: Entry, terms: Terms) -> Position:
    if entry.trade_id and entry.trade_id in position.trade_ids:
        raise DuplicateTrade(f"Trade {entry.trade_id} was booked before.")
    if entry.side is None or entry.quantity <= 0 or entry.price <= 0:
        raise ValueError(f"A trade needs a side, a quantity and a price: {entry}")
    change = entry.side.sign * _moved(entry, terms)
    opposes = position.quantity * change < 0
    closing = min(abs(change), abs(position.quantity)) if opposes else ZERO
    position = _close(position, closing, entry, terms) if closing else position
    opening = abs(change) - closing
    position = _open(position, entry.side.sign * opening, entry, terms) if opening else position
    return replace(
        position,
        fees=_with_fee(position.fees, entry),
        peak=max(position.peak, abs(position.quantity)),
        trade_ids=position.trade_ids | {entry.trade_id} if entry.trade_id else position.trade_ids,
    )


def _leave_dust(position: Position, entry: Entry) -> Position:
    # The coins stay with their owner at what they cost, so leaving them behind is neither profit nor loss.
    return replace(position, quantity=ZERO, cost=ZERO, closed_at=entry.at)


def _moved(entry: Entry, terms: Terms) -> Decimal:
    # Only spot moves coins, so only there does a fee in the base coin change what is held.
    if terms.market is not MarketType.SPOT or entry.fee_currency != terms.base:
        return entry.quantity
    return entry.quantity - entry.fee if entry.side is Side.BUY else entry.quantity + entry.fee


def _open(position: Position, change: Decimal, entry: Entry, terms: Terms) -> Position:
    value = _value(abs(change), entry.price, terms)
    return replace(
        position,
        quantity=position.quantity + change,
        cost=position.cost + value,
        opened_quantity=position.opened_quantity + abs(change),
        opened_value=position.opened_value + value,
        opened_at=position.opened_at or entry.at,
        closed_at=None,
    )


def _close(position: Position, quantity: Decimal, entry: Entry, terms: Terms) -> Position:
    held = abs(position.quantity)
    # The last close takes all that is left of the cost, so no rounding survives a flat position.
    cost = position.cost if quantity == held else _quantise(position.cost * quantity / held)
    value = _value(quantity, entry.price, terms)
    left = position.quantity - quantity.copy_sign(position.quantity)
    return replace(
        position,
        quantity=left,
        cost=position.cost - cost,
        realised=position.realised + _profit(position.quantity, cost, value, terms),
        closed_quantity=position.closed_quantity + quantity,
        closed_value=position.closed_value + value,
        closed_at=entry.at if left == 0 else None,
    )


def _value(quantity: Decimal, price: Decimal, terms: Terms) -> Decimal:
    with localcontext(CONTEXT):
        if terms.market is MarketType.INVERSE:
            return _quantise(quantity * terms.multiplier / price)
        return quantity * terms.multiplier * price


def _profit(direction: Decimal, cost: Decimal, value: Decimal, terms: Terms) -> Decimal:
    # An inverse contract is worth fewer coins the higher the price, so its two sides change places.
    gain = cost - value if terms.market is MarketType.INVERSE else value - cost
    return gain if direction > 0 else -gain


def _price_of(value: Decimal, quantity: Decimal, terms: Terms) -> Decimal:
    if not quantity or not value:
        return ZERO
    with localcontext(CONTEXT):
        if terms.market is MarketType.INVERSE:
            return _quantise(quantity * terms.multiplier / value)
        return _quantise(value / (quantity * terms.multiplier))


def _quantise(number: Decimal) -> Decimal:
    with localcontext(CONTEXT):
        return number.quantize(QUANTUM, rounding=ROUND_HALF_EVEN)


def _with_fee(fees: Mapping[str, Decimal], entry: Entry) -> Mapping[str, Decimal]:
    if not entry.fee:
        return fees
    total = fees.get(entry.fee_currency, ZERO) + entry.fee
    return MappingProxyType({**fees, entry.fee_currency: total})
