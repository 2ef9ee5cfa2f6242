"""What entries have taken out of a balance since it was read. Pure.

A stored balance knows what the venue had locked when it was asked. What was acknowledged later, or is on its way, it
does not know, and two signals in one minute would spend the same money twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from connections.contract import AssetBalance, Balance, Instrument, MarketType, Side
from core.decimals import ONE, ZERO
from execution.sizing import paying_currency, value_of


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry that is open, or has traded."""

    symbol: str
    side: Side
    quantity: Decimal
    filled: Decimal
    #: None while nothing is filled
    average_price: Decimal | None
    #: its limit or stop price, or what the market was when it was decided; None when not even that is known
    price: Decimal | None
    #: what is left of it may still trade
    is_open: bool
    #: None while the venue has not answered
    acknowledged_at: datetime | None


def reserved(
    entries: Iterable[SentEntry], *, instruments: Mapping[str, Instrument], as_of: datetime, leverage: Decimal
) -> dict[str, Decimal]:
    """Return by currency what these entries took of a balance that was read at ``as_of``.

    On spot that is what they pay, on derivatives their margin at ``leverage``. A symbol that the venue does not list
    any more takes nothing.
    """
    taken: dict[str, Decimal] = {}
    for entry in entries:
        instrument = instruments.get(entry.symbol)
        if instrument is None or (entry.acknowledged_at is not None and entry.acknowledged_at <= as_of):
            continue
        is_spot = instrument.market is MarketType.SPOT
        if is_spot and entry.side is Side.SELL:
            continue
        amount = _value(entry, instrument) / (ONE if is_spot else leverage)
        if amount:
            currency = paying_currency(instrument)
            taken[currency] = taken.get(currency, ZERO) + amount
    return taken


def less(balance: Balance, taken: Mapping[str, Decimal]) -> Balance:
    """Return a balance of which less is free, never less than nothing."""
    if not taken:
        return balance
    assets = dict(balance.assets)
    for currency, amount in taken.items():
        known = assets.get(currency)
        if known is not None:
            assets[currency] = AssetBalance(free=max(known.free - amount, ZERO), total=known.total)
    return replace(balance, assets=assets)


def _value(entry: SentEntry, instrument: Instrument) -> Decimal:
    paid = value_of(instrument, entry.filled, entry.average_price) if entry.average_price else ZERO
    left = entry.quantity - entry.filled
    if not entry.is_open or entry.price is None or left <= 0:
        return paid
    return paid + value_of(instrument, left, entry.price)
