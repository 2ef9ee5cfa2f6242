"""Steps 4 to 7 of the flow: rows are claimed once, decided, committed, sent, and recorded."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection as database

from connections.contract import MarketType
from connections.fields import seal
from connections.models import AccountSnapshot, ExecutionConnection
from core.clock import Clock, now
from core.ids import client_order_id
from execution import bulk, context
from execution.case import Case
from execution.context import Loaded
from execution.models import ExecutionLog, Order
from execution.outcomes import LogStatus, Reason
from execution.plan import Decision
from execution.roles import OrderRole
from execution.services import entries, intake, submission
from marketdata.models import Instrument
from marketdata.selectors import forget_instruments
from positions.exits import Protection
from tests.execution.books import disagreements
from tests.execution.stage import LINEAR, SPOT, Stage
from tests.makers import make_execution

MARKETS = pytest.mark.parametrize("market", [SPOT, LINEAR])


class TestExecute:
    @MARKETS
    def test_fills_protects_and_explains(self, stage: Stage, market: MarketType) -> None:
        account = stage.open_account(market)

        stage.trade()

        log, entry, position = account.log, account.entry, account.position
        assert (log.status, log.reason) == (LogStatus.EXECUTED, Reason.FILLED)
        assert log.numbers["quantity"] == log.numbers["filled"] == "0.1"
        steps = [log.created_at, log.claimed_at, log.decided_at, log.submitted_at, log.acknowledged_at]
        assert steps == sorted(filter(None, steps))
        assert log.preset["size"] == "0.1"
        assert entry.average_price == Decimal(60003)
        assert position.protection == Protection.NATIVE
        assert position.first_fill_at is not None
        assert disagreements(account) == []

    def test_gives_the_entry_the_id_that_follows_from_its_row(self, stage: Stage) -> None:
        account = stage.open_account()

        stage.trade()

        expected = client_order_id(settings.SIGNALBOX_INSTALLATION, account.log.pk, OrderRole.ENTRY, 1)
        assert account.entry.client_order_id == expected
        assert account.at_the_venue()[0]["client_order_id"] == expected

    @MARKETS
    def test_changes_nothing_when_its_message_comes_twice(self, stage: Stage, market: MarketType) -> None:
        account = stage.open_account(market)
        signal = stage.publish()
        rows = intake.take(signal_id=signal.pk, now=now()).pending

        stage.work(rows)
        again = submission.execute(rows, clock=now)

        assert again == 0
        assert len(account.venue_fills()) == 1
        assert disagreements(account) == []

    def test_leaves_rows_that_another_worker_has(self, stage: Stage) -> None:
        account = stage.open_account()
        rows = intake.take(signal_id=stage.publish().pk, now=now()).pending
        bulk.claim(rows, token=uuid4(), now=now(), lease_until=now() + timedelta(seconds=60))

        assert submission.execute(rows, clock=now) == 0
        assert account.at_the_venue() == []

    def test_takes_over_when_the_lease_of_a_dead_worker_ends(self, stage: Stage) -> None:
        account = stage.open_account()
        rows = intake.take(signal_id=stage.publish().pk, now=now()).pending
        bulk.claim(rows, token=uuid4(), now=now(), lease_until=now() + submission.LEASE)
        stage.pass_time(61)

        waiting = entries.waiting_rows(now=now(), older_than=now() - timedelta(seconds=10), limit=10)
        stage.work([key for keys in waiting.values() for key in keys])

        assert account.log.attempts == 2
        assert disagreements(account) == []

    def test_writes_nothing_of_a_worker_whose_lease_was_taken(self, stage: Stage) -> None:
        account = stage.open_account()
        rows = intake.take(signal_id=stage.publish().pk, now=now()).pending
        real_load = context.load

        def slow_load(log_ids: Sequence[UUID], *, clock: Clock) -> list[Loaded]:
            found = real_load(log_ids, clock=clock)
            stage.pass_time(61)
            bulk.claim(rows, token=uuid4(), now=now(), lease_until=now() + submission.LEASE)
            return found

        stage.patch.setattr(context, "load", slow_load)
        submission.execute(rows, clock=now)

        assert account.at_the_venue() == []
        assert Order.objects.count() == 0
        assert account.log.status == LogStatus.CLAIMED

    def test_lets_one_bad_row_hurt_only_itself(self, stage: Stage) -> None:
        accounts = [stage.open_account() for _ in range(3)]
        broken = accounts[1].connection
        another_row = seal({"apiKey": "x", "secret": "y"}, bound_to="another row")
        ExecutionConnection.objects.filter(pk=broken.pk).update(credentials=another_row)

        stage.trade()

        assert [each.log.status for each in accounts] == ["EXECUTED", "FAILED", "EXECUTED"]
        assert accounts[1].log.reason == Reason.INTERNAL_ERROR
        assert "credentials" in accounts[1].log.explanation

    def test_explains_what_it_could_not_decide(self, stage: Stage) -> None:
        fine, broken = stage.open_account(), stage.open_account()
        real = submission.decide

        def fail_for_one(case: Case, *, now: datetime) -> Decision:
            if case.account.connection_id == broken.connection.pk:
                raise ZeroDivisionError("the rule is wrong")
            return real(case, now=now)

        stage.patch.setattr(submission, "decide", fail_for_one)
        stage.trade()

        assert fine.log.status == LogStatus.EXECUTED
        assert (broken.log.status, broken.log.reason) == (LogStatus.FAILED, Reason.INTERNAL_ERROR)
        assert "the rule is wrong" in broken.log.explanation

    def test_opens_small_first_and_then_doubles(self, stage: Stage) -> None:
        sizes: list[int] = []

        def claim_nothing(ids: Sequence[UUID], **_: object) -> list[UUID]:
            sizes.append(len(ids))
            return []

        stage.patch.setattr(bulk, "claim", claim_nothing)

        submission.execute([uuid4() for _ in range(700)], clock=now)

        assert sizes == [32, 64, 128, 256, 220]


class TestExecuteAsksForBalances:
    def test_when_the_stored_one_is_too_old(self, stage: Stage) -> None:
        account = stage.open_account(sizing_mode="PERCENT_OF_BALANCE", size="50")
        stage.venue.admin._ask(
            "POST",
            "/admin/transfer",
            {"account": account.name, "market": "spot", "asset": "USDT", "amount": "-4000"},
        )
        stage.pass_time(301)

        stage.trade()

        assert account.log.numbers["quantity"] == "0.04999"
        assert AccountSnapshot.objects.get().assets["USDT"]["total"] == "6000"

    def test_and_says_when_it_cannot_be_had(self, stage: Stage) -> None:
        account, other = stage.open_account(), stage.open_account()
        stage.pass_time(301)
        stage.venue.admin.fault(
            "status", match={"path": "/api/v3/account", "account": account.name}, times=None, status=502
        )

        stage.trade()

        assert (account.log.status, account.log.reason) == (LogStatus.FAILED, Reason.NO_BALANCE)
        assert other.log.status == LogStatus.EXECUTED
        assert account.at_the_venue() == []

    def test_and_the_row_can_be_retried_under_its_id(self, stage: Stage) -> None:
        account = stage.open_account()
        stage.pass_time(301)
        stage.venue.admin.fault("status", match={"path": "/api/v3/account"}, times=1, status=502)
        stage.trade()

        entries.retry(log_id=account.log.pk, now=now())
        stage.work([account.log.pk])

        assert account.log.status == LogStatus.EXECUTED
        assert disagreements(account) == []

    def test_and_pauses_an_account_whose_key_is_refused(self, stage: Stage) -> None:
        account = stage.open_account()
        stage.pass_time(301)
        stage.venue.admin.change_account(account.name, revoked=True)

        stage.trade()

        account.connection.refresh_from_db()
        assert (account.log.status, account.log.reason) == (LogStatus.FAILED, Reason.VENUE_KEY_REFUSED)
        assert not account.connection.is_active

    def test_once_for_an_account_with_two_rows(self, stage: Stage) -> None:
        account = stage.open_account(money="20000", duplicate_policy="ADD")
        signals = [stage.publish(), stage.publish(sl="58000")]
        rows = [key for each in signals for key in intake.take(signal_id=each.pk, now=now()).pending]
        stage.pass_time(301)
        before = stage.venue.admin.requests()["GET /api/v3/account"]

        stage.work(rows)

        assert stage.venue.admin.requests()["GET /api/v3/account"] == before + 1
        assert set(ExecutionLog.objects.values_list("status", flat=True)) == {"EXECUTED"}
        assert disagreements(account) == []


class TestExecuteRefusesToEnter:
    def test_a_symbol_the_venue_does_not_list(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR)
        stage.open_account(SPOT)
        Instrument.objects.filter(symbol="BTC/USDT:USDT").delete()
        forget_instruments()

        stage.trade()

        assert account.log.reason == Reason.SYMBOL_NOT_LISTED

    def test_when_an_earlier_order_is_in_doubt(self, stage: Stage) -> None:
        account = stage.open_account(duplicate_policy="ADD")
        stage.trade()
        Order.objects.filter(pk=account.entry.pk).update(in_doubt=True, doubt_since=now())

        second = stage.trade(sl="58000")

        log = ExecutionLog.objects.get(signal=second)
        assert (log.status, log.reason) == (LogStatus.DENIED, Reason.ORDER_IN_DOUBT)

    def test_what_the_account_cannot_pay(self, stage: Stage) -> None:
        account = stage.open_account(money="100")

        stage.trade()

        log = account.log
        assert (log.status, log.reason) == (LogStatus.DENIED, Reason.INSUFFICIENT_BALANCE)
        assert log.explanation == "The order needs 6000.30000000 USDT and 100 are free."
        assert log.numbers["checks"]["balance"] == "INSUFFICIENT_BALANCE"

    def test_a_price_that_has_run_away(self, stage: Stage) -> None:
        account = stage.open_account()
        stage.move_price(61000)

        stage.trade()

        assert account.log.reason == Reason.PRICE_DRIFTED
        assert account.log.numbers["drift_bps"] == "167.2"

    def test_a_signal_that_expired_after_intake(self, stage: Stage) -> None:
        account = stage.open_account()
        signal = stage.publish(expires_at=(now() + timedelta(minutes=5)).isoformat())
        rows = intake.take(signal_id=signal.pk, now=now()).pending
        signal.expires_at = now() - timedelta(seconds=1)
        signal.save(update_fields=["expires_at"])

        stage.work(rows)

        assert (account.log.status, account.log.reason) == (LogStatus.SKIPPED, Reason.SIGNAL_EXPIRED)
        assert account.at_the_venue() == []

    def test_a_signal_that_was_withdrawn_after_intake(self, stage: Stage) -> None:
        account = stage.open_account()
        signal = stage.publish()
        rows = intake.take(signal_id=signal.pk, now=now()).pending
        stage.withdraw(signal)

        stage.work(rows)

        assert account.log.reason == Reason.SIGNAL_WITHDRAWN

    def test_twice_the_same_side_and_the_other_side(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR)
        stage.trade()

        again = stage.trade(sl="58000")
        other = stage.trade(direction="SELL", sl="61500", targets=[])

        reasons = {log.signal_id: (log.status, log.reason) for log in ExecutionLog.objects.all()}
        assert reasons[again.pk] == (LogStatus.SKIPPED, Reason.DUPLICATE_POSITION)
        assert reasons[other.pk] == (LogStatus.SKIPPED, Reason.OPPOSITE_POSITION)
        assert disagreements(account) == []

    def test_beside_an_entry_that_waits_for_its_price(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR)
        stage.trade(order_type="LIMIT", open_price="59500")
        stage.pass_time(600)

        again = stage.trade(sl="58000")
        other = stage.trade(direction="SELL", sl="61500", targets=[])

        reasons = {log.signal_id: (log.status, log.reason) for log in ExecutionLog.objects.all()}
        assert reasons[again.pk] == (LogStatus.SKIPPED, Reason.DUPLICATE_POSITION)
        assert reasons[other.pk] == (LogStatus.SKIPPED, Reason.OPPOSITE_POSITION)
        assert len(account.resting()) == 1

    def test_more_entries_than_positions_are_allowed(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR, money="50000", duplicate_policy="ADD", max_open_positions=2)

        for price in ("59500", "59400", "59300"):
            stage.trade(order_type="LIMIT", open_price=price)

        assert len(account.resting()) == 2
        assert ExecutionLog.objects.filter(reason=Reason.TOO_MANY_POSITIONS).count() == 1


class TestExecuteSellsOnSpot:
    def test_what_is_held(self, stage: Stage) -> None:
        account = stage.open_account()
        stage.trade()

        sale = stage.trade(direction="SELL", sl=None, targets=[])

        log = ExecutionLog.objects.get(signal=sale)
        assert (log.status, log.reason) == (LogStatus.EXECUTED, Reason.CLOSED_HOLDING)
        assert (account.position.status, account.position.closing_reason) == ("CLOSED", "OPPOSITE")
        assert disagreements(account) == []

    def test_nothing_short(self, stage: Stage) -> None:
        account = stage.open_account()

        stage.trade(direction="SELL", sl=None, targets=[])

        assert (account.log.status, account.log.reason) == (LogStatus.SKIPPED, Reason.SPOT_CANNOT_SHORT)


class TestExecuteSetsLeverage:
    def test_before_the_first_order_of_a_symbol(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR, leverage="7")

        stage.trade()

        settings = stage.venue.admin.accounts()[account.name]["settings"]["BTCUSDT"]
        assert settings == {"leverage": 7, "isolated": True}
        assert account.log.status == LogStatus.EXECUTED

    def test_before_an_attempt_that_follows_a_failed_setting(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR, leverage="7")
        stage.venue.admin.fault("throttle", match={"path": "/fapi/v1/leverage"}, times=1, retry_after=0)

        stage.trade()

        settings = stage.venue.admin.accounts()[account.name]["settings"]["BTCUSDT"]
        assert settings == {"leverage": 7, "isolated": True}
        assert account.log.status == LogStatus.EXECUTED
        assert disagreements(account) == []

    def test_once(self, stage: Stage) -> None:
        account = stage.open_account(LINEAR, leverage="7", duplicate_policy="ADD")
        stage.trade()
        stage.trade(sl="58000")

        assert stage.venue.admin.requests()["POST /fapi/v1/leverage"] == 1
        assert disagreements(account) == []


@pytest.mark.django_db(transaction=True)
class TestExecuteAtTheSameTime:
    def test_sends_every_order_once(self, transactional_db: None, stage: Stage) -> None:
        accounts = [stage.open_account() for _ in range(4)]
        rows = intake.take(signal_id=stage.publish().pk, now=now()).pending

        def work(_: int) -> int:
            try:
                return submission.execute(rows, clock=now)
            finally:
                database.close()

        with ThreadPoolExecutor(3) as workers:
            worked = list(workers.map(work, range(3)))

        assert sum(worked) == 4
        assert [disagreements(each) for each in accounts] == [[]] * 4
        assert [len(each.venue_fills()) for each in accounts] == [1] * 4


@pytest.mark.django_db
class TestClaim:
    @pytest.mark.parametrize("status", [each for each in LogStatus if each not in ("PENDING", "CLAIMED")])
    def test_leaves_rows_that_are_done(self, status: LogStatus) -> None:
        row = make_execution(status=status)

        assert bulk.claim([row.pk], token=uuid4(), now=now(), lease_until=now()) == []
