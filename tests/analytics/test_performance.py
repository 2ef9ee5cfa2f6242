from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from analytics import selectors
from analytics.models import ExecutionAnalytic
from connections.models import ExecutionConnection
from tests.makers import make_connection

pytestmark = pytest.mark.django_db
D = Decimal
MONDAY = date(2026, 11, 16)


def make_day(
    connection: ExecutionConnection, day: int = 0, currency: str = "USDT", **figures: Any
) -> ExecutionAnalytic:
    """The figures of a day counted from Monday; numbers may be text."""
    figures = {name: D(value) if isinstance(value, str) else value for name, value in figures.items()}
    return ExecutionAnalytic.objects.create(
        connection=connection, day=MONDAY + timedelta(days=day), currency=currency, **figures
    )


def performance_of(connection: ExecutionConnection, days: int = 6) -> selectors.Performance:
    return selectors.performance(
        connection_id=connection.pk, currency="USDT", since=MONDAY, until=MONDAY + timedelta(days=days)
    )


class TestPerformance:
    def test_adds_up_the_days(self, rehearsal: ExecutionConnection) -> None:
        make_day(
            rehearsal, 0, trades=2, wins=1, losses=1, gross_profit="30", gross_loss="10", total_pnl="20", fees="1"
        )
        make_day(rehearsal, 3, trades=2, wins=2, gross_profit="40", total_pnl="25", fees="2")

        found = performance_of(rehearsal)

        assert (found.trades, found.wins, found.losses, found.total_pnl, found.fees) == (4, 3, 1, 45, 3)
        assert (found.win_rate, found.profit_factor, found.expectancy) == (D("0.75"), 7, 15)

    def test_weighs_durations_by_trades(self, rehearsal: ExecutionConnection) -> None:
        make_day(rehearsal, 0, trades=1, average_duration_s=100)
        make_day(rehearsal, 1, trades=3, average_duration_s=20)
        make_day(rehearsal, 2)

        assert performance_of(rehearsal).average_duration == timedelta(seconds=40)

    def test_compounds_the_returns_of_days(self, rehearsal: ExecutionConnection) -> None:
        make_day(rehearsal, 0, equity="110", total_pnl="10")
        make_day(rehearsal, 2, equity="99", total_pnl="-11")

        found = performance_of(rehearsal)

        assert (found.total_return, found.max_drawdown) == (D("-0.01"), D("-0.1"))

    def test_leaves_out_other_accounts_currencies_and_days(self, rehearsal: ExecutionConnection) -> None:
        make_day(rehearsal, 0, trades=1)
        make_day(rehearsal, 0, "BNB", trades=10)
        make_day(rehearsal, -1, trades=100)
        make_day(rehearsal, 7, trades=1000)
        make_day(make_connection(), 0, trades=10_000)

        assert performance_of(rehearsal).trades == 1

    def test_says_nothing_where_nothing_happened(self, rehearsal: ExecutionConnection) -> None:
        found = performance_of(rehearsal)

        assert (found.trades, found.total_pnl) == (0, 0)
        assert (found.win_rate, found.expectancy, found.average_duration, found.sharpe) == (None, None, None, None)


class TestDailyReturns:
    def test_are_zero_on_days_without_a_row_and_none_where_equity_is_unknown(
        self, rehearsal: ExecutionConnection
    ) -> None:
        rows = [
            make_day(rehearsal, 0, equity="105", total_pnl="5"),
            make_day(rehearsal, 2, total_pnl="5"),
            make_day(rehearsal, 3, equity="5", total_pnl="5"),
        ]

        assert selectors.daily_returns(rows) == [D("0.05"), 0, None, None]


class TestVisible:
    def test_figures_are_those_of_own_accounts(
        self, rehearsal: ExecutionConnection, alice: User, bob: User, charlie: User, ada: User
    ) -> None:
        own, house = make_day(rehearsal), make_day(make_connection(owner=None))

        seen = {user: set(selectors.analytics_visible_to(user)) for user in (alice, bob, charlie, ada)}

        assert seen == {alice: {own}, bob: {house}, charlie: set(), ada: {own, house}}
