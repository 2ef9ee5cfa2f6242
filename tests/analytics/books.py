"""Positions booked entry by entry, and the figures of a day folded from them in plain Python."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from analytics import metrics
from analytics.models import ExecutionAnalytic
from connections.contract import MarketType, Side
from connections.models import AccountSnapshot, ExecutionConnection
from positions import services as positions
from positions.ledger import Entry, EntryKind, Terms, apply, replay
from positions.models import ExecutionPosition, PositionStatus
from tests.makers import make_signal

BTC = Terms(MarketType.SPOT, "BTC", "USDT", "USDT")
BTC_SWAP = Terms(MarketType.LINEAR, "BTC", "USDT", "USDT")
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def on(day: int, hours: float = 12) -> datetime:
    """A time on a day counted from Monday, the 16th of November 2026."""
    return MONDAY + timedelta(days=day, hours=hours)


@dataclass
class Book:
    """One position, and the trades that are booked on it."""

    connection: ExecutionConnection
    terms: Terms = BTC
    side: Side = Side.BUY
    key: positions.PositionKey = field(init=False)
    trades: int = 0

    def __post_init__(self) -> None:
        symbol = "BTC/USDT" if self.terms.market is MarketType.SPOT else "BTC/USDT:USDT"
        self.key = positions.PositionKey(self.connection.pk, make_signal().pk, symbol)

    def open(self, quantity: str, price: str, at: datetime, fee: str = "0", currency: str = "USDT") -> "Book":
        return self._trade(self.side, quantity, price, at, fee, currency)

    def close(self, quantity: str, price: str, at: datetime, fee: str = "0", currency: str = "USDT") -> "Book":
        return self._trade(self.side.opposite, quantity, price, at, fee, currency)

    def fund(self, amount: str, at: datetime) -> "Book":
        return self._book(Entry(EntryKind.FUNDING, at, amount=Decimal(amount)))

    def leave_dust(self, at: datetime) -> "Book":
        position = ExecutionPosition.objects.get(signal_id=self.key.signal_id)
        positions.leave_dust(position_id=position.pk, reason="TP", now=at)
        return self

    def _trade(self, side: Side, quantity: str, price: str, at: datetime, fee: str, currency: str) -> "Book":
        self.trades += 1
        trade_id = f"{self.key.signal_id}-{self.trades}"
        entry = Entry(
            EntryKind.FILL, at, trade_id, side, Decimal(quantity), Decimal(price), Decimal(fee), currency
        )
        return self._book(entry)

    def _book(self, entry: Entry) -> "Book":
        opening = positions.Opening(self.terms, self.side, None, [])
        positions.book([positions.Booking(self.key, opening, entry)], now=entry.at)
        return self


def row_of(connection: ExecutionConnection, day: datetime, currency: str = "USDT") -> ExecutionAnalytic:
    """The figures of a day as they were written."""
    return ExecutionAnalytic.objects.get(connection=connection, day=day.date(), currency=currency)


# --- The same in plain Python ------------------------------------------------------------------------------------

Key = tuple[UUID, date, str]
_FIGURES = (
    "trades", "wins", "losses", "win_rate", "gross_profit", "gross_loss", "profit_factor", "total_pnl", "fees",
    "max_drawdown", "balance", "equity", "average_duration_s",
)  # fmt: skip


def written(days: Sequence[date]) -> dict[Key, dict[str, object]]:
    """The rows of these days as the database has them."""
    rows = ExecutionAnalytic.objects.filter(day__in=days)
    return {
        (row.connection_id, row.day, row.currency): {name: getattr(row, name) for name in _FIGURES} for row in rows
    }


def folded(days: Sequence[date]) -> dict[Key, dict[str, object]]:
    """The rows of these days, folded over entries and positions, without what ``update`` uses of either."""
    steps: dict[Key, list[tuple[datetime, int, Decimal, Decimal]]] = defaultdict(list)
    trades: dict[Key, list[tuple[Decimal, timedelta]]] = defaultdict(list)
    for position in ExecutionPosition.objects.all():
        _fold(position, steps, trades)
    return {key: _figures(key, steps[key], trades[key]) for key in steps if key[1] in days}


def _fold(position: ExecutionPosition, steps: dict, trades: dict) -> None:
    rows = list(position.entries.order_by("pk"))
    entries = [positions._ledger_entry(row) for row in rows]
    terms, settle = position.terms(), position.settle
    states = [replay([], terms)]
    for row, entry in zip(rows, entries, strict=True):
        states.append(apply(states[-1], entry, terms))
        before, after = states[-2:]
        day = entry.at.astimezone(UTC).date()
        profit = after.realised + after.funding - before.realised - before.funding
        fee = entry.fee if entry.fee_currency == settle else Decimal(0)
        steps[position.connection_id, day, settle].append((entry.at, row.pk, profit, fee))
        if entry.fee and entry.fee_currency != settle:
            steps[position.connection_id, day, entry.fee_currency].append(
                (entry.at, row.pk, Decimal(0), entry.fee)
            )
    last = states[-1]
    if position.status == PositionStatus.CLOSED and last.closed_at and last.opened_at:
        day = last.closed_at.astimezone(UTC).date()
        trades[position.connection_id, day, settle].append((last.net(settle, terms), last.duration))


def _figures(key: Key, steps: list, trades: list) -> dict[str, object]:
    changes = [profit - fee for _, _, profit, fee in sorted(steps)]
    nets = [net for net, _ in trades]
    wins, losses = [net for net in nets if net > 0], [net for net in nets if net < 0]
    profit, loss = sum(wins, Decimal(0)), -sum(losses, Decimal(0))
    balance, equity = _measured(key)
    return {
        "trades": len(nets),
        "wins": len(wins),
        "losses": len(losses),
        "win_rate": _rounded(metrics.win_rate(wins=len(wins), trades=len(nets)), 6),
        "gross_profit": profit,
        "gross_loss": loss,
        "profit_factor": _rounded(metrics.profit_factor(gross_profit=profit, gross_loss=loss), 6),
        "total_pnl": sum(changes, Decimal(0)),
        "fees": sum((fee for _, _, _, fee in steps), Decimal(0)),
        "max_drawdown": None if equity is None else _rounded(_largest_fall(equity, changes), 8),
        "balance": balance,
        "equity": equity,
        "average_duration_s": _average([duration for _, duration in trades]),
    }


def _largest_fall(equity: Decimal, changes: list[Decimal]) -> Decimal | None:
    levels = [equity - sum(changes, Decimal(0))]
    for change in changes:
        levels.append(levels[-1] + change)
    return metrics.largest_fall(levels)


def _measured(key: Key) -> tuple[Decimal | None, Decimal | None]:
    connection_id, day, currency = key
    snapshot = AccountSnapshot.objects.filter(connection_id=connection_id).first()
    if snapshot is None or snapshot.as_of.astimezone(UTC).date() != day:
        return None, None
    balance = Decimal(snapshot.assets.get(currency, {"total": "0"})["total"])
    mine = ExecutionPosition.objects.filter(connection_id=connection_id, settle=currency)
    if snapshot.connection.market != MarketType.SPOT:
        is_stated = mine.exists() and snapshot.equity is not None
        return balance, snapshot.equity if is_stated else balance
    return balance, balance + sum((each.cost for each in mine.filter(status=PositionStatus.OPEN)), Decimal(0))


def _rounded(number: Decimal | None, places: int) -> Decimal | None:
    return None if number is None else number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _average(durations: list[timedelta]) -> int | None:
    if not durations:
        return None
    seconds = sum((Decimal(each // timedelta(microseconds=1)) for each in durations), Decimal(0)) / 1_000_000
    return int((seconds / len(durations)).quantize(Decimal(1), ROUND_HALF_UP))
