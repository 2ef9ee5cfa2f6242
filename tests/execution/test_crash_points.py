"""A worker killed at every place where it can be killed, and another one that finishes its work.

Real workers at a real broker: the first takes the message and dies by SIGKILL where it is told to, time passes, and
the second does what the clock tells it. In the end the venue has one order for each of ours, the row says what
happened, and the position has its stop.
"""

import signal
import time
from collections.abc import Callable

import pytest
from django.db.models import Q

from connections.contract import MarketType
from core.clock import now
from core.crash import Place
from events.models import Delivery, DeliveryStatus
from events.tasks import run_redispatch_job
from execution import tasks
from execution.machine import OPEN
from execution.models import ExecutionLog, Order
from execution.outcomes import FINISHED, LogStatus
from execution.roles import OrderRole
from execution.services import protection
from positions.exits import ClosingReason, Protection
from positions.models import PositionStatus
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, SPOT, Account, Stage
from tests.execution.test_unknown_outcomes import NOT_DONE, strike
from tests.infrastructure.workers import Workers

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

#: Longer than any lease, patience or delay that somebody waits for here.
LONG_S = 120
LIMIT_S = 120
CLOCK = (
    run_redispatch_job, tasks.run_sweep_rows_job, tasks.run_resolve_job, tasks.run_monitor_job,
)  # fmt: skip


@pytest.fixture
def stage(transactional_db: None, stage: Stage) -> Stage:
    """The stage with everything committed, so that real workers see it."""
    return stage


def let_die(workers: Workers, place: str) -> None:
    """Start a worker that takes what waits, and see it killed."""
    pid = workers.start(crash_at=place)
    assert workers.await_end(pid) == -signal.SIGKILL, workers.said()


def let_finish(stage: Stage, workers: Workers, is_done: Callable[[], bool]) -> None:
    """Let a healthy worker do what the clock says until all is done."""
    stage.pass_time(LONG_S)
    Delivery.objects.update(due_at=now())
    workers.start()
    deadline = time.monotonic() + LIMIT_S
    while not is_done():
        assert time.monotonic() < deadline, workers.said()
        for job in CLOCK:
            job.delay()
        time.sleep(0.5)  # a second beat, of another process's clock


def is_quiet(account: Account) -> bool:
    """Whether every row has its outcome, no order is on its way, and nothing is left to hand on."""
    rows = ExecutionLog.objects.filter(connection=account.connection)
    working = Order.objects.filter(connection=account.connection, state__in=OPEN, is_held=False)
    moving = working.filter(
        Q(acknowledged_at__isnull=True) | Q(in_doubt=True) | Q(cancel_requested_at__isnull=False)
    )
    waiting = Delivery.objects.filter(sink="fanout").exclude(status=DeliveryStatus.DONE)
    unfinished = rows.exclude(status__in=FINISHED)
    return rows.exists() and not (unfinished.exists() or moving.exists() or waiting.exists())


def is_protected(account: Account) -> bool:
    return is_quiet(account) and account.position.protection == Protection.NATIVE


def is_closed(account: Account) -> bool:
    is_over = account.position.status == PositionStatus.CLOSED and not account.orders(state__in=OPEN)
    return is_over and is_quiet(account)


class TestKilledWorker:
    @pytest.mark.parametrize(
        ("place", "market"),
        [
            (Place.BEFORE_ROWS, SPOT),
            (Place.AFTER_ROWS, LINEAR),
            (Place.AFTER_MESSAGES, SPOT),
            (Place.BEFORE_CLAIM, LINEAR),
            (Place.AFTER_CLAIM, SPOT),
            (Place.INSIDE_DECISION, LINEAR),
            (Place.BEFORE_WIRE, SPOT),
            (Place.ON_THE_WIRE, LINEAR),
            (Place.AFTER_ANSWER, SPOT),
            (Place.INSIDE_RECORDING, LINEAR),
            (Place.AFTER_RECORDING, SPOT),
            (Place.BEFORE_EXITS, LINEAR),
            ("on-the-wire:2", SPOT),  # its stop
            ("inside-recording:2", LINEAR),
        ],
    )
    def test_leaves_an_entry_that_another_finishes(
        self, stage: Stage, workers: Workers, place: str, market: MarketType
    ) -> None:
        account = stage.open_account(market)
        stage.publish()
        let_die(workers, place)

        let_finish(stage, workers, lambda: is_protected(account))

        assert account.log.status == LogStatus.EXECUTED
        assert [order.role for order in account.orders()].count(OrderRole.ENTRY) == 1
        assert len(account.venue_fills()) == 1
        assert disagreements(account) == []

    @pytest.mark.parametrize(
        ("place", "market"),
        [
            (Place.BEFORE_EXITS, SPOT),
            (Place.ON_THE_WIRE, LINEAR),  # the cancel of its stop, or the close itself
            ("on-the-wire:2", SPOT),
            ("inside-recording:2", LINEAR),
        ],
    )
    def test_leaves_a_close_that_another_finishes(
        self, stage: Stage, workers: Workers, place: str, market: MarketType
    ) -> None:
        account = stage.open_account(market)
        stage.trade()
        protection.request_close(position_id=account.position.pk, reason=ClosingReason.MANUAL, now=now())
        tasks.run_advance_job.delay(position_ids=[str(account.position.pk)])
        let_die(workers, place)

        let_finish(stage, workers, lambda: is_closed(account))

        assert len(account.venue_fills()) == 2
        assert account.resting() == []
        assert disagreements(account) == []

    def test_leaves_a_verdict_that_another_finds_again(self, stage: Stage, workers: Workers) -> None:
        account = stage.open_account()
        strike(stage, NOT_DONE["reset"], path="/api/v3/order", side="BUY")
        stage.trade()
        key = account.entry.client_order_id
        stage.pass_time(LONG_S)
        tasks.run_resolve_job.delay()
        let_die(workers, Place.INSIDE_VERDICT)
        assert account.entry.in_doubt

        let_finish(stage, workers, lambda: is_protected(account))

        assert (account.entry.client_order_id, account.entry.sends) == (key, 2)
        assert len(account.venue_fills()) == 1
        assert disagreements(account) == []
