from datetime import UTC, date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from analytics import services
from analytics.models import ExecutionAnalytic
from connections.contract import MarketType
from connections.models import AccountSnapshot, ExecutionConnection
from tests.analytics.books import BTC_SWAP, MONDAY, Book, on, row_of
from tests.makers import make_connection, set_balance

pytestmark = pytest.mark.django_db
D = Decimal
WEEK = [(MONDAY + timedelta(days=number)).date() for number in range(7)]


@pytest.fixture
def account() -> ExecutionConnection:
    """An account that nobody has measured in that week."""
    account = make_connection()
    AccountSnapshot.objects.all().delete()
    return account


def update(days: list[date] | None = None, connections: list[UUID] | None = None) -> int:
    return services.update(days=WEEK if days is None else days, connections=connections, now=on(6))


class TestTotal:
    def test_is_what_was_realised_less_fees(self, account: ExecutionConnection) -> None:
        Book(account).open("1", "100", on(0), fee="0.1").close("1", "110", on(0, 13), fee="0.11")

        update()

        row = row_of(account, on(0))
        assert (row.total_pnl, row.fees) == (D("9.79"), D("0.21"))

    def test_belongs_to_the_day_of_each_entry(self, account: ExecutionConnection) -> None:
        Book(account).open("4", "100", on(0), fee="1").close("1", "110", on(1)).close("3", "90", on(2), fee="2")

        update()

        assert [row_of(account, on(day)).total_pnl for day in (0, 1, 2)] == [D(-1), D(10), D(-32)]

    def test_counts_funding(self, account: ExecutionConnection) -> None:
        Book(account, BTC_SWAP).open("1", "100", on(0)).fund("-3", on(1)).close("1", "100", on(2))

        update()

        assert row_of(account, on(1)).total_pnl == -3
        assert row_of(account, on(2)).losses == 1

    def test_keeps_fees_of_another_currency_in_a_row_of_their_own(self, account: ExecutionConnection) -> None:
        Book(account).open("1", "100", on(0), "0.01", "BNB").close("1", "110", on(0, 13), "0.02", "BNB")

        update()

        assert row_of(account, on(0)).total_pnl == 10
        fees = row_of(account, on(0), "BNB")
        assert (fees.total_pnl, fees.fees, fees.trades) == (D("-0.03"), D("0.03"), 0)

    def test_takes_dust_for_neither_profit_nor_loss(self, account: ExecutionConnection) -> None:
        Book(account).open("1", "100", on(0)).close("0.99", "110", on(0, 13)).leave_dust(on(1))

        update()

        assert row_of(account, on(0)).total_pnl == D("9.9")
        left = row_of(account, on(1))
        assert (left.total_pnl, left.trades, left.wins) == (0, 1, 1)


class TestTrades:
    def test_count_on_the_day_they_end_with_their_whole_result(self, account: ExecutionConnection) -> None:
        Book(account).open("2", "100", on(0), fee="1").close("1", "150", on(0, 13)).close("1", "90", on(2, 12))

        update()

        assert row_of(account, on(0)).trades == 0
        end = row_of(account, on(2))
        assert (end.trades, end.wins, end.gross_profit, end.total_pnl) == (1, 1, D(39), D(-10))
        assert end.average_duration_s == 2 * 86_400

    def test_are_told_apart(self, account: ExecutionConnection) -> None:
        for price in ("110", "130", "80", "100"):
            Book(account).open("1", "100", on(0)).close("1", price, on(0, 13))

        update()

        row = row_of(account, on(0))
        assert (row.trades, row.wins, row.losses, row.win_rate) == (4, 2, 1, D("0.5"))
        assert (row.gross_profit, row.gross_loss, row.profit_factor) == (40, 20, 2)
        assert row.average_duration_s == 3600

    def test_have_no_rates_when_there_were_none(self, account: ExecutionConnection) -> None:
        Book(account).open("1", "100", on(0))

        update()

        row = row_of(account, on(0))
        assert (row.win_rate, row.profit_factor, row.average_duration_s) == (None, None, None)

    def test_have_a_profit_factor_that_fits_its_column(self, account: ExecutionConnection) -> None:
        Book(account).open("1", "1", on(0)).close("1", "900000000000000", on(0, 13))
        Book(account).open("1", "1", on(0)).close("1", "0.999999999999999999", on(0, 13))

        update()

        assert row_of(account, on(0)).profit_factor == 99_999_999_999_999


class TestDay:
    def test_is_the_day_in_utc(self, account: ExecutionConnection) -> None:
        book = Book(account).open("2", "100", on(0))
        book.close("1", "110", on(1, 0) - timedelta(microseconds=1)).close("1", "120", on(1, 0))

        with database.cursor() as cursor:
            cursor.execute("SET LOCAL TIME ZONE 'Pacific/Auckland'")
        update()

        assert [row_of(account, on(day)).total_pnl for day in (0, 1)] == [10, 20]

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
    def test_has_24_hours_when_clocks_change(self, account: ExecutionConnection, zone: str) -> None:
        # In these zones the clocks changed on the 25th of October and on the 1st of November 2026.
        changes = [on(-22, 0.5), on(-22, 23.5), on(-15, 0.5), on(-15, 23.5)]
        book = Book(account).open("4", "100", on(-30))
        for moment in changes:
            book.close("1", "101", moment)

        with database.cursor() as cursor:
            cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
        update([moment.date() for moment in changes])

        assert {row.day: row.total_pnl for row in ExecutionAnalytic.objects.all()} == {
            date(2026, 10, 25): 2,
            date(2026, 11, 1): 2,
        }


class TestEquity:
    def test_comes_from_a_snapshot_of_that_day(self, account: ExecutionConnection) -> None:
        set_balance(account, {"USDT": "1010"}, as_of=on(0, 23))
        Book(account).open("1", "100", on(0)).close("1", "110", on(0, 13)).open("1", "100", on(1)).close(
            "1", "110", on(1, 13)
        )

        update()

        assert (row_of(account, on(0)).balance, row_of(account, on(0)).equity) == (1010, 1010)
        assert (row_of(account, on(1)).balance, row_of(account, on(1)).max_drawdown) == (None, None)

    def test_on_spot_adds_open_positions_at_cost(self, account: ExecutionConnection) -> None:
        set_balance(account, {"USDT": "700"}, as_of=on(0, 23))
        Book(account).open("3", "100", on(0))

        update()

        assert (row_of(account, on(0)).balance, row_of(account, on(0)).equity) == (700, 1000)

    def test_on_derivatives_is_what_the_venue_states(self) -> None:
        account = make_connection(market=MarketType.LINEAR)
        AccountSnapshot.objects.all().delete()
        set_balance(account, {"USDT": "900", "BNB": "5"}, as_of=on(0, 23))
        AccountSnapshot.objects.update(equity=D(950))
        Book(account, BTC_SWAP).open("3", "100", on(0), "0.1", "BNB")

        update()

        assert (row_of(account, on(0)).balance, row_of(account, on(0)).equity) == (900, 950)
        assert row_of(account, on(0), "BNB").equity == 5

    def test_of_a_past_day_stays_as_it_was_measured(self, account: ExecutionConnection) -> None:
        set_balance(account, {"USDT": "980"}, as_of=on(0, 23))
        Book(account).open("1", "100", on(0)).close("1", "80", on(0, 13))
        update()
        set_balance(account, {"USDT": "5"}, as_of=on(3))

        update()

        row = row_of(account, on(0))
        assert (row.balance, row.equity, row.max_drawdown) == (980, 980, D("-0.02"))

    def test_is_zero_in_a_currency_that_the_account_does_not_have(self, account: ExecutionConnection) -> None:
        set_balance(account, {"EUR": "5"}, as_of=on(0, 23))
        Book(account).open("1", "100", on(0)).close("1", "80", on(0, 13))

        update()

        assert (row_of(account, on(0)).balance, row_of(account, on(0)).equity) == (0, 0)


class TestDrawdown:
    def test_is_measured_from_the_peak_within_the_day(self, account: ExecutionConnection) -> None:
        set_balance(account, {"USDT": "1050"}, as_of=on(0, 23))
        book = Book(account).open("4", "100", on(0))
        book.close("1", "200", on(0, 13)).close("1", "45", on(0, 14)).close("1", "45", on(0, 15))

        update()

        # Opened at 940 with 100 still invested at cost: 1150 at the end, after 1140, 1240 and 1185.
        row = row_of(account, on(0))
        assert (row.equity, row.total_pnl) == (1150, -10)
        assert row.max_drawdown == (D(-110) / D(1260)).quantize(D("1e-8"))

    def test_starts_before_the_first_result(self, account: ExecutionConnection) -> None:
        set_balance(account, {"USDT": "900"}, as_of=on(0, 23))
        Book(account).open("1", "100", on(0, 1)).close("1", "0.1", on(0, 2), fee="0.1")

        update()

        assert row_of(account, on(0)).max_drawdown == D("-0.1")

    def test_is_at_most_everything(self, account: ExecutionConnection) -> None:
        set_balance(account, {}, as_of=on(0, 23))
        Book(account).open("1", "100", on(0, 1)).close("1", "50", on(0, 2)).open("1", "100", on(0, 3))
        AccountSnapshot.objects.update(assets={"USDT": {"free": "-90", "total": "-90"}})

        update()

        assert row_of(account, on(0)).max_drawdown == D("-0.83333333")

    def test_is_unknown_without_any_equity(self, account: ExecutionConnection) -> None:
        set_balance(account, {}, as_of=on(0, 23))
        Book(account).open("1", "100", on(0, 1)).close("1", "150", on(0, 2))

        update()

        assert row_of(account, on(0)).max_drawdown is None


class TestUpdate:
    def test_touches_no_other_day_and_no_other_account(self, account: ExecutionConnection) -> None:
        other = make_connection()
        for each in (account, other):
            Book(each).open("2", "100", on(0)).close("1", "110", on(1)).close("1", "110", on(2))
        ExecutionAnalytic.objects.create(connection=account, day=on(2).date(), currency="USDT", total_pnl=D(77))
        ExecutionAnalytic.objects.create(connection=other, day=on(1).date(), currency="USDT", total_pnl=D(77))

        assert update([on(0).date(), on(1).date()], [account.pk]) == 2

        assert row_of(account, on(2)).total_pnl == row_of(other, on(1)).total_pnl == 77
        assert row_of(account, on(1)).total_pnl == 10

    def test_skips_the_days_between(self, account: ExecutionConnection) -> None:
        Book(account).open("3", "100", on(0)).close("1", "110", on(1)).close("1", "110", on(2))

        assert update([on(0).date(), on(2).date()]) == 2

        assert not ExecutionAnalytic.objects.filter(day=on(1).date()).exists()

    def test_has_nothing_to_do_without_days(self) -> None:
        assert update([]) == 0

    def test_follows_a_position_that_opened_again(self, account: ExecutionConnection) -> None:
        book = Book(account).open("1", "100", on(0)).close("1", "110", on(0, 13))
        update()

        book.open("1", "100", on(0, 14))
        update()

        row = row_of(account, on(0))
        assert (row.trades, row.wins, row.win_rate, row.total_pnl) == (0, 0, None, 10)

    def test_takes_one_statement_for_any_number_of_accounts(self) -> None:
        for each in [make_connection() for _ in range(5)]:
            Book(each).open("1", "100", on(0)).close("1", "110", on(0, 13))

        with CaptureQueriesContext(database) as queries:
            assert update() == 5

        assert len(queries) == 1

    def test_writes_when_it_did(self, account: ExecutionConnection) -> None:
        Book(account).open("1", "100", on(0))

        update()

        assert row_of(account, on(0)).updated_at.astimezone(UTC) == on(6)
