"""From the fills of orders to the entries of positions."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connections.contract import FillReport, Instrument, MarketType, OrderType, Side
from connections.models import ExecutionConnection
from connections.precision import smallest_quantity
from core.decimals import ONE
from execution.models import Order
from execution.roles import OrderRole
from execution.services.tracked import Tracked
from marketdata import selectors as marketdata
from positions import services as positions
from positions.exits import ClosingReason
from positions.ledger import Entry, EntryKind, Terms
from positions.models import ExecutionPosition


def book(tracked: Iterable[Tracked], *, now: datetime) -> dict[UUID, ExecutionPosition]:
    """Book the new fills of these orders and return the positions by order. Cost: three statements where all are new."""
    mine = [each for each in tracked if each.fills]
    bookings = [
        _booking(each, fill) for each in mine for fill in sorted(each.fills, key=lambda fill: fill.traded_at)
    ]
    booked = positions.book(bookings, now=now)
    by_order = {}
    for each in mine:
        position = booked[key_of(each.order)]
        each.position_id = position.pk
        by_order[each.order.pk] = position
    return by_order


def key_of(order: Order) -> positions.PositionKey:
    """Return the position that the fills of an order belong to."""
    return positions.PositionKey(order.connection_id, order.log.signal_id, order.symbol)


def terms_of(connection: ExecutionConnection, symbol: str) -> Terms:
    """Return what a unit of a symbol is worth on a connection."""
    instrument = marketdata.instruments_of(connection.venue_key).get(symbol)
    return _terms(instrument) if instrument else _terms_by_name(symbol, MarketType(connection.market))


def external(position: ExecutionPosition, entry: Entry) -> positions.Booking:
    """Return the booking of what closed a position, or a part of it, without an order of ours."""
    key = positions.PositionKey(position.connection_id, position.signal_id, position.symbol)
    opening = positions.Opening(position.terms(), Side(position.side), position.stop_price, position.targets)
    return positions.Booking(key, opening, entry, closing_reason=ClosingReason.EXTERNAL)


def nearest_first(targets: Iterable[dict[str, Any]], side: Side) -> list[dict[str, Any]]:
    """Return a signal's targets in the order in which the price reaches them."""
    return sorted(targets, key=lambda target: Decimal(target["price"]) * side.sign)


def _booking(each: Tracked, fill: FillReport) -> positions.Booking:
    order, signal = each.order, each.order.log.signal
    side = Side(signal.direction)
    opening = positions.Opening(
        terms=terms_of(order.connection, order.symbol),
        side=side,
        stop_price=signal.sl,
        targets=nearest_first(signal.targets, side),
        sent_at=order.submitted_at,
        smallest=_smallest(order, fill),
    )
    entry = Entry(
        kind=EntryKind.FILL,
        at=fill.traded_at,
        trade_id=fill.venue_trade_id,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
    )
    piece = order.piece if order.role in (OrderRole.TARGET, OrderRole.CLOSE) else 0
    return positions.Booking(key_of(order), opening, entry, piece, _closing_reason(order))


def _smallest(order: Order, fill: FillReport) -> Decimal | None:
    """Return what can surely be sold again, also after the price has halved; None when that is not known."""
    instrument = marketdata.instruments_of(order.connection.venue_key).get(order.symbol)
    return smallest_quantity(instrument, fill.price / 2, OrderType.LIMIT) if instrument else None


def _closing_reason(order: Order) -> str:
    if order.role == OrderRole.STOP:
        return ClosingReason.SL
    if order.role == OrderRole.TARGET or (order.role == OrderRole.CLOSE and order.piece):
        return ClosingReason.TP
    return ClosingReason.MANUAL if order.role == OrderRole.CLOSE else ""


def _terms(instrument: Instrument) -> Terms:
    # Our quantities are units already, so a contract's size is not counted a second time.
    return Terms(instrument.market, instrument.base, instrument.quote, instrument.settle, ONE)


def _terms_by_name(symbol: str, market: MarketType) -> Terms:
    base, _, rest = symbol.partition("/")
    quote, _, settle = rest.partition(":")
    return Terms(market, base, quote, settle or quote, ONE)
