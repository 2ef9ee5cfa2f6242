"""The chain over the log: gapless, written once, and whoever changes history is found."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from events import sealing, services
from events.catalogue import Kind
from events.chain import GENESIS, link
from events.models import Event
from events.tasks import run_seal_job
from tests.people import NOON

pytestmark = pytest.mark.django_db


def write(count: int) -> list[int]:
    return services.append_many(
        [
            services.NewEvent(
                Kind.ORDER_FILLED, "execution.order", str(number), NOON, data={"price": f"{number}.50"}
            )
            for number in range(count)
        ]
    )


def tamper(statement: str) -> None:
    """Change history as somebody with the keys of the database can."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def result() -> int | sealing.Breach:
    *_, last = sealing.verify(batch=2)
    return last


class TestSeal:
    def test_numbers_without_gaps_and_links_each_to_the_one_before(self) -> None:
        write(3)

        assert (sealing.seal(batch=2), sealing.seal(batch=2), sealing.seal(batch=2)) == (2, 1, 0)

        rows = list(Event.objects.order_by("sequence"))
        assert [row.sequence for row in rows] == [1, 2, 3]
        previous = GENESIS
        for row in rows:
            previous = link(previous, row.sequence or 0, sealing.content_of(row))
            assert row.hash == previous

    def test_costs_the_same_for_many(self, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
        write(300)

        with django_assert_max_num_queries(7):
            assert sealing.seal() == 300

    def test_goes_on_until_nothing_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("events.tasks.BATCH", 2)
        write(5)

        assert run_seal_job() == 5
        assert result() == 5


class TestVerify:
    def test_holds_for_an_empty_log(self) -> None:
        assert result() == 0

    @pytest.mark.parametrize(
        ("statement", "sequence", "words"),
        [
            ('UPDATE events_event SET data = \'{"price": "9"}\' WHERE sequence = 3', 3, "changed"),
            ("UPDATE events_event SET actor_id = gen_random_uuid() WHERE sequence = 3", 3, "changed"),
            ("UPDATE events_event SET hash = repeat('0', 64) WHERE sequence = 4", 4, "changed"),
            ("DELETE FROM events_event WHERE sequence = 2", 2, "missing"),
        ],
    )
    def test_names_the_first_event_that_does_not_hold(self, statement: str, sequence: int, words: str) -> None:
        write(5)
        sealing.seal()

        tamper(statement)

        breach = result()
        assert isinstance(breach, sealing.Breach)
        assert breach.sequence == sequence
        assert words in breach.message

    def test_finds_an_event_put_in_between(self) -> None:
        write(3)
        sealing.seal()
        tamper("UPDATE events_event SET sequence = sequence + 10 WHERE sequence = 3")
        tamper(
            "INSERT INTO events_event (uid, kind, subject_type, subject_id, data, occurred_at, sequence, hash) "
            "SELECT gen_random_uuid(), kind, subject_type, subject_id, data, occurred_at, 3, hash "
            "FROM events_event WHERE sequence = 2"
        )

        breach = result()
        assert isinstance(breach, sealing.Breach)
        assert breach.sequence == 3


class TestCommand:
    def test_says_how_many_hold_and_how_many_wait(self) -> None:
        write(2)
        sealing.seal()
        write(1)
        out = StringIO()

        call_command("verify_events", stdout=out)

        assert "2 events hold" in out.getvalue()
        assert "1 events wait" in out.getvalue()

    def test_fails_when_history_was_changed(self) -> None:
        write(2)
        sealing.seal()
        tamper("DELETE FROM events_event WHERE sequence = 1")

        err = StringIO()
        with pytest.raises(SystemExit):
            call_command("verify_events", stdout=StringIO(), stderr=err)
        assert "Event number 1 is missing" in err.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_second_sealer_goes_home() -> None:
    write(1)

    def seal() -> int:
        try:
            return sealing.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sealing._LOCK])
        assert pool.submit(seal).result() == 0
    assert sealing.seal() == 1
