"""How much an account trades. Pure; every number that decided comes back with the answer."""

from decimal import Decimal, localcontext

from connections.contract import Balance, Instrument, MarketType, OrderType, Side
from connections.precision import fit_quantity, largest_quantity, smallest_quantity
from connections.preset_specs import SizingMode
from connections.presets import Preset
from core.decimals import CONTEXT, ZERO, to_plain
from execution.case import Sized, Verdict
from execution.outcomes import Reason

HUNDRED = Decimal(100)
#: A market buy for a share of the balance leaves this much for the price to move before it arrives.
MARKET_HEADROOM = Decimal("0.995")


def size_entry(
    *,
    preset: Preset,
    instrument: Instrument,
    order_type: OrderType,
    side: Side,
    price: Decimal,
    stop: Decimal | None,
    balance: Balance,
    multiplier: Decimal,
) -> Sized | Verdict:
    """Return the quantity of an entry at ``price``, rounded down to the step, or why there is none.

    ``balance`` is read in the currency the order pays with: quote on spot, settlement on derivatives.
    """
    with localcontext(CONTEXT):
        wanted = _wanted(preset, instrument, order_type, side, price, stop, balance)
        if isinstance(wanted, Verdict):
            return wanted
        wanted = wanted * preset.multiplier * multiplier
        capped, cap = _capped(wanted, preset, instrument, order_type, price, balance)
        quantity = fit_quantity(instrument, capped, order_type)
        numbers = _numbers(preset, instrument, price, wanted, cap, quantity, multiplier)
        return _large_enough(quantity, capped, instrument, order_type, price, numbers)


def value_of(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """Return what a quantity is worth in the currency the order pays with."""
    if instrument.market is MarketType.INVERSE:
        return quantity / price
    return quantity * price


def quantity_for(instrument: Instrument, amount: Decimal, price: Decimal) -> Decimal:
    """Return the quantity that an amount of the paying currency buys."""
    return amount * price if instrument.market is MarketType.INVERSE else amount / price


def quantity_worth(instrument: Instrument, amount: Decimal, price: Decimal) -> Decimal:
    """Return the quantity that is worth an amount of the quote currency; inverse contracts are counted in it."""
    return amount if instrument.market is MarketType.INVERSE else amount / price


def paying_currency(instrument: Instrument) -> str:
    """Return the currency an entry pays with."""
    return instrument.quote if instrument.market is MarketType.SPOT else instrument.settle


def risk_per_unit(instrument: Instrument, price: Decimal, stop: Decimal) -> Decimal:
    """Return what one unit loses between entry and stop, in the settlement currency."""
    if instrument.market is MarketType.INVERSE:
        return abs(1 / stop - 1 / price)
    return abs(price - stop)


def _wanted(
    preset: Preset,
    instrument: Instrument,
    order_type: OrderType,
    side: Side,
    price: Decimal,
    stop: Decimal | None,
    balance: Balance,
) -> Decimal | Verdict:
    mode, size, currency = preset.sizing_mode, preset.size, paying_currency(instrument)
    if mode is SizingMode.FIXED_QUANTITY:
        return size
    if mode is SizingMode.FIXED_AMOUNT:
        return quantity_worth(instrument, size, price)
    if mode is SizingMode.PERCENT_OF_BALANCE:
        amount = balance.free(currency) * size / HUNDRED
        if order_type is OrderType.MARKET and side is Side.BUY:
            amount = min(amount, balance.free(currency) * MARKET_HEADROOM)
        return quantity_for(instrument, amount, price)
    if stop is None:
        return Verdict(Reason.STOP_NEEDED)
    if (price - stop) * side.sign <= 0:  # on the tick the entry may meet its own stop
        return Verdict(Reason.STOP_ALREADY_HIT, {"price": to_plain(price), "sl": to_plain(stop)})
    equity = balance.equity if balance.equity is not None else balance.total(currency)
    return equity * size / HUNDRED / risk_per_unit(instrument, price, stop)


def _capped(
    wanted: Decimal,
    preset: Preset,
    instrument: Instrument,
    order_type: OrderType,
    price: Decimal,
    balance: Balance,
) -> tuple[Decimal, str]:
    caps: dict[str, Decimal] = {}
    largest = largest_quantity(instrument, order_type)
    if largest:
        caps["venue_maximum"] = largest
    if preset.max_quantity is not None:
        caps["max_quantity"] = preset.max_quantity
    if preset.max_notional is not None:
        caps["max_notional"] = quantity_worth(instrument, preset.max_notional, price)
    if preset.max_balance_pct is not None:
        share = balance.free(paying_currency(instrument)) * preset.max_balance_pct / HUNDRED
        caps["max_balance_pct"] = quantity_for(instrument, share, price)
    name = min(caps, key=lambda each: caps[each], default="")
    return (caps[name], name) if name and caps[name] < wanted else (wanted, "")


def _large_enough(
    quantity: Decimal,
    before_rounding: Decimal,
    instrument: Instrument,
    order_type: OrderType,
    price: Decimal,
    numbers: dict[str, object],
) -> Sized | Verdict:
    by_step = smallest_quantity(instrument, ZERO, order_type)
    if quantity < by_step or quantity <= 0:
        shown = {"quantity": _short(before_rounding), "base": instrument.base, "smallest": to_plain(by_step)}
        return Verdict(Reason.SIZE_BELOW_MINIMUM, numbers | shown)
    notional = value_of(instrument, quantity, price)
    if instrument.market is not MarketType.INVERSE and notional < instrument.min_notional:
        shown = {
            "quantity": to_plain(quantity),
            "base": instrument.base,
            "quote": instrument.quote,
            "notional": _short(notional),
            "min_notional": to_plain(instrument.min_notional),
        }
        return Verdict(Reason.NOTIONAL_BELOW_MINIMUM, numbers | shown)
    return Sized(quantity=quantity, notional=notional, numbers=numbers)


def _numbers(
    preset: Preset,
    instrument: Instrument,
    price: Decimal,
    wanted: Decimal,
    cap: str,
    quantity: Decimal,
    multiplier: Decimal,
) -> dict[str, object]:
    numbers: dict[str, object] = {
        "sizing_mode": str(preset.sizing_mode),
        "size": to_plain(preset.size),
        "price": to_plain(price),
        "wanted": _short(wanted),
        "quantity": to_plain(quantity),
    }
    if multiplier != 1:
        numbers["decision_multiplier"] = to_plain(multiplier)
    if cap:
        numbers["cap"] = cap
    return numbers


def _short(number: Decimal) -> str:
    """Return a number as people read it: twelve significant digits are more than any venue's step."""
    return to_plain(Decimal(f"{number:.12g}"))
