"""Events stand or fall with the change they tell of, and no handler misses one."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from events import services
from events.catalogue import Kind
from events.models import Delivery, DeliveryStatus, Event
from tests.people import NOON

pytestmark = pytest.mark.django_db


class Sink:
    """Remembers what it was handed, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.taken: list[list[int]] = []
        self.failures = 0

    def __call__(self, event_ids: Sequence[int]) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("The sink is broken.")
        self.taken.append(list(event_ids))


@pytest.fixture(autouse=True)
def _sinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody but the test listens."""
    monkeypatch.setattr(services, "_sinks", {})


@pytest.fixture
def sink() -> Sink:
    taker = Sink()
    services.register("ledger", [Kind.ORDER_FILLED], taker)
    return taker


def event(kind: Kind = Kind.ORDER_FILLED, **fields: Any) -> services.NewEvent:
    return services.NewEvent(kind, "execution.order", fields.pop("subject_id", "1"), NOON, **fields)


def deliveries() -> list[tuple[str, int]]:
    return list(Delivery.objects.order_by("pk").values_list("status", "attempts"))


class TestAppend:
    def test_is_undone_with_the_change_it_tells_of(self, sink: Sink) -> None:
        def change() -> None:
            services.append(event())
            raise RuntimeError("The change failed.")

        with pytest.raises(RuntimeError):
            transaction.atomic(change)()

        assert not Event.objects.exists()
        assert not Delivery.objects.exists()
        assert sink.taken == []

    def test_hands_on_after_the_commit_and_not_before(
        self, sink: Sink, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            first, second = services.append_many([event(), event(subject_id="2")])
            assert sink.taken == []

        assert sink.taken == [[first, second]]

    def test_hands_on_only_what_a_sink_asked_for(
        self, sink: Sink, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            services.append(event(Kind.CONNECTION_PAUSED))

        assert sink.taken == []
        assert deliveries() == []

    def test_keeps_no_delivery_for_a_sink_that_is_not_durable(
        self, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        taker = Sink()
        services.register("live", [Kind.ORDER_FILLED], taker, is_durable=False)

        with django_capture_on_commit_callbacks(execute=True):
            written = services.append(event())

        assert taker.taken == [[written]]
        assert deliveries() == []

    def test_survives_a_sink_that_fails_and_serves_the_others(
        self, sink: Sink, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        other = Sink()
        services.register("mail", [Kind.ORDER_FILLED], other)
        sink.failures = 1

        with django_capture_on_commit_callbacks(execute=True):
            written = services.append(event())

        assert other.taken == [[written]]
        assert deliveries() == [("PENDING", 0), ("PENDING", 0)]

    def test_costs_the_same_for_many(self, sink: Sink, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(2):
            services.append_many([event(subject_id=str(number)) for number in range(200)])

        assert Event.objects.count() == Delivery.objects.count() == 200


class TestRows:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE events_event SET data = '{}' WHERE id = %s",
            "UPDATE events_event SET kind = 'order.lost' WHERE id = %s",
            "UPDATE events_event SET occurred_at = now() WHERE id = %s",
            "DELETE FROM events_event WHERE id = %s",
        ],
    )
    def test_are_never_changed_or_deleted_by_anybody(self, statement: str) -> None:
        written = services.append(event(data={"price": "1"}))

        with pytest.raises(DatabaseError, match=r"never (changed|deleted)"), transaction.atomic():
            connection.cursor().execute(statement, [written])

        assert Event.objects.get().data == {"price": "1"}


class TestRedispatch:
    def test_hands_on_again_what_was_left_behind(
        self, sink: Sink, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        written = services.append(event())  # its process died before the handler ran
        late = NOON + services.REDISPATCH_AFTER

        with django_capture_on_commit_callbacks(execute=True):
            assert services.redispatch(now=late) == 1

        assert sink.taken == [[written]]

    def test_leaves_alone_what_is_fresh_or_done(self, sink: Sink) -> None:
        fresh = services.append(event())
        assert services.redispatch(now=NOON + timedelta(seconds=9)) == 0

        services.mark_done("ledger", [fresh])

        assert services.redispatch(now=NOON + timedelta(days=1)) == 0
        assert deliveries() == [(DeliveryStatus.DONE, 0)]

    def test_waits_longer_each_time_and_never_gives_up(self, sink: Sink) -> None:
        services.append(event())
        moment, waits = NOON + services.REDISPATCH_AFTER, []
        for _ in range(12):
            assert services.redispatch(now=moment) == 1
            due_at = Delivery.objects.get().due_at
            waits.append((due_at - moment).total_seconds())
            moment = due_at

        assert waits[:4] == [20, 40, 80, 160]
        assert waits == sorted(waits)
        assert waits[-1] == services.LONGEST_WAIT.total_seconds()

    def test_keeps_what_went_wrong(self, sink: Sink) -> None:
        written = services.append(event())

        services.mark_failed("ledger", [written], error="x" * 999, now=NOON)

        row = Delivery.objects.get()
        assert (row.status, row.due_at, row.last_error) == (
            "PENDING", NOON + services.REDISPATCH_AFTER, "x" * 300,
        )  # fmt: skip

    def test_is_quiet_about_a_sink_that_is_gone(
        self, sink: Sink, monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:  # fmt: skip
        services.append(event())
        monkeypatch.setattr(services, "_sinks", {})

        with django_capture_on_commit_callbacks(execute=True):
            assert services.redispatch(now=NOON + timedelta(minutes=1)) == 1

        assert deliveries() == [("PENDING", 1)]


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_never_take_the_same_delivery(sink: Sink) -> None:
    services.append_many([event(), event(subject_id="2")])
    Delivery.objects.update(due_at=NOON)

    def sweep() -> int:
        try:
            return services.redispatch(now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        list(Delivery.objects.select_for_update().order_by("pk")[:1])  # the first sweeper works on this one
        assert pool.submit(sweep).result() == 1
