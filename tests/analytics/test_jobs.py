"""When figures are written: by the clock, after changes, and when somebody asks."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from analytics import selectors, tasks
from analytics.models import ExecutionAnalytic
from connections.models import ExecutionConnection
from core.clock import now
from tests.analytics.books import Book
from tests.makers import make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return now().astimezone(UTC).date()


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 0, 0, 1, tzinfo=UTC)


def days_of(connection: ExecutionConnection) -> set[date]:
    return set(ExecutionAnalytic.objects.filter(connection=connection).values_list("day", flat=True))


class TestTouched:
    def test_names_the_days_of_what_changed(self, rehearsal: ExecutionConnection, today: date) -> None:
        start = at(today - timedelta(days=40))
        Book(rehearsal).open("2", "100", start).close("1", "110", now())
        Book(make_connection()).open("2", "100", start)

        touched = selectors.touched(since=now() - timedelta(minutes=5), now=now())

        assert touched == selectors.Touched([start.date(), today], [rehearsal.pk])

    def test_goes_on_with_the_accounts_of_today(self, rehearsal: ExecutionConnection, today: date) -> None:
        ExecutionAnalytic.objects.create(connection=rehearsal, day=today, currency="USDT")

        touched = selectors.touched(since=now(), now=now())

        assert touched == selectors.Touched([today], [rehearsal.pk])

    def test_finds_nothing_where_nothing_happened(self) -> None:
        assert selectors.touched(since=now(), now=now()) == selectors.Touched([], [])


class TestUpdateAnalyticsJob:
    def test_writes_what_changed_lately(self, rehearsal: ExecutionConnection, today: date) -> None:
        Book(rehearsal).open("2", "100", now())

        assert tasks.run_update_analytics_job() == 1

        assert days_of(rehearsal) == {today}

    def test_writes_the_last_days(self, rehearsal: ExecutionConnection, today: date) -> None:
        for back in range(5):
            Book(rehearsal).open("1", "100", at(today - timedelta(days=back)))

        assert tasks.run_update_analytics_job(last_days=3) == 4

        assert days_of(rehearsal) == {today - timedelta(days=back) for back in range(4)}

    def test_writes_named_days_and_accounts(self, rehearsal: ExecutionConnection, today: date) -> None:
        Book(rehearsal).open("1", "100", at(today))
        Book(make_connection()).open("1", "100", at(today))

        written = tasks.run_update_analytics_job(days=[today.isoformat()], connection_ids=[str(rehearsal.pk)])

        assert written == 1


class TestUpdateAnalyticsCommand:
    def test_writes_the_days_it_is_given(self, rehearsal: ExecutionConnection) -> None:
        book = Book(rehearsal)
        for day in range(1, 5):
            book.open("1", "100", datetime(2026, 3, day, tzinfo=UTC))
        out = StringIO()

        call_command("update_analytics", "--from", "2026-03-02", "--to", "2026-03-03", stdout=out)

        assert days_of(rehearsal) == {date(2026, 3, 2), date(2026, 3, 3)}
        assert "2 rows were written for 2 days." in out.getvalue()

    def test_goes_up_to_today(self, rehearsal: ExecutionConnection, today: date) -> None:
        Book(rehearsal).open("1", "100", at(today))

        call_command("update_analytics", "--from", str(today - timedelta(days=1)), stdout=StringIO())

        assert days_of(rehearsal) == {today}

    def test_refuses_days_in_the_wrong_order(self) -> None:
        with pytest.raises(CommandError, match="lies before the first day 2026-03-04"):
            call_command("update_analytics", "--from", "2026-03-04", "--to", "2026-03-03")

    @pytest.mark.parametrize("text", ["yesterday", "2026-02-30", ""])
    def test_refuses_what_is_no_day(self, text: str) -> None:
        with pytest.raises(CommandError, match="invalid"):
            call_command("update_analytics", "--from", text)
