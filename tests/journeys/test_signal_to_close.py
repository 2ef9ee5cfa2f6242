"""The main job from its first step to its last, by real processes: publish, fan out, order, protect, exit, count."""

import signal as signals
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pytest

from analytics.models import ExecutionAnalytic
from analytics.tasks import run_update_analytics_job
from bench.nursery import BEAT, FEED
from connections import services as connections
from core.clock import now
from core.crash import Place
from execution.models import ExecutionLog
from execution.outcomes import FINISHED, LogStatus, Reason
from execution.roles import OrderRole
from positions.exits import ClosingReason, Protection
from positions.models import ExecutionPosition, PositionStatus
from signals.models import Signal
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, SPOT, THREE_TARGETS, Account, Stage
from tests.infrastructure.news import News
from tests.infrastructure.workers import Workers

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

MONEY = Decimal(10_000)


@dataclass
class Crowd:
    """Accounts that trade, and accounts that have a reason not to."""

    healthy: list[Account]
    #: account -> what becomes of the signal there
    others: dict[Account, tuple[LogStatus, Reason]]


@pytest.fixture
def crowd(stage: Stage) -> Crowd:
    paused, revoked = stage.open_account(), stage.open_account()
    connections.pause(connection=paused.connection, reason="On holiday.", actor=stage.alice, now=now())
    stage.venue.admin.change_account(revoked.name, revoked=True)
    poor, tiny = stage.open_account(money="120"), stage.open_account(sizing_mode="FIXED_AMOUNT", size="3")
    picky = stage.open_account(excluded_symbols=["BTC/USDT"])
    return Crowd(
        healthy=[stage.open_account(SPOT), stage.open_account(LINEAR, leverage="5"), stage.open_account(SPOT)],
        others={
            paused: (LogStatus.SKIPPED, Reason.CONNECTION_PAUSED),
            revoked: (LogStatus.REJECTED, Reason.VENUE_KEY_REFUSED),
            poor: (LogStatus.DENIED, Reason.INSUFFICIENT_BALANCE),
            tiny: (LogStatus.DENIED, Reason.NOTIONAL_BELOW_MINIMUM),
            picky: (LogStatus.SKIPPED, Reason.SYMBOL_EXCLUDED),
        },
    )


def start_everything(workers: Workers) -> None:
    """Start what the Procfile names, but for the web process."""
    for queue in ("orders", "exits", "default"):
        workers.start(queues=queue)
    workers.nursery.start(BEAT)
    workers.nursery.start(FEED)


def is_decided(signal: Signal) -> bool:
    rows = ExecutionLog.objects.filter(signal=signal)
    return rows.exists() and not rows.exclude(status__in=FINISHED).exists()


def are_protected(accounts: Iterable[Account]) -> bool:
    mine = ExecutionPosition.objects.filter(connection__in=[each.connection for each in accounts])
    found = list(mine.values_list("protection", flat=True))
    return len(found) == len(list(accounts)) and set(found) == {Protection.NATIVE}


def have_taken_profit(accounts: Iterable[Account]) -> bool:
    """Whether target one has traded everywhere, and everything else has its stop."""
    firsts = [each.orders(OrderRole.TARGET, piece=1)[0] for each in accounts]
    return all(order.state == "FILLED" for order in firsts) and are_protected(accounts)


def are_closed(accounts: Iterable[Account]) -> bool:
    """Whether everything is sold, and nothing works or rests any more, here or at the venue."""
    return all(
        each.position.status == PositionStatus.CLOSED and not disagreements(each) and not each.resting()
        for each in accounts
    )


def earned_here(account: Account) -> Decimal:
    """What our books say the account has won, what was paid in bitcoin valued at the price they were bought for."""
    paid = [fill.fee * fill.price for fill in account.fills() if fill.fee_currency == "BTC"]
    return account.position.net_profit - sum(paid, Decimal(0))


def earned_at_the_venue(account: Account) -> Decimal:
    """What the venue's wallet has more than it began with."""
    row = account.venue.admin.accounts()[account.name]
    if account.market is LINEAR:
        return Decimal(row["usdm"]["USDT"]) - MONEY
    return Decimal(row["spot"]["USDT"]["free"]) + Decimal(row["spot"]["USDT"]["locked"]) - MONEY


class TestSignalToClose:
    @pytest.mark.timeout(150)
    def test_ends_with_every_account_explained_and_the_books_alike(
        self, stage: Stage, crowd: Crowd, workers: Workers, news: News
    ) -> None:
        healthy = crowd.healthy
        start_everything(workers)

        signal = stage.publish(targets=THREE_TARGETS)
        news.wait(lambda: is_decided(signal) and are_protected(healthy))

        assert {each: (each.log.status, each.log.reason) for each in crowd.others} == crowd.others
        assert [(each.log.status, each.log.reason) for each in healthy] == [("EXECUTED", "FILLED")] * 3
        assert all(each.log.explanation for each in (*healthy, *crowd.others))
        assert [len(each.resting()) for each in crowd.others] == [0] * 5
        assert [disagreements(each) for each in healthy] == [[]] * 3

        stage.venue.admin.move_price("BTCUSDT", Decimal(61_300))
        news.wait(lambda: have_taken_profit(healthy))
        stage.venue.admin.move_price("BTCUSDT", Decimal(58_500))
        news.wait(lambda: are_closed(healthy))

        assert [each.position.closing_reason for each in healthy] == [ClosingReason.SL] * 3
        assert [earned_here(each) for each in healthy] == [earned_at_the_venue(each) for each in healthy]
        assert [each.held_at_the_venue() for each in healthy] == [0] * 3
        run_update_analytics_job.apply(kwargs={"last_days": 0}, throw=True)
        days = ExecutionAnalytic.objects.filter(currency="USDT", connection__in=[e.connection for e in healthy])
        assert [(day.trades, day.losses) for day in days] == [(1, 1)] * 3
        assert {day.connection_id: day.total_pnl for day in days} == {
            each.connection.pk: each.position.net_profit for each in healthy
        }


class TestKilledWorker:
    @pytest.mark.timeout(150)
    def test_loses_and_doubles_nothing_in_the_middle_of_a_fan_out(
        self, stage: Stage, workers: Workers, news: News
    ) -> None:
        accounts = [stage.open_account() for _ in range(6)]
        signal = stage.publish(targets=THREE_TARGETS)
        killed = workers.start(crash_at=f"{Place.ON_THE_WIRE}:4")
        assert workers.await_end(killed) == -signals.SIGKILL, workers.said()
        assert any(each.at_the_venue() for each in accounts)
        assert not is_decided(signal)

        stage.pass_time(120)
        start_everything(workers)
        news.wait(lambda: is_decided(signal) and are_protected(accounts))

        bought = [[row for row in each.at_the_venue() if row["side"] == "BUY"] for each in accounts]
        assert [len(rows) for rows in bought] == [1] * len(accounts)
        assert [each.log.status for each in accounts] == [LogStatus.EXECUTED] * len(accounts)
        assert [disagreements(each) for each in accounts] == [[]] * len(accounts)
