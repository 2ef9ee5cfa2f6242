"""Reading the figures of days, and of periods made from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import DateField, F, Func, QuerySet

from accounts.models import User
from analytics import metrics
from analytics.models import ExecutionAnalytic
from connections.selectors import connections_visible_to
from core.decimals import ZERO
from positions.models import Entry


class _UtcDay(Func):
    """The UTC date of a time, whatever zone the session has."""

    template = "(%(expressions)s AT TIME ZONE 'UTC')::date"
    output_field = DateField()


@dataclass(frozen=True, slots=True)
class Touched:
    """What has changed: the figures of these days on these connections are to be written anew."""

    days: list[date]
    connections: list[UUID]


@dataclass(frozen=True, slots=True)
class Performance:
    """A period of one connection in one currency. None where a figure means nothing or is not known."""

    trades: int
    wins: int
    losses: int
    total_pnl: Decimal
    fees: Decimal
    gross_profit: Decimal
    #: positive
    gross_loss: Decimal
    win_rate: Decimal | None
    profit_factor: Decimal | None
    #: net result of an average trade
    expectancy: Decimal | None
    average_duration: timedelta | None
    #: fractions: 0.1 is ten per cent
    total_return: Decimal | None
    annual_return: Decimal | None
    volatility: Decimal | None
    max_drawdown: Decimal | None
    #: infinite where there was no deviation, no fall
    sharpe: Decimal | None
    sortino: Decimal | None
    calmar: Decimal | None


def analytics_visible_to(user: User) -> QuerySet[ExecutionAnalytic]:
    """Return the figures of the connections that a user may see."""
    return ExecutionAnalytic.objects.filter(connection__in=connections_visible_to(user))


def touched(*, since: datetime, now: datetime) -> Touched:
    """Return what changed since a time, and everything of today: its balances move on. Cost: two statements."""
    today = now.astimezone(UTC).date()
    booked = Entry.objects.filter(position__updated_at__gte=since)
    pairs = set(booked.values_list("position__connection_id", _UtcDay(F("at"))).distinct())
    pairs |= {(key, today) for key in _connections_of(today)}
    return Touched(sorted({day for _, day in pairs}), sorted({key for key, _ in pairs}))


def performance(*, connection_id: UUID, currency: str, since: date, until: date) -> Performance:
    """Return how a connection did in one currency from one UTC day to another, both included. Cost: one statement."""
    found = ExecutionAnalytic.objects.filter(
        connection_id=connection_id, currency=currency, day__gte=since, day__lte=until
    )
    rows = list(found.order_by("day"))
    returns = daily_returns(rows)
    trades, wins = sum(row.trades for row in rows), sum(row.wins for row in rows)
    profit = sum((row.gross_profit for row in rows), ZERO)
    loss = sum((row.gross_loss for row in rows), ZERO)
    return Performance(
        trades=trades,
        wins=wins,
        losses=sum(row.losses for row in rows),
        total_pnl=sum((row.total_pnl for row in rows), ZERO),
        fees=sum((row.fees for row in rows), ZERO),
        gross_profit=profit,
        gross_loss=loss,
        win_rate=metrics.win_rate(wins=wins, trades=trades),
        profit_factor=metrics.profit_factor(gross_profit=profit, gross_loss=loss),
        expectancy=metrics.expectancy(gross_profit=profit, gross_loss=loss, trades=trades),
        average_duration=_average_duration(rows, trades),
        total_return=metrics.total_return(returns),
        annual_return=metrics.annual_return(returns),
        volatility=metrics.volatility(returns),
        max_drawdown=metrics.max_drawdown(returns),
        sharpe=metrics.sharpe(returns),
        sortino=metrics.sortino(returns),
        calmar=metrics.calmar(returns),
    )


def daily_returns(rows: Sequence[ExecutionAnalytic]) -> list[Decimal | None]:
    """Return one return for each day from the first row to the last, given in order.

    A day without a row realised nothing. One whose equity is not known has no return.
    """
    if not rows:
        return []
    by_day = {row.day: row for row in rows}
    days = (rows[-1].day - rows[0].day).days + 1
    return [_return_of(by_day.get(rows[0].day + timedelta(days=number))) for number in range(days)]


def _return_of(row: ExecutionAnalytic | None) -> Decimal | None:
    if row is None:
        return ZERO
    start = row.equity - row.total_pnl if row.equity is not None else ZERO
    return row.total_pnl / start if start > 0 else None


def _average_duration(rows: Sequence[ExecutionAnalytic], trades: int) -> timedelta | None:
    seconds = sum((row.average_duration_s or 0) * row.trades for row in rows)
    return timedelta(seconds=round(seconds / trades)) if trades else None


def _connections_of(day: date) -> set[UUID]:
    return set(ExecutionAnalytic.objects.filter(day=day).values_list("connection_id", flat=True))
