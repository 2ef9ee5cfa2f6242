"""The venue's books against ours, for one account at a time.

Orders: what we think open and the venue does not list is looked up. Fills: a trade that no order of ours made, against
a position of ours, is somebody closing it by hand: it is booked at the venue's price and the position ends EXTERNAL.
Holdings: what is left over is a break with both sides' numbers, for a person to settle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from connections import registry
from connections.contract import FillReport, HoldingReport, MarketType, OrderReport
from connections.models import ExecutionConnection
from core.clock import Clock
from core.decimals import ZERO, to_plain
from core.loop import background
from events import services as events
from events.catalogue import Kind
from execution import bulk, matching
from execution.context import accounts_of
from execution.courier import Account
from execution.machine import OPEN
from execution.models import Break, Fill, Order
from execution.services import bookings, consequences, corrections
from positions import services as positions
from positions.ledger import Entry, EntryKind
from positions.models import ExecutionPosition, PositionStatus

ASK_TIMEOUT_S = 60.0
#: Trades are asked for from a little before the oldest open position.
MARGIN = timedelta(minutes=1)
#: An order that changed this recently may not be in all of the venue's books yet.
SETTLING = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Books:
    """What a venue says of one account, for the symbols we hold or have orders in."""

    open_orders: Sequence[OrderReport]
    fills: Sequence[FillReport]
    holdings: Sequence[HoldingReport]


@dataclass(slots=True)
class Compared:
    """What a comparison found."""

    #: orders to look up at once
    overdue: list[UUID]
    #: positions that were changed at the venue
    changed: list[UUID]
    #: differences that nobody has settled
    breaks: int


def reconcile(*, connection: ExecutionConnection, clock: Clock) -> Compared:
    """Compare one account and note every difference.

    Raises:
        BrokerError, TimeoutError: the venue could not be asked; nothing was changed.
    """
    held = list(_open_positions(connection.pk))
    symbols = sorted({each.symbol for each in held} | _open_symbols(connection.pk))
    if not symbols:
        return Compared([], [], 0)
    since = min((each.opened_at for each in held if each.opened_at), default=clock() - timedelta(hours=1)) - MARGIN
    account = accounts_of([connection.pk])[connection.pk]
    books = background.run(_ask(account, symbols, since), timeout_s=ASK_TIMEOUT_S)
    return _compare(connection, books, clock())


async def _ask(account: Account, symbols: Sequence[str], since: datetime) -> Books:
    adapter = registry.build(account.kind, account.access)
    try:
        orders = [each for symbol in symbols for each in await adapter.open_orders(symbol)]
        fills = [each for symbol in symbols for each in await adapter.fills(since, symbol)]
        # Holdings last: a trade between the questions then shows as a fill, never as a hole.
        return Books(orders, fills, await adapter.holdings())
    finally:
        await adapter.close()


@transaction.atomic
def _compare(connection: ExecutionConnection, books: Books, now: datetime) -> Compared:
    overdue = _overdue(connection.pk, books, now)
    if overdue or _is_moving(connection.pk, now):
        # Holdings mean something only once every order of ours is accounted for.
        return Compared(overdue, [], 0)
    changed = _adopt_external(connection, books, now)
    breaks = _note_breaks(connection, books.holdings, now)
    changed += [each.pk for each in corrections.write_down(connection, now=now)]
    ExecutionConnection.objects.filter(pk=connection.pk).update(last_reconciled_at=now)
    return Compared(overdue, changed, breaks)


def _overdue(connection_id: UUID, books: Books, now: datetime) -> list[UUID]:
    """Return our orders that the venue's lists contradict. They are looked up first; everything else waits."""
    listed = {each.client_order_id for each in books.open_orders}
    booked = set(
        Fill.objects.filter(
            connection_id=connection_id, venue_trade_id__in=[f.venue_trade_id for f in books.fills]
        ).values_list("venue_trade_id", flat=True)
    )
    traded = {
        each.venue_order_id for each in books.fills if each.venue_trade_id not in booked and each.venue_order_id
    }
    mine = Order.objects.filter(connection_id=connection_id)
    working = mine.filter(state__in=OPEN, is_held=False)
    missing = [order.pk for order in working if order.acknowledged_at and order.client_order_id not in listed]
    unbooked = list(mine.filter(venue_order_id__in=traded).values_list("pk", flat=True)) if traded else []
    overdue = sorted({*missing, *unbooked})
    Order.objects.filter(pk__in=overdue, state__in=OPEN).update(reconcile_after=now)
    return overdue


def _adopt_external(connection: ExecutionConnection, books: Books, now: datetime) -> list[UUID]:
    """Book trades that no order of ours made against the positions they close."""
    ours = set(
        Order.objects.filter(
            connection_id=connection.pk, venue_order_id__in=[each.venue_order_id or "" for each in books.fills]
        )
        .exclude(venue_order_id="")
        .values_list("venue_order_id", flat=True)
    )
    foreign = [each for each in books.fills if each.venue_order_id not in ours]
    held = list(_open_positions(connection.pk))
    missing = _missing(connection, held, books.holdings)
    pieces = matching.closing_pieces(foreign, [matching.Holding.of(each) for each in held], missing)
    fresh = bulk.insert_fills([_fill_row(connection.pk, each) for each in _distinct(pieces)], now=now)
    wanted = [piece for piece in pieces if (connection.pk, piece.fill.venue_trade_id) in fresh]
    by_id = {each.pk: each for each in held}
    booked = positions.book([_booking(by_id[piece.position_id], piece) for piece in wanted], now=now)
    events.append_many([consequences.position_event(each, connection, now) for each in booked.values()])
    return [each.pk for each in booked.values()]


def _distinct(pieces: Iterable[matching.Piece]) -> list[FillReport]:
    return list({piece.fill.venue_trade_id: piece.fill for piece in pieces}.values())


def _booking(position: ExecutionPosition, piece: matching.Piece) -> positions.Booking:
    fill = piece.fill
    entry = Entry(
        kind=EntryKind.EXTERNAL,
        at=fill.traded_at,
        trade_id=fill.venue_trade_id,
        side=fill.side,
        quantity=piece.quantity,
        price=fill.price,
        fee=piece.fee,
        fee_currency=fill.fee_currency,
    )
    return bookings.external(position, entry)


def _is_moving(connection_id: UUID, now: datetime) -> bool:
    """Return whether an order of the account is on its way, in doubt, or has just changed."""
    mine = Order.objects.filter(connection_id=connection_id)
    unanswered = mine.filter(state__in=OPEN, is_held=False).filter(
        Q(acknowledged_at__isnull=True) | Q(in_doubt=True)
    )
    return unanswered.exists() or mine.filter(updated_at__gt=now - SETTLING).exists()


def _missing(
    connection: ExecutionConnection, held: Sequence[ExecutionPosition], holdings: Sequence[HoldingReport]
) -> dict[str, Decimal]:
    """Return by symbol how much less the venue holds than our positions claim."""
    theirs, ours = _by_name(connection, holdings), _expected(connection, held)
    missing = {}
    for position in held:
        name = position.base if connection.market == MarketType.SPOT else position.symbol
        missing[position.symbol] = max(
            abs(ours[name]) - max(theirs.get(name, ZERO) * _sign(ours[name]), ZERO), ZERO
        )
    return missing


def _sign(number: Decimal) -> int:
    return 1 if number >= 0 else -1


def _expected(connection: ExecutionConnection, held: Sequence[ExecutionPosition]) -> dict[str, Decimal]:
    expected: dict[str, Decimal] = {}
    for position in held:
        name = position.base if connection.market == MarketType.SPOT else position.symbol
        expected[name] = expected.get(name, ZERO) + position.quantity
    return expected


def _note_breaks(connection: ExecutionConnection, holdings: Sequence[HoldingReport], now: datetime) -> int:
    expected = _expected(connection, _open_positions(connection.pk))
    theirs = _by_name(connection, holdings)
    short = {
        name: (quantity, theirs.get(name, ZERO))
        for name, quantity in expected.items()
        if _differs(connection, quantity, theirs.get(name, ZERO))
    }
    for name, (ours, held) in short.items():
        _open_break(connection, name, ours, held, now)
    settled = Break.objects.filter(connection=connection, kind="HOLDING", status=Break.Status.OPEN).exclude(
        symbol__in=list(short)
    )
    settled.update(status=Break.Status.RESOLVED, resolution="The books agree again.", resolved_at=now)
    return len(short)


def _differs(connection: ExecutionConnection, ours: Decimal, theirs: Decimal) -> bool:
    # On spot the owner may hold more of a coin than we bought; holding less is what matters.
    return theirs < ours if connection.market == MarketType.SPOT else theirs != ours


def _by_name(connection: ExecutionConnection, holdings: Sequence[HoldingReport]) -> Mapping[str, Decimal]:
    names: dict[str, Decimal] = {}
    for each in holdings:
        name = each.asset if connection.market == MarketType.SPOT else each.symbol
        names[name] = names.get(name, ZERO) + each.quantity
    return names


def _open_break(connection: ExecutionConnection, name: str, ours: Decimal, theirs: Decimal, now: datetime) -> None:
    numbers = {"ours": {"quantity": to_plain(ours)}, "theirs": {"quantity": to_plain(theirs)}}
    _, is_new = Break.objects.update_or_create(
        connection=connection,
        kind="HOLDING",
        symbol=name,
        status=Break.Status.OPEN,
        defaults={**numbers, "seen_at": now},
        create_defaults={**numbers, "seen_at": now, "found_at": now},
    )
    if is_new:
        events.append(
            events.NewEvent(
                kind=Kind.RECONCILIATION_BREAK,
                subject_type="connections.executionconnection",
                subject_id=str(connection.pk),
                owner_id=connection.owner_id,
                occurred_at=now,
                data={"name": connection.name, "symbol": name, "ours": to_plain(ours), "theirs": to_plain(theirs)},
            )
        )


def _fill_row(connection_id: UUID, fill: FillReport) -> bulk.NewFill:
    return bulk.NewFill(
        connection_id=connection_id,
        order_id=None,
        venue_trade_id=fill.venue_trade_id,
        venue_order_id=fill.venue_order_id or "",
        symbol=fill.symbol,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        is_maker=fill.is_maker,
        traded_at=fill.traded_at,
    )


def _open_positions(connection_id: UUID) -> list[ExecutionPosition]:
    rows = ExecutionPosition.objects.filter(connection_id=connection_id, status=PositionStatus.OPEN)
    return [each for each in rows.order_by("opened_at") if each.quantity]


def _open_symbols(connection_id: UUID) -> set[str]:
    rows = Order.objects.filter(connection_id=connection_id, state__in=OPEN, is_held=False)
    return set(rows.values_list("symbol", flat=True))


def due(*, now: datetime, every: timedelta, limit: int) -> list[ExecutionConnection]:
    """Return active connections with open positions or orders whose last comparison is older than ``every``."""
    with_positions = ExecutionPosition.objects.filter(status=PositionStatus.OPEN).values("connection_id")
    with_orders = Order.objects.filter(state__in=OPEN, is_held=False).values("connection_id")
    waiting = ExecutionConnection.objects.filter(pk__in=with_positions.union(with_orders))
    waiting = waiting.exclude(last_reconciled_at__gt=now - every)
    return list(waiting.order_by(F("last_reconciled_at").asc(nulls_first=True))[:limit])


def named(connection_ids: Sequence[str]) -> list[ExecutionConnection]:
    """Return the connections with these ids."""
    return list(ExecutionConnection.objects.filter(pk__in=[UUID(each) for each in connection_ids]))
