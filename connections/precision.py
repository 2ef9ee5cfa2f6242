"""Fits quantities and prices to a venue's filters, and refuses before the wire what would not pass."""

from decimal import Decimal

from connections.contract import Instrument, MarketType, OrderTicket, OrderType, Side, TimeInForce
from connections.errors import Refused
from core.decimals import ZERO, Direction, is_multiple, round_to_step, to_plain

_PRICED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_STOPPED = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def fit_quantity(instrument: Instrument, quantity: Decimal, order_type: OrderType) -> Decimal:
    """Return the largest quantity the step and the upper limit allow: down, never up."""
    largest = largest_quantity(instrument, order_type)
    bounded = min(quantity, largest) if largest else quantity
    return round_to_step(bounded, quantity_step(instrument, order_type), Direction.DOWN)


def fit_limit_price(instrument: Instrument, price: Decimal, side: Side) -> Decimal:
    """Return the price on the tick that never trades worse: a buy rounds down, a sell up."""
    direction = Direction.FLOOR if side is Side.BUY else Direction.CEILING
    return round_to_step(price, instrument.price_tick, direction)


def fit_protective_stop(instrument: Instrument, price: Decimal, side: Side) -> Decimal:
    """Return the stop on the tick that triggers no later: a selling stop rounds up, a buying stop down."""
    direction = Direction.CEILING if side is Side.SELL else Direction.FLOOR
    return round_to_step(price, instrument.price_tick, direction)


def fit_entry_stop(instrument: Instrument, price: Decimal, side: Side) -> Decimal:
    """Return the stop on the tick that enters no earlier: a buying stop rounds up, a selling stop down."""
    direction = Direction.CEILING if side is Side.BUY else Direction.FLOOR
    return round_to_step(price, instrument.price_tick, direction)


def quantity_step(instrument: Instrument, order_type: OrderType) -> Decimal:
    """Return the coarser of the two steps a market order must meet."""
    if order_type is OrderType.MARKET:
        return max(instrument.quantity_step, instrument.market_quantity_step)
    return instrument.quantity_step


def smallest_quantity(instrument: Instrument, price: Decimal, order_type: OrderType) -> Decimal:
    """Return the smallest quantity that passes minimum quantity and minimum notional at ``price``."""
    smallest = instrument.min_quantity
    if order_type is OrderType.MARKET:
        smallest = max(smallest, instrument.market_min_quantity)
    if price > 0 and instrument.min_notional and instrument.market is not MarketType.INVERSE:
        smallest = max(smallest, instrument.min_notional / price)
    step = quantity_step(instrument, order_type)
    return round_to_step(max(smallest, step), step, Direction.CEILING)


def check(ticket: OrderTicket, instrument: Instrument) -> None:
    """Refuse a ticket that the venue's own filters would refuse.

    Raises:
        Refused: names the field, the number that was asked for, and one that would pass.
    """
    if not instrument.is_active:
        raise Refused(f"{instrument.symbol} is not trading at the venue.", field="symbol")
    _check_shape(ticket)
    _check_quantity(ticket, instrument)
    _check_price("price", ticket.price, instrument)
    _check_price("stop_price", ticket.stop_price, instrument)
    _check_notional(ticket, instrument)


def _check_shape(ticket: OrderTicket) -> None:
    """Refuse prices that do not fit the type: one too few or too many would make another order of it."""
    for field, price, types in (("stop_price", ticket.stop_price, _STOPPED), ("price", ticket.price, _PRICED)):
        if (price is not None) is not (ticket.order_type in types):
            needs = "has none" if price is not None else "needs one"
            raise Refused(f"The {field} was {price} but a {ticket.order_type} order {needs}.", field=field)
    if ticket.time_in_force is TimeInForce.GTD and ticket.expires_at is None:
        raise Refused("A good-till-date order needs the time at which it ends.", field="expires_at")


def _check_quantity(ticket: OrderTicket, instrument: Instrument) -> None:
    quantity, step = ticket.quantity, quantity_step(instrument, ticket.order_type)
    smallest = smallest_quantity(instrument, ZERO, ticket.order_type)
    largest = largest_quantity(instrument, ticket.order_type)
    if quantity <= 0 or quantity < smallest:
        code, bound = "QUANTITY_BELOW_MINIMUM", f"the minimum is {to_plain(smallest)}"
    elif largest and quantity > largest:
        code, bound = "QUANTITY_ABOVE_MAXIMUM", f"the maximum is {to_plain(largest)}"
    elif not is_multiple(quantity, step):
        code, bound = "QUANTITY_OFF_STEP", f"the step is {to_plain(step)}"
    else:
        return
    passing = _passing_quantity(ticket, instrument)
    raise Refused(
        f"Quantity was {to_plain(quantity)} but {bound}; {passing} would pass.",
        field="quantity",
        passing=passing,
        code=code,
    )


def _passing_quantity(ticket: OrderTicket, instrument: Instrument) -> str:
    """Return the quantity nearest below the ticket's that meets every filter, or the smallest that does."""
    price = _price_of_notional(ticket, instrument)
    quantity = ticket.quantity
    if price is not None and instrument.max_notional:
        quantity = min(quantity, instrument.max_notional / price)
    smallest = smallest_quantity(instrument, price or ZERO, ticket.order_type)
    return to_plain(max(fit_quantity(instrument, quantity, ticket.order_type), smallest))


def _check_price(field: str, price: Decimal | None, instrument: Instrument) -> None:
    if price is None:
        return
    tick, low, high = instrument.price_tick, instrument.min_price, instrument.max_price
    if price <= 0 or (low and price < low) or (high and price > high):
        code, bound = "PRICE_OUT_OF_RANGE", f"must be {_bounds_of(instrument)}"
    elif not is_multiple(price, tick):
        code, bound = "PRICE_OFF_TICK", f"the tick is {to_plain(tick)}"
    else:
        return
    passing = _passing_price(price, instrument)
    hint = f"; {passing} would pass" if passing else ""
    raise Refused(f"The {field} was {to_plain(price)} but {bound}{hint}.", field=field, passing=passing, code=code)


def _bounds_of(instrument: Instrument) -> str:
    low = instrument.min_price or instrument.price_tick
    if instrument.max_price:
        return f"between {to_plain(low)} and {to_plain(instrument.max_price)}"
    return f"at least {to_plain(low)}" if low else "above 0"


def _passing_price(price: Decimal, instrument: Instrument) -> str:
    """Return the price on the tick and within the bounds that is nearest; empty where nothing bounds it below."""
    tick, high = instrument.price_tick, instrument.max_price
    low = instrument.min_price or tick
    bounded = max(min(price, high) if high else price, low)
    if bounded <= 0:
        return ""
    nearest = round_to_step(bounded, tick, Direction.NEAREST)
    if high and nearest > high:
        nearest = round_to_step(high, tick, Direction.FLOOR)
    if nearest < low:
        nearest = round_to_step(low, tick, Direction.CEILING)
    return to_plain(nearest)


def _check_notional(ticket: OrderTicket, instrument: Instrument) -> None:
    price = _price_of_notional(ticket, instrument)
    if price is None:
        return
    notional = price * ticket.quantity
    if instrument.min_notional and notional < instrument.min_notional:
        code, bound = "NOTIONAL_BELOW_MINIMUM", f"the minimum is {to_plain(instrument.min_notional)}"
    elif instrument.max_notional and notional > instrument.max_notional:
        code, bound = "NOTIONAL_ABOVE_MAXIMUM", f"the maximum is {to_plain(instrument.max_notional)}"
    else:
        return
    passing = _passing_quantity(ticket, instrument)
    raise Refused(
        f"{to_plain(ticket.quantity)} at {to_plain(price)} is worth {to_plain(notional)} {instrument.quote} "
        f"but {bound}; a quantity of {passing} would pass.",
        field="quantity",
        passing=passing,
        code=code,
    )


def _price_of_notional(ticket: OrderTicket, instrument: Instrument) -> Decimal | None:
    """Return the price that makes the ticket's value; None where no notional counts."""
    # A venue lets a position be closed however small it has become, and inverse contracts are money themselves.
    if ticket.reduce_only or instrument.market is MarketType.INVERSE:
        return None
    price = ticket.price or ticket.stop_price or ticket.reference_price
    return price if price is not None and price > 0 else None


def largest_quantity(instrument: Instrument, order_type: OrderType) -> Decimal:
    """Return the largest quantity the venue takes in one order; zero where it states none."""
    bounds = [instrument.max_quantity]
    if order_type is OrderType.MARKET:
        bounds.append(instrument.market_max_quantity)
    return min((bound for bound in bounds if bound), default=ZERO)
