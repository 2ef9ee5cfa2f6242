"""Writing positions down to what the venue holds, where the house has asked for that.

Off unless somebody turns ``execution.automatic_correction`` on. It follows a difference that two comparisons in a row
have shown and that no trade of the venue explains, and it only ever makes ours smaller: what the venue holds beyond
our books is not ours to claim. The price is the market's at that moment, so the profit it books is an estimate.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connections.contract import MarketType, Side
from connections.models import ExecutionConnection
from core.decimals import ZERO, to_plain
from events import operational
from events import services as events
from execution.models import Break
from execution.services import bookings, breaks, consequences
from marketdata import selectors as marketdata
from positions import services as positions
from positions.ledger import Entry, EntryKind
from positions.models import ExecutionPosition, PositionStatus

#: A difference that is younger than this may be the venue's own delay.
CONFIRMED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Loss:
    """The part of a position that the venue does not hold."""

    position: ExecutionPosition
    quantity: Decimal
    price: Decimal


def write_down(connection: ExecutionConnection, *, now: datetime) -> list[ExecutionPosition]:
    """Write down what this comparison has shown to be missing, if the house wants that; return what changed.

    Cost: one query, and some five for each difference.
    """
    if not operational.value("execution.automatic_correction"):
        return []
    confirmed = Break.objects.filter(
        connection=connection, kind="HOLDING", status=Break.Status.OPEN,
        found_at__lte=now - CONFIRMED_AFTER, seen_at=now,
    )  # fmt: skip
    return [position for each in confirmed for position in _settle(connection, each, now)]


def _settle(connection: ExecutionConnection, difference: Break, now: datetime) -> list[ExecutionPosition]:
    losses = _losses(connection, difference)
    if not losses:
        return []
    booked = positions.book([_booking(each, difference, now) for each in losses], now=now)
    changed = list(booked.values())
    events.append_many([consequences.position_event(each, connection, now) for each in changed])
    lost = to_plain(sum((each.quantity for each in losses), ZERO))
    resolution = (
        f"Corrected by itself: {lost} written down at {to_plain(losses[0].price)}, the price of the moment."
    )
    breaks.settle(break_id=difference.pk, resolution=resolution, actor=None, now=now)
    return changed


def _losses(connection: ExecutionConnection, difference: Break) -> list[_Loss]:
    """Return what each position loses, the oldest first; nothing where the market has no price."""
    ours, theirs = (Decimal(side["quantity"]) for side in (difference.ours, difference.theirs))
    sign = 1 if ours >= 0 else -1
    missing = abs(ours) - max(theirs * sign, ZERO)
    losses = []
    for each in _positions(connection, difference.symbol, sign):
        price = _price(connection, each)
        quantity = min(abs(each.quantity), missing)
        if price is not None and quantity > 0:
            losses.append(_Loss(each, quantity, price))
            missing -= quantity
    return losses


def _positions(connection: ExecutionConnection, name: str, sign: int) -> list[ExecutionPosition]:
    rows = ExecutionPosition.objects.select_for_update().filter(connection=connection, status=PositionStatus.OPEN)
    mine = rows.filter(base=name) if connection.market == MarketType.SPOT else rows.filter(symbol=name)
    return [each for each in mine.order_by("opened_at") if each.quantity * sign > 0]


def _price(connection: ExecutionConnection, position: ExecutionPosition) -> Decimal | None:
    quote = marketdata.quotes_of(connection.venue_key, [position.symbol]).get(position.symbol)
    return quote.price_to(Side(position.side).opposite) if quote is not None else None


def _booking(loss: _Loss, difference: Break, now: datetime) -> positions.Booking:
    position = loss.position
    entry = Entry(
        kind=EntryKind.EXTERNAL,
        at=now,
        trade_id=f"correction:{difference.pk}",
        side=Side(position.side).opposite,
        quantity=loss.quantity,
        price=loss.price,
        fee=ZERO,
        fee_currency="",
    )
    return bookings.external(position, entry)
