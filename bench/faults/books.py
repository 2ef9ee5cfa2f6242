"""Both books of every account side by side: what is lost, doubled, left behind or bare."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from bench.faults.ground import Venue
from connections.contract import OrderType
from core.decimals import ZERO
from events.models import Delivery, DeliveryStatus
from execution.machine import OPEN
from execution.models import ExecutionLog, Fill, Order
from execution.outcomes import LogStatus
from execution.roles import OrderRole
from positions import services as positions
from positions.ledger import EntryKind
from positions.models import Entry, ExecutionPosition, PositionStatus

Trade = tuple[str, Decimal, Decimal, Decimal, str]


@dataclass(slots=True)
class Account:
    """What both sides say of one account, and what of it must not be."""

    name: str
    #: orders the venue has from us, and how many of those we know
    at_venue: int = 0
    known: int = 0
    #: ids that stand at the venue twice, and rows with more than one entry
    doubled: list[str] = field(default_factory=list)
    #: orders and fills that one side has and the other does not
    lost: list[str] = field(default_factory=list)
    #: orders that rest for nothing
    orphans: list[str] = field(default_factory=list)
    #: open positions without a stop
    bare: list[str] = field(default_factory=list)
    #: numbers that differ
    wrong: list[str] = field(default_factory=list)
    unprotected_s: float = 0.0
    resolved_s: float = 0.0

    @property
    def faults(self) -> list[str]:
        """Every sentence that must not be said."""
        return [*self.doubled, *self.lost, *self.orphans, *self.bare, *self.wrong]


def compare(venue: Venue) -> dict[str, Account]:
    """Return what both sides say, by account. Cost: six queries and five questions, whatever the number."""
    ours, theirs = _Ours(), _Theirs(venue)
    names = {*ours.names.values()}
    return {name: _compare(name, ours, theirs) for name in sorted(names)}


def is_settled() -> bool:
    """Return whether nothing is on its way: every row has its outcome, every open position its stop.

    All is read from one snapshot: between two queries an order could pass from one that is not looked at any more to
    one that was looked at before.
    """
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return not _is_anything_moving()


def _is_anything_moving() -> bool:
    working = Order.objects.filter(state__in=OPEN, is_held=False)
    moving = working.filter(
        # A market order never rests: it is on its way until it is done.
        Q(order_type=OrderType.MARKET)
        | Q(acknowledged_at__isnull=True)
        | Q(in_doubt=True)
        | Q(cancel_requested_at__isnull=False)
    )
    held = ExecutionPosition.objects.filter(status=PositionStatus.OPEN, attention="")
    waiting = (
        Delivery.objects.filter(sink="fanout").exclude(status=DeliveryStatus.DONE),
        # A row whose entry rests is SUBMITTED for as long as it rests.
        ExecutionLog.objects.filter(status__in=[LogStatus.PENDING, LogStatus.CLAIMED]),
        moving,
        # An entry that never arrived and is about to leave again under its id.
        Order.objects.filter(is_held=True, log__status=LogStatus.SUBMITTED),
        held.filter(Q(unprotected_since__isnull=False) | Q(look_at__isnull=False) | Q(first_fill_at__isnull=True)),
        held.filter(close_requested_at__isnull=False),
        working.filter(position__status=PositionStatus.CLOSED),
    )
    return any(rows.exists() for rows in waiting)


class _Ours:
    """Our rows by account."""

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}
        self.orders: dict[str, list[Order]] = defaultdict(list)
        self.trades: dict[str, list[Trade]] = defaultdict(list)
        self.positions: dict[str, list[ExecutionPosition]] = defaultdict(list)
        self.logs: dict[str, list[ExecutionLog]] = defaultdict(list)
        self.dust: dict[Any, Decimal] = defaultdict(Decimal)
        for log in ExecutionLog.objects.select_related("connection"):
            self.names[log.connection_id] = log.connection.name
            self.logs[log.connection.name].append(log)
        for order in Order.objects.select_related("position"):
            self.orders[self.names[order.connection_id]].append(order)
        for fill in Fill.objects.all():
            trade = (fill.side, fill.quantity, fill.price, fill.fee, fill.fee_currency)
            self.trades[self.names[fill.connection_id]].append(trade)
        for position in ExecutionPosition.objects.select_related("connection"):
            self.positions[position.connection.name].append(position)
        for entry in Entry.objects.filter(kind=EntryKind.DUST):
            self.dust[entry.position_id] += entry.quantity if entry.side == "SELL" else -entry.quantity


class _Theirs:
    """The venue's own books by account, whatever its faults show to clients."""

    def __init__(self, venue: Venue) -> None:
        # What a conditional order became when it triggered is the same order of ours.
        plain = [row for row in venue.get("/admin/orders") if row.get("algo_id") is None]
        self.orders = _by_account([*plain, *venue.get("/admin/algos")])
        self.trades: dict[str, list[Trade]] = defaultdict(list)
        for row in venue.get("/admin/fills"):
            numbers = (Decimal(row[name]) for name in ("quantity", "price", "commission"))
            self.trades[row["account"]].append((row["side"], *numbers, row["commission_asset"]))
        self.held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in venue.get("/admin/positions"):
            self.held[row["account"], row["symbol"]] += Decimal(row["amount"])
        for row in venue.get("/admin/balances"):
            if row["market"] == "spot":
                self.held[row["account"], row["asset"]] += Decimal(row["free"]) + Decimal(row["locked"])


def _by_account(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["account"]].append(row)
    return found


def _compare(name: str, ours: _Ours, theirs: _Theirs) -> Account:
    rows, mine = theirs.orders.get(name, []), ours.orders[name]
    by_id = {order.client_order_id: order for order in mine}
    ids = Counter(str(row["client_order_id"]) for row in rows)
    account = Account(name, at_venue=len(rows), known=sum(1 for row in rows if row["client_order_id"] in by_id))
    account.doubled += [f"{name}: the venue has {count} orders {key}." for key, count in ids.items() if count > 1]
    entries = Counter(order.log_id for order in mine if order.role == OrderRole.ENTRY)
    account.doubled += [f"{name}: a row has {count} entries." for count in entries.values() if count > 1]
    account.lost += [f"{name}: we do not know {key}." for key in ids if key not in by_id]
    account.lost += _lost(name, mine, rows)
    account.orphans += _orphans(name, by_id, rows)
    account.lost += _lost_trades(name, ours.trades[name], theirs.trades[name])
    account.bare += [f"{name}: a position has no stop." for each in ours.positions[name] if _is_bare(each)]
    account.wrong += _wrong_holdings(name, ours, theirs)
    account.wrong += [
        f"{name}: a position does not replay to itself."
        for each in ours.positions[name]
        if positions.rebuild(each) != each.ledger()
    ]
    account.unprotected_s = max((each.unprotected_ms / 1000 for each in ours.positions[name]), default=0.0)
    account.resolved_s = max((_seconds(each) for each in ours.logs[name]), default=0.0)
    return account


def _lost(name: str, mine: Sequence[Order], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Orders that we take for working and that do not work at the venue."""
    resting = {row["client_order_id"] for row in rows if _is_open(row)}
    working = [order for order in mine if order.state in OPEN and not order.is_held]
    return [
        f"{name}: {order.role} {order.client_order_id} is {order.state} here and does not rest there."
        for order in working
        if order.client_order_id not in resting
    ]


def _orphans(name: str, by_id: Mapping[str, Order], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for row in rows:
        order = by_id.get(row["client_order_id"])
        if order is None or not _is_open(row):
            continue
        is_flat = order.position is not None and order.position.status == PositionStatus.CLOSED
        if order.state not in OPEN or is_flat:
            found.append(f"{name}: {order.role} {order.client_order_id} rests for nothing.")
    return found


def _is_open(row: Mapping[str, Any]) -> bool:
    return row["status"] in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")


def _lost_trades(name: str, ours: Sequence[Trade], theirs: Sequence[Trade]) -> list[str]:
    missing, extra = Counter(theirs) - Counter(ours), Counter(ours) - Counter(theirs)
    return [f"{name}: we lack the trade {each}." for each in missing] + [
        f"{name}: the venue lacks the trade {each}." for each in extra
    ]


def _is_bare(position: ExecutionPosition) -> bool:
    return position.status == PositionStatus.OPEN and (
        position.unprotected_since is not None or bool(position.attention)
    )


def _wrong_holdings(name: str, ours: _Ours, theirs: _Theirs) -> list[str]:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for each in ours.positions[name]:
        key = each.base if each.market == "SPOT" else f"{each.base}{each.quote}"
        expected[key] += each.quantity + ours.dust[each.pk]
    return [
        f"{name}: we hold {quantity} {key}, the venue {theirs.held.get((name, key), ZERO)}."
        for key, quantity in expected.items()
        if quantity != theirs.held.get((name, key), ZERO)
    ]


def _seconds(log: ExecutionLog) -> float:
    return (log.finished_at - log.created_at).total_seconds() if log.finished_at else 0.0
