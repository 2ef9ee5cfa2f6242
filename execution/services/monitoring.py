"""The backstop: what the feed or a worker left undone is found by the clock."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from connections.contract import Quote, Side
from connections.models import DataConnection
from core.clock import Clock
from execution.machine import OPEN, OrderState
from execution.models import Order
from execution.roles import EXITS, OrderRole
from execution.services import entries, protection, refusals
from execution.services.pump import Pump
from marketdata import services as marketdata
from positions.exits import ClosingReason, Held, PlannedTarget, Protection, due_exit
from positions.models import ExecutionPosition, PositionStatus

#: What is without a stop, or wants to be closed, for longer than this has been left behind by somebody.
LEFT_BEHIND = timedelta(seconds=5)
FINISH_PATIENCE = timedelta(seconds=45)


def sweep(*, clock: Clock, limit: int = 500) -> int:
    """Look at every position that needs somebody, and do what is due. Return how many were looked at."""
    pump = Pump(clock=clock)
    pump.send(entries.cancel_outlived(now=clock()))
    overdue = _left_behind(clock(), limit)
    due = _due_by_price(clock)
    again = _ask_again(clock())
    pump.advance({*overdue, *due, *again})
    pump.finish(patience=FINISH_PATIENCE)
    return len({*overdue, *due, *again})


def held_of(position: ExecutionPosition) -> Held:
    """Return what we watch of a position: its stop while no venue holds it, and the targets no venue holds."""
    is_held_there = position.protection == Protection.NATIVE
    return Held(
        side=Side(position.side),
        quantity=abs(position.quantity),
        # Also while a stop is on its way or in doubt: the price does not wait for it.
        stop_price=None if is_held_there else position.stop_price,
        targets=tuple(watched_targets(position)),
    )


def watched_targets(position: ExecutionPosition) -> Iterable[PlannedTarget]:
    """Return every target with what is left of it here; those that a venue holds count as reached."""
    for target in position.targets:
        left = Decimal(target.get("quantity", "0")) - Decimal(target.get("filled", "0"))
        is_done = left <= 0 or bool(target.get("due_at")) or not target.get("is_watched")
        yield PlannedTarget(Decimal(target["price"]), max(left, Decimal(0)), is_done)


def act_on(position: ExecutionPosition, quote: Quote, *, now: datetime) -> bool:
    """Note what a quote makes due on a position; return whether anything was."""
    held = held_of(position)
    due = due_exit(held, quote)
    if due is None:
        return False
    if due.reason is ClosingReason.SL:
        return protection.request_close(position_id=position.pk, reason=ClosingReason.SL, now=now)
    price = quote.price_to(held.side.opposite)
    noted = False
    for piece, target in enumerate(held.targets, start=1):
        if not target.is_reached and (price - target.price) * held.side.sign >= 0:
            noted |= protection.note_target_due(position_id=position.pk, piece=piece, now=now)
    return noted


def _left_behind(now: datetime, limit: int) -> list[UUID]:
    live_exit = Order.objects.filter(
        position_id=OuterRef("pk"), role__in=EXITS, state__in=OPEN, is_held=False, cancel_requested_at__isnull=True
    )
    before = now - LEFT_BEHIND
    waiting = ExecutionPosition.objects.filter(
        Q(status=PositionStatus.OPEN, look_at__lt=before)
        | Q(status=PositionStatus.OPEN, unprotected_since__lt=before)
        | Q(status=PositionStatus.OPEN, close_requested_at__lt=before)
        | Q(Exists(live_exit), status=PositionStatus.CLOSED, closed_at__gt=now - timedelta(days=1))
    )
    return list(waiting.filter(attention="").values_list("pk", flat=True)[:limit])


def _ask_again(now: datetime) -> list[UUID]:
    """Return positions whose close the venue has refused, and whose time has come to try it once more."""
    refused = Count("orders", filter=Q(orders__role=OrderRole.CLOSE, orders__state=OrderState.REJECTED))
    rows = ExecutionPosition.objects.filter(status=PositionStatus.OPEN, close_requested_at__isnull=False)
    waiting = rows.exclude(attention="").annotate(refusals=refused)
    due = [
        each for each in waiting if (each.close_requested_at or now) + refusals.wait_after(each.refusals) <= now
    ]
    return [each.pk for each in due if protection.close_again(position_id=each.pk, now=now)]


def _due_by_price(clock: Clock) -> list[UUID]:
    """Return positions whose watched stop or target the market has reached. Cost: one request a venue."""
    rows = ExecutionPosition.objects.filter(status=PositionStatus.OPEN, close_requested_at__isnull=True)
    watched = [each for each in rows.select_related("connection__data_connection") if is_watched(each)]
    quotes = _quotes(watched, clock)
    now = clock()
    due = []
    for each in watched:
        quote = quotes.get((each.connection.venue_key, each.symbol))
        if quote is not None and act_on(each, quote, now=now):
            due.append(each.pk)
    return due


def is_watched(position: ExecutionPosition) -> bool:
    """Return whether any exit of the position depends on us seeing the price."""
    held = held_of(position)
    return held.stop_price is not None or any(not target.is_reached for target in held.targets)


def _quotes(positions: Sequence[ExecutionPosition], clock: Clock) -> dict[tuple[str, str], Quote]:
    wanted: dict[str, tuple[DataConnection | None, set[str]]] = {}
    for each in positions:
        source = each.connection.data_connection
        wanted.setdefault(each.connection.venue_key, (source, set()))[1].add(each.symbol)
    quotes = {}
    for key, (source, symbols) in wanted.items():
        if source is not None:
            found = marketdata.current_quotes(source=source, symbols=sorted(symbols), clock=clock)
            quotes.update({(key, symbol): quote for symbol, quote in found.items()})
    return quotes
