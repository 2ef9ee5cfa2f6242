"""executions/, for programs: everything for those whose account it is, the outcome for the provider."""

import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.scopes import Scope
from connections.models import ExecutionConnection
from execution.models import ExecutionLog
from execution.outcomes import LogStatus, Reason
from signals.models import Signal
from tests import makers
from tests.people import program_of
from tests.rest import API, NOBODY, Sent, fields, ids, problem, walk

HERE = f"{API}/executions/"
NUMBERS = {"needed": "1234.56", "free": "77.77", "currency": "USDT"}


@pytest.fixture
def signal(bob: User) -> Signal:
    """Published by Bob."""
    return makers.make_signal(channel=makers.make_channel(owner=bob))


@pytest.fixture
def denied(signal: Signal, rehearsal: ExecutionConnection) -> ExecutionLog:
    """Alice's account had too little for it."""
    return makers.make_execution(
        signal=signal, connection=rehearsal, status=LogStatus.DENIED, numbers=NUMBERS, preset={"size": "5"}
    )


def of(log: ExecutionLog) -> str:
    return f"{HERE}{log.pk}/"


class TestOwner:
    def test_reads_why_with_every_number_and_time(self, denied: ExecutionLog, alice: User) -> None:
        row = program_of(alice).get(of(denied)).json()

        assert (row["status"], row["reason"]) == ("DENIED", "INSUFFICIENT_BALANCE")
        assert row["explanation"] == "The order needs 1234.56 USDT and 77.77 are free."
        assert row["advice"] == "Add funds, or lower the size."
        assert row["numbers"] == NUMBERS
        assert row["times"]["finished_at"].endswith("Z")
        assert row["times"]["submitted_at"] is None

    def test_filters(self, denied: ExecutionLog, alice: User) -> None:
        program, signal = program_of(alice), denied.signal
        other = makers.make_execution(connection=denied.connection)

        def found(**wanted: Any) -> list[str]:
            return ids(program.get(HERE, wanted))

        assert found(signal=signal.pk) == found(status="DENIED") == found(reason="INSUFFICIENT_BALANCE")
        assert found(status="EXECUTED") == [str(other.pk)]
        assert len(found(connection=denied.connection_id)) == 2
        assert (
            found(signal=NOBODY) == found(connection=NOBODY) == found(created_after="2999-01-01T00:00:00Z") == []
        )
        assert fields(program.get(HERE, {"reason": "BAD_LUCK"})) == {"reason": "INVALID_CHOICE"}

    def test_walks_rows_of_one_moment(self, rehearsal: ExecutionConnection, alice: User) -> None:
        made = [makers.make_execution(connection=rehearsal) for _ in range(7)]
        ExecutionLog.objects.update(created_at=made[0].created_at)

        found = [row["id"] for row in walk(program_of(alice), HERE, 2)]

        assert found == sorted((str(log.pk) for log in made), reverse=True)

    def test_costs_one_query(
        self, rehearsal: ExecutionConnection, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        program = program_of(alice)
        program.get(HERE)
        for _ in range(4):
            makers.make_execution(connection=rehearsal)

        with django_assert_num_queries(2):  # the token, and the page
            assert len(ids(program.get(HERE))) == 4


class TestProvider:
    def test_learns_outcome_and_reason_of_own_signals_and_nothing_else(
        self, denied: ExecutionLog, bob: User
    ) -> None:
        row = program_of(bob).get(of(denied)).json()

        assert row == {
            "id": str(denied.pk),
            "signal": str(denied.signal_id),
            "signal_version": 1,
            "leg": "entry",
            "status": "DENIED",
            "reason": "INSUFFICIENT_BALANCE",
            "explanation": "Insufficient balance",
            "created_at": row["created_at"],
        }
        assert program_of(bob).get(HERE).json()["results"] == [row]

    @pytest.mark.parametrize("reason", list(Reason))
    def test_reads_no_number_whatever_the_reason(self, denied: ExecutionLog, bob: User, reason: Reason) -> None:
        numbers = dict.fromkeys(
            ("quantity", "notional", "free", "needed", "held", "paused_reason", "last_error", "error", "decision"),
            "s3cr3t",
        )
        ExecutionLog.objects.update(reason=reason, numbers=numbers, preset={"size": "s3cr3t"}, symbol="s3cr3t")

        text = json.dumps([program_of(bob).get(of(denied)).json(), program_of(bob).get(HERE).json()])

        assert "s3cr3t" not in text
        assert denied.connection.name not in text
        assert str(denied.connection_id) not in text

    def test_cannot_ask_whose_outcome_it_is(self, denied: ExecutionLog, bob: User) -> None:
        assert ids(program_of(bob).get(HERE, {"connection": str(denied.connection_id)})) == []

    def test_sees_nothing_of_signals_of_others(self, rehearsal: ExecutionConnection, bob: User) -> None:
        log = makers.make_execution(connection=rehearsal)

        assert problem(program_of(bob).get(of(log))) == (404, "NOT_FOUND")
        assert ids(program_of(bob).get(HERE)) == []

    def test_sees_accounts_of_the_house_in_full(self, bob: User) -> None:
        house = makers.make_execution(connection=makers.make_connection(owner=None), numbers=NUMBERS)

        assert program_of(bob).get(of(house)).json()["numbers"] == NUMBERS

    def test_sees_own_accounts_in_full_beside_those_of_others(
        self, denied: ExecutionLog, bob: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        own = makers.make_execution(signal=denied.signal, connection=makers.make_connection(owner=bob))
        program = program_of(bob)
        program.get(HERE)

        with django_assert_num_queries(2):  # the token, and the page
            rows = program.get(HERE, {"signal": str(denied.signal_id)}).json()["results"]

        assert {row["id"]: "numbers" in row for row in rows} == {str(own.pk): True, str(denied.pk): False}
        assert ids(program.get(HERE, {"connection": str(own.connection_id)})) == [str(own.pk)]

    def test_does_not_retry_on_accounts_of_others(self, denied: ExecutionLog, bob: User) -> None:
        ExecutionLog.objects.update(status="FAILED", reason="VENUE_UNREACHABLE")

        assert problem(program_of(bob).post(f"{of(denied)}retry/")) == (404, "NOT_FOUND")


class TestOthers:
    def test_administrators_see_everything(self, denied: ExecutionLog, ada: User) -> None:
        assert program_of(ada).get(of(denied)).json()["numbers"] == NUMBERS

    def test_strangers_see_nothing(self, denied: ExecutionLog, charlie: User) -> None:
        program = program_of(charlie)

        assert problem(program.get(of(denied))) == problem(program.get(f"{HERE}{NOBODY}/")) == (404, "NOT_FOUND")
        assert ids(program.get(HERE)) == ids(program.get(HERE, {"signal": str(denied.signal_id)})) == []
        assert problem(program.post(f"{of(denied)}retry/")) == (404, "NOT_FOUND")


class TestRetry:
    @pytest.fixture
    def failed(self, rehearsal: ExecutionConnection) -> ExecutionLog:
        return makers.make_execution(connection=rehearsal, status=LogStatus.FAILED)

    def test_puts_the_row_back_and_tells_a_worker(
        self,
        failed: ExecutionLog,
        alice: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            response = program_of(alice).post(f"{of(failed)}retry/")

        assert (response.status_code, response.json()["status"]) == (202, "PENDING")
        assert sent() == [("ExecuteSignalJob", {"log_ids": [str(failed.pk)]})]

    def test_is_done_once_under_one_key(self, failed: ExecutionLog, alice: User) -> None:
        program, key = program_of(alice), {"Idempotency-Key": "k"}

        answers = [program.post(f"{of(failed)}retry/", headers=key) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[1].headers["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize("status", [each for each in LogStatus if each is not LogStatus.FAILED])
    def test_refuses_what_did_not_fail(
        self, rehearsal: ExecutionConnection, alice: User, status: LogStatus
    ) -> None:
        log = makers.make_execution(connection=rehearsal, status=status)

        assert problem(program_of(alice).post(f"{of(log)}retry/")) == (409, "NOT_RETRYABLE")

    def test_refuses_what_may_be_at_the_venue(self, failed: ExecutionLog, alice: User) -> None:
        makers.make_order(log=failed, state="FAILED", is_held=False)

        assert problem(program_of(alice).post(f"{of(failed)}retry/")) == (409, "NOT_RETRYABLE")

    def test_needs_the_scope_trade(self, failed: ExecutionLog, alice: User) -> None:
        reader = program_of(alice, scopes=[Scope.READ])

        assert problem(reader.post(f"{of(failed)}retry/")) == (403, "INSUFFICIENT_SCOPE")
