"""Step 2 of the flow: one row for every account that follows a channel."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from connections.health import HealthStatus
from core.clock import now
from events.catalogue import Kind
from events.models import Event
from execution.models import ExecutionLog
from execution.outcomes import LogStatus, Reason
from execution.services import intake
from signals.models import Channel, Signal
from signals.rules import SignalStatus
from tests.makers import make_channel, make_connection, make_preset, make_signal, make_subscription
from tests.people import make_user


@pytest.fixture
def channel(bob: User) -> Channel:
    return make_channel(owner=bob)


@pytest.mark.django_db
class TestTake:
    def test_makes_one_waiting_row_for_every_follower(self, channel: Channel, alice: User) -> None:
        followers = [make_subscription(channel=channel, connection=make_connection(owner=alice)) for _ in range(3)]
        make_connection(owner=alice)

        taken = intake.take(signal_id=make_signal(channel=channel).pk, now=now())

        rows = ExecutionLog.objects.filter(pk__in=taken.pending)
        assert {row.connection_id for row in rows} == {each.connection_id for each in followers}
        assert {(row.status, row.leg, row.side, row.signal_version) for row in rows} == {
            ("PENDING", "entry", "BUY", 1)
        }
        assert {row.subscription_id for row in rows} == {each.pk for each in followers}

    def test_leaves_what_is_there_when_it_is_done_again(self, channel: Channel) -> None:
        make_subscription(channel=channel)
        signal = make_signal(channel=channel)
        first = intake.take(signal_id=signal.pk, now=now())
        late_follower = make_subscription(channel=channel)

        second = intake.take(signal_id=signal.pk, now=now())

        assert ExecutionLog.objects.count() == 2
        assert ExecutionLog.objects.get(pk__in=second.pending).connection_id == late_follower.connection_id
        assert set(first.pending).isdisjoint(second.pending)

    def test_is_not_stopped_by_an_exchange_that_nobody_knows_any_more(self, channel: Channel) -> None:
        make_subscription(channel=channel, connection=make_connection(exchange_name="closed-for-good"))
        make_subscription(channel=channel)

        taken = intake.take(signal_id=make_signal(channel=channel).pk, now=now())

        assert len(taken.pending) == 2

    def test_takes_no_draft(self, channel: Channel) -> None:
        make_subscription(channel=channel)

        taken = intake.take(signal_id=make_signal(channel=channel, status=SignalStatus.APPROVED).pk, now=now())

        assert (taken.pending, taken.skipped, ExecutionLog.objects.count()) == ([], 0, 0)

    def test_needs_the_same_number_of_statements_for_any_number_of_accounts(
        self, channel: Channel, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(12):
            make_subscription(channel=channel)
        signal = make_signal(channel=channel)

        with django_assert_max_num_queries(6):
            intake.take(signal_id=signal.pk, now=now())

    def test_puts_nobody_first_twice(self, channel: Channel) -> None:
        for _ in range(8):
            make_subscription(channel=channel)

        orders = [self._order(make_signal(channel=channel)) for _ in range(4)]

        assert len(set(orders)) > 1

    def _order(self, signal: Signal) -> tuple[object, ...]:
        pending = intake.take(signal_id=signal.pk, now=now()).pending
        by_id = ExecutionLog.objects.in_bulk(pending)
        return tuple(by_id[key].connection_id for key in pending)


@pytest.mark.django_db
class TestTakeSkips:
    def skipped(self, channel: Channel, **signal: object) -> ExecutionLog:
        taken = intake.take(signal_id=make_signal(channel=channel, **signal).pk, now=now())
        assert (taken.pending, taken.skipped) == ([], 1)
        row = ExecutionLog.objects.get()
        assert row.status == LogStatus.SKIPPED
        assert row.finished_at is not None
        return row

    def test_a_paused_account_with_the_words_of_its_owner(self, channel: Channel) -> None:
        paused = make_connection(is_active=False, paused_reason="On holiday.")
        make_subscription(channel=channel, connection=paused)

        row = self.skipped(channel)

        assert row.reason == Reason.CONNECTION_PAUSED
        assert "On holiday." in row.explanation
        event = Event.objects.get(kind=Kind.EXECUTION_SKIPPED)
        assert (event.owner_id, event.data["reason"]) == (paused.owner_id, "CONNECTION_PAUSED")

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(HealthStatus.ERROR, Reason.CONNECTION_ERROR), (HealthStatus.UNTESTED, Reason.CONNECTION_UNTESTED)],
    )
    def test_an_account_that_does_not_work(self, channel: Channel, status: HealthStatus, reason: Reason) -> None:
        make_subscription(channel=channel, connection=make_connection(status=status))

        assert self.skipped(channel).reason == reason

    def test_a_paused_subscription(self, channel: Channel) -> None:
        make_subscription(channel=channel, is_active=False)

        assert self.skipped(channel).reason == Reason.SUBSCRIPTION_PAUSED

    def test_an_owner_who_may_not_log_in(self, channel: Channel) -> None:
        owner = make_user(is_active=False)
        make_subscription(channel=channel, connection=make_connection(owner=owner))

        assert self.skipped(channel).reason == Reason.OWNER_INACTIVE

    def test_a_pair_that_any_layer_excludes(self, channel: Channel) -> None:
        preset = make_preset(values={"excluded_symbols": ["BTC/USDT"]})
        make_subscription(channel=channel, connection=make_connection(preset=preset), overrides={"size": "1"})

        assert self.skipped(channel).reason == Reason.SYMBOL_EXCLUDED

    def test_an_account_in_hedge_mode(self, channel: Channel) -> None:
        make_subscription(channel=channel, connection=make_connection(is_hedge_mode=True))

        assert self.skipped(channel).reason == Reason.HEDGE_MODE

    def test_a_signal_that_expired_on_its_way(self, channel: Channel) -> None:
        make_subscription(channel=channel)

        row = self.skipped(channel, expires_at=now() - timedelta(seconds=1))

        assert row.reason == Reason.SIGNAL_EXPIRED

    def test_a_signal_that_was_withdrawn_before_it_was_taken(self, channel: Channel) -> None:
        make_subscription(channel=channel)

        assert self.skipped(channel, status=SignalStatus.WITHDRAWN).reason == Reason.SIGNAL_WITHDRAWN


@pytest.mark.django_db(transaction=True)
class TestTakeTwiceAtOnce:
    def test_makes_every_row_once(self, channel: Channel) -> None:
        for _ in range(20):
            make_subscription(channel=channel)
        signal = make_signal(channel=channel)

        def take(_: int) -> list[object]:
            try:
                return list(intake.take(signal_id=signal.pk, now=now()).pending)
            finally:
                database.close()

        with ThreadPoolExecutor(4) as workers:
            taken = [key for keys in workers.map(take, range(4)) for key in keys]

        assert len(taken) == len(set(taken)) == ExecutionLog.objects.count() == 20


class TestBatches:
    @pytest.mark.parametrize(
        ("rows", "sizes"),
        [
            (0, []),
            (8, [1] * 8),
            (9, [9]),
            (120, [50, 50, 20]),
            (201, [201]),
            (600, [250, 250, 100]),
        ],
    )
    def test_are_single_while_there_are_few_and_large_when_there_are_many(
        self, rows: int, sizes: list[int]
    ) -> None:
        keys = [uuid4() for _ in range(rows)]

        batches = intake.batches(keys, largest=250)

        assert [len(batch) for batch in batches] == sizes
        assert [key for batch in batches for key in batch] == keys

    def test_never_exceed_what_the_operator_allows(self) -> None:
        assert [len(batch) for batch in intake.batches([uuid4() for _ in range(30)], largest=20)] == [20, 10]
