"""Booking entries: the only writer of positions and their entries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from connections.contract import Side
from core.decimals import to_plain
from core.ids import uuid7
from events import bulk
from positions.exits import ClosingReason, Protection
from positions.ledger import Entry as LedgerEntry
from positions.ledger import EntryKind, Position, Terms, apply, replay
from positions.models import Entry, ExecutionPosition, PositionStatus


@dataclass(frozen=True, slots=True)
class PositionKey:
    """One position: what one signal holds on one connection and symbol."""

    connection_id: UUID
    signal_id: UUID
    symbol: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What a position starts with, when its first entry comes."""

    terms: Terms
    side: Side
    #: None when the signal has no stop
    stop_price: Decimal | None
    #: [{"price", "share"}, ...] as the signal has them
    targets: Sequence[Mapping[str, str]]
    #: when its entry left, by our clock; no fill of it is older, whatever the venue's clock says. None when unknown
    sent_at: datetime | None = None
    #: what is held of at least this, without stop and targets, needs no exits planned; None when that is not known
    smallest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One entry for one position."""

    key: PositionKey
    opening: Opening
    entry: LedgerEntry
    #: the target this entry takes profit at; 0 for none
    piece: int = 0
    #: why it closes, when it does; empty for an opening entry
    closing_reason: str = ""


@transaction.atomic(savepoint=False)
def book(bookings: Sequence[Booking], *, now: datetime) -> dict[PositionKey, ExecutionPosition]:
    """Book entries in order and return the positions as they are then. Trades must not have been booked before.

    Cost: three statements for any number of new positions, three more where some existed. Locks the positions until
    the transaction ends.
    """
    by_key: dict[PositionKey, list[Booking]] = {}
    for booking in bookings:
        by_key.setdefault(booking.key, []).append(booking)
    if not by_key:
        return {}
    positions = lock(list(by_key))
    rows = _book_all(positions, by_key, now)
    save(list(positions.values()), now=now)
    opened, opening_rows = _open({key: mine for key, mine in by_key.items() if key not in positions}, now)
    met = {key: mine for key, mine in by_key.items() if key not in positions and key not in opened}
    if met:
        # Somebody else opened these since we looked; he has committed, or we would still wait for him.
        late = lock(list(met))
        rows += _book_all(late, met, now)
        save(list(late.values()), now=now)
        positions |= late
    bulk.insert(Entry, rows + opening_rows)
    return positions | opened


def _open(
    by_key: Mapping[PositionKey, Sequence[Booking]], now: datetime
) -> tuple[dict[PositionKey, ExecutionPosition], list[bulk.Row]]:
    """Insert positions with their first entries put on, and return them with the entries that are to be stored.

    A position that somebody else opens in this moment is left out. They are inserted in one order by everybody, so
    that nobody waits in a ring.
    """
    ordered = sorted(by_key.items(), key=lambda pair: str(pair[0]))
    made = {key: _new(key, mine[0].opening, now) for key, mine in ordered}
    rows = _book_all(made, by_key, now)
    inserted = bulk.insert(
        ExecutionPosition,
        [_as_row(position) for position in made.values()],
        then="ON CONFLICT (connection_id, signal_id, symbol) DO NOTHING",
        returning="id",
    )
    ids = {row[0] for row in inserted}
    ours = {key: position for key, position in made.items() if position.pk in ids}
    for position in ours.values():
        position._state.adding, position._state.db = False, connection.alias
    return ours, [row for row in rows if row["position_id"] in ids]


def _book_all(
    positions: Mapping[PositionKey, ExecutionPosition],
    by_key: Mapping[PositionKey, Sequence[Booking]],
    now: datetime,
) -> list[bulk.Row]:
    """Put entries on positions and return the entries' rows, in the order in which they were put."""
    rows = []
    for key, position in positions.items():
        for booking in by_key[key]:
            rows.append(_put_entry(position, booking.entry))
            _note_piece(position, booking)
        _settle(position, by_key[key], now)
    return rows


def lock(keys: Sequence[PositionKey]) -> dict[PositionKey, ExecutionPosition]:
    """Return the positions with these keys, locked, always in the same order so that nobody waits in a ring."""
    found = ExecutionPosition.objects.raw(
        """
        SELECT p.* FROM positions_executionposition AS p
          JOIN unnest(%s::uuid[], %s::uuid[], %s::text[]) AS k(connection_id, signal_id, symbol)
            ON p.connection_id = k.connection_id AND p.signal_id = k.signal_id AND p.symbol = k.symbol
         ORDER BY p.id FOR UPDATE OF p
        """,
        [
            [key.connection_id for key in keys],
            [key.signal_id for key in keys],
            [key.symbol for key in keys],
        ],
    )
    return {PositionKey(row.connection_id, row.signal_id, row.symbol): row for row in found}


def note_change(position_ids: Iterable[UUID], *, now: datetime) -> None:
    """Note that something these positions' exits depend on has changed, and lock them until the transaction ends.

    Whoever dies before the exits are planned anew leaves the note behind. Cost: one statement.
    """
    ids = sorted(set(position_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH changed AS (
                SELECT id FROM positions_executionposition WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
            )
            UPDATE positions_executionposition AS p SET look_at = %(now)s FROM changed WHERE p.id = changed.id
            """,
            {"ids": ids, "now": now},
        )


def save(positions: Sequence[ExecutionPosition], *, now: datetime) -> None:
    """Write back positions that the caller has locked. Cost: one statement."""
    if not positions:
        return
    for position in positions:
        position.updated_at = now
    bulk.update(
        ExecutionPosition,
        [{"id": position.pk, **{name: getattr(position, name) for name in _CHANGING}} for position in positions],
        set_=_SET,
    )


@transaction.atomic
def leave_dust(*, position_id: UUID, reason: str, now: datetime) -> ExecutionPosition:
    """Close a position whose rest is too small to trade; the coins stay on the account at cost."""
    position = ExecutionPosition.objects.select_for_update().get(pk=position_id)
    if position.quantity == 0:
        return position
    entry = LedgerEntry(
        kind=EntryKind.DUST,
        at=now,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        quantity=abs(position.quantity),
        price=position.ledger().average_price(position.terms()),
    )
    bulk.insert(Entry, [_put_entry(position, entry)])
    position.closing_reason = position.closing_reason or reason
    _close_if_flat(position, now)
    save([position], now=now)
    return position


def rebuild(position: ExecutionPosition) -> Position:
    """Return the state that the stored entries make, without writing anything. Cost: one query."""
    rows = position.entries.order_by("pk")
    return replace(replay((_ledger_entry(row) for row in rows), position.terms()), trade_ids=frozenset())


def _new(key: PositionKey, opening: Opening, now: datetime) -> ExecutionPosition:
    terms = opening.terms
    return ExecutionPosition(
        id=uuid7(),
        connection_id=key.connection_id,
        signal_id=key.signal_id,
        symbol=key.symbol,
        market=terms.market,
        base=terms.base,
        quote=terms.quote,
        settle=terms.settle,
        multiplier=terms.multiplier,
        side=opening.side,
        stop_price=opening.stop_price,
        targets=[dict(target) for target in opening.targets],
        protection=Protection.NONE if opening.stop_price is None else Protection.UNPROTECTED,
        created_at=now,
        updated_at=now,
    )


def _as_row(position: ExecutionPosition) -> bulk.Row:
    return {name: getattr(position, name) for name in (*_FIXED, *_CHANGING)}


def _put_entry(position: ExecutionPosition, entry: LedgerEntry) -> bulk.Row:
    """Put the state after one more entry on the position, and return the entry's row."""
    before = position.ledger()
    after = apply(before, entry, position.terms())
    _put(position, after)
    return _entry_row(position.pk, entry, realised=after.realised - before.realised)


def _put(position: ExecutionPosition, state: Position) -> None:
    position.quantity = state.quantity
    position.cost = state.cost
    position.realised = state.realised
    position.fees = {currency: to_plain(amount) for currency, amount in state.fees.items()}
    position.funding = state.funding
    position.peak = state.peak
    position.opened_quantity = state.opened_quantity
    position.opened_value = state.opened_value
    position.closed_quantity = state.closed_quantity
    position.closed_value = state.closed_value
    position.opened_at = state.opened_at
    position.closed_at = state.closed_at


def _note_piece(position: ExecutionPosition, booking: Booking) -> None:
    """Note what an exit took profit at, and let the latest exit name the position's end."""
    if booking.closing_reason:
        is_latest = position.last_exit_at is None or booking.entry.at >= position.last_exit_at
        # A close that was asked for says why itself; a stop, target or stranger that was quicker says so instead.
        is_overtaken = position.quantity == 0 and booking.closing_reason != ClosingReason.MANUAL
        is_asked_for = position.close_requested_at is not None and bool(position.closing_reason)
        if is_latest and (is_overtaken or not is_asked_for):
            position.closing_reason = booking.closing_reason
        position.last_exit_at = max(filter(None, (position.last_exit_at, booking.entry.at)))
    if 0 < booking.piece <= len(position.targets):
        target = position.targets[booking.piece - 1]
        filled = Decimal(target.get("filled", "0")) + booking.entry.quantity
        target["filled"] = to_plain(filled)


def _settle(position: ExecutionPosition, bookings: Sequence[Booking], now: datetime) -> None:
    if position.first_fill_at is None:
        position.first_fill_at = min(each.entry.at for each in bookings)
        if position.stop_price is not None:
            position.unprotected_since = _naked_since(position.first_fill_at, bookings[0].opening.sent_at, now)
    position.look_at = None if _needs_no_exits(position, bookings[0].opening) else now
    _close_if_flat(position, now)
    if position.quantity != 0 and position.status == PositionStatus.CLOSED:
        # A late fill reopened it: a fact is never dropped.
        position.status = PositionStatus.OPEN


def _needs_no_exits(position: ExecutionPosition, opening: Opening) -> bool:
    """Return whether there is nothing to plan: no stop, no target, no wish to close, and no dust to write off."""
    held = position.quantity * Side(position.side).sign
    is_bare = position.stop_price is None and not position.targets and position.close_requested_at is None
    return is_bare and opening.smallest is not None and held >= opening.smallest


def _naked_since(filled_at: datetime, sent_at: datetime | None, now: datetime) -> datetime:
    """Return since when the position is held, by our clock: the fill may be heard of long after it was made."""
    return min(max(filled_at, sent_at or filled_at), now)


def _close_if_flat(position: ExecutionPosition, now: datetime) -> None:
    if position.quantity != 0 or position.opened_at is None:
        return
    position.status = PositionStatus.CLOSED
    position.attention = ""
    position.closed_at = max(filter(None, (position.closed_at, position.last_exit_at)), default=now)
    if position.unprotected_since is not None:
        position.unprotected_ms += int((now - position.unprotected_since).total_seconds() * 1000)
        position.unprotected_since = None


def _entry_row(position_id: UUID, entry: LedgerEntry, *, realised: Decimal) -> bulk.Row:
    return {
        "position_id": position_id,
        "kind": entry.kind,
        "at": entry.at,
        "trade_id": entry.trade_id,
        "side": entry.side or "",
        "quantity": entry.quantity,
        "price": entry.price,
        "fee": entry.fee,
        "fee_currency": entry.fee_currency,
        "amount": entry.amount,
        "realised": realised,
    }


def _ledger_entry(row: Entry) -> LedgerEntry:
    return LedgerEntry(
        kind=EntryKind(row.kind),
        at=row.at,
        trade_id=row.trade_id,
        side=Side(row.side) if row.side else None,
        quantity=row.quantity,
        price=row.price,
        fee=row.fee,
        fee_currency=row.fee_currency,
        amount=row.amount,
    )


#: What a position is born with, and what ``save`` writes.
_FIXED = (
    "id", "connection_id", "signal_id", "symbol", "market", "base", "quote", "settle", "multiplier", "side", "created_at",
)  # fmt: skip
_CHANGING = (
    "quantity", "cost", "realised", "fees", "funding", "peak", "opened_quantity", "opened_value", "closed_quantity",
    "closed_value", "opened_at", "closed_at", "status", "stop_price", "targets", "watched_pieces", "protection",
    "first_fill_at", "protected_at", "unprotected_ms", "unprotected_since", "closing_reason", "last_exit_at",
    "close_requested_at", "attention", "look_at", "updated_at",
)  # fmt: skip
_SET = ", ".join(f"{name} = c.{name}" for name in _CHANGING)
