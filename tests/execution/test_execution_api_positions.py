"""positions/, for programs."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.scopes import Scope
from connections.models import ExecutionConnection
from core.clock import now
from events.models import Event
from positions.models import ExecutionPosition
from tests import makers
from tests.people import program_of
from tests.rest import API, NOBODY, Sent, fields, ids, problem

HERE = f"{API}/positions/"


@pytest.fixture
def held(rehearsal: ExecutionConnection) -> ExecutionPosition:
    """Alice bought 0.1 BTC at 50,000."""
    return makers.make_trade(connection=rehearsal).position


def of(position: ExecutionPosition) -> str:
    return f"{HERE}{position.pk}/"


class TestRead:
    def test_shows_the_present_profit(self, held: ExecutionPosition, alice: User) -> None:
        makers.make_quote(held.connection, bid="51000", ask="51010")

        row = program_of(alice).get(of(held)).json()

        assert (row["quantity"], row["average_price"], row["status"]) == ("0.1", "50000", "OPEN")
        # A long position closes at the bid.
        assert (row["mark"]["price"], row["mark"]["unrealised"]) == ("51000", "100")
        assert row["mark"]["quoted_at"].endswith("Z")

    def test_says_nothing_without_a_price(self, held: ExecutionPosition, alice: User) -> None:
        assert program_of(alice).get(of(held)).json()["mark"] is None

    def test_shows_the_entries_it_is_made_of(self, rehearsal: ExecutionConnection, alice: User) -> None:
        log = makers.make_execution(connection=rehearsal)
        closed = makers.make_position(execution=log, closed_at_price="51000", fee="1")

        row = program_of(alice).get(of(closed)).json()

        assert [(entry["side"], entry["price"]) for entry in row["entries"]] == [
            ("BUY", "50000"),
            ("SELL", "51000"),
        ]
        assert (row["realised"], row["net_profit"], row["fees"]) == ("100", "98", {"USDT": "2"})
        assert (row["status"], row["closing_reason"], row["mark"]) == ("CLOSED", "TP", None)

    def test_shows_targets_before_and_after_they_are_planned(self, held: ExecutionPosition, alice: User) -> None:
        (target,) = program_of(alice).get(of(held)).json()["targets"]

        assert target == {"price": "52000", "share": "1", "quantity": None, "filled": "0", "is_watched": False}

    def test_costs_the_same_for_many(
        self, held: ExecutionPosition, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        program = program_of(alice)
        program.get(HERE)
        for _ in range(4):
            makers.make_trade(connection=held.connection)

        with django_assert_num_queries(2):  # the token, and the page
            assert len(ids(program.get(HERE))) == 5
        with django_assert_num_queries(3):  # the token, the position, its entries
            program.get(of(held))

    def test_filters(self, held: ExecutionPosition, alice: User) -> None:
        program = program_of(alice)
        bare = makers.make_trade(connection=held.connection).position
        ExecutionPosition.objects.filter(pk=bare.pk).update(unprotected_since=now())

        assert ids(program.get(HERE, {"is_unprotected": "true"})) == [str(bare.pk)]
        assert ids(program.get(HERE, {"is_unprotected": "false"})) == [str(held.pk)]
        assert ids(program.get(HERE, {"signal": str(held.signal_id)})) == [str(held.pk)]
        assert ids(program.get(HERE, {"status": "CLOSED"})) == []
        assert fields(program.get(HERE, {"status": "GONE"})) == {"status": "INVALID_CHOICE"}

    @pytest.mark.parametrize(
        ("person", "is_seen"), [("alice", True), ("ada", True), ("bob", False), ("charlie", False)]
    )
    def test_is_for_those_whose_account_it_is(
        self, held: ExecutionPosition, person: str, is_seen: bool, request: pytest.FixtureRequest
    ) -> None:
        program = program_of(request.getfixturevalue(person))

        assert (ids(program.get(HERE)) != []) == is_seen
        assert program.get(of(held)).status_code == (200 if is_seen else 404)


class TestClose:
    def test_asks_for_the_close_and_tells_a_worker(
        self,
        held: ExecutionPosition,
        alice: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            response = program_of(alice).post(f"{of(held)}close/")

        held.refresh_from_db()
        assert (response.status_code, response.json()["close_requested_at"][-1]) == (202, "Z")
        assert (held.closing_reason, held.close_requested_at is not None) == ("MANUAL", True)
        assert ("AdvancePositionsJob", {"position_ids": [str(held.pk)]}) in sent()
        assert Event.objects.get(kind="position.closing").actor == alice

    def test_is_asked_once_under_one_key(
        self,
        held: ExecutionPosition,
        alice: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        program = program_of(alice)

        with django_capture_on_commit_callbacks(execute=True):
            answers = [program.post(f"{of(held)}close/", headers={"Idempotency-Key": "k"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [202, 202]
        assert [name for name, _ in sent()].count("AdvancePositionsJob") == 1

    def test_refuses_a_closed_position(self, rehearsal: ExecutionConnection, alice: User) -> None:
        closed = makers.make_position(
            execution=makers.make_execution(connection=rehearsal),
            closed_at_price="51000",
            opened_at=now() - timedelta(hours=2),
        )

        assert problem(program_of(alice).post(f"{of(closed)}close/")) == (409, "POSITION_CLOSED")

    @pytest.mark.parametrize("body", [{"quantity": "0.05"}, {"reason": "KILL"}])
    def test_says_that_a_position_closes_as_a_whole(
        self, held: ExecutionPosition, alice: User, body: dict[str, str]
    ) -> None:
        response = program_of(alice).post(f"{of(held)}close/", body)

        assert set(fields(response)) == set(body)
        assert "as a whole" in response.json()["detail"]
        held.refresh_from_db()
        assert held.close_requested_at is None

    @pytest.mark.parametrize("person", ["charlie", "bob"])
    def test_is_for_nobody_else(
        self, held: ExecutionPosition, person: str, request: pytest.FixtureRequest
    ) -> None:
        program = program_of(request.getfixturevalue(person))

        answers = [program.post(f"{of(held)}close/"), program.post(f"{HERE}{NOBODY}/close/")]

        assert {problem(answer) for answer in answers} == {(404, "NOT_FOUND")}
        held.refresh_from_db()
        assert held.close_requested_at is None

    def test_needs_the_scope_trade(self, held: ExecutionPosition, alice: User) -> None:
        reader = program_of(alice, scopes=[Scope.READ])

        assert problem(reader.post(f"{of(held)}close/")) == (403, "INSUFFICIENT_SCOPE")
