"""orders/, fills/ and breaks/, for programs."""

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from connections.models import ExecutionConnection
from events.models import Event
from execution.models import Break
from tests import makers
from tests.makers import Trade
from tests.people import program_of
from tests.rest import API, NOBODY, fields, ids, problem, walk

ORDERS, FILLS, BREAKS = f"{API}/orders/", f"{API}/fills/", f"{API}/breaks/"


@pytest.fixture
def trade(rehearsal: ExecutionConnection) -> Trade:
    """Alice holds 0.1 BTC."""
    return makers.make_trade(connection=rehearsal)


class TestOrders:
    def test_show_fills_and_cost(self, trade: Trade, alice: User) -> None:
        row = program_of(alice).get(f"{ORDERS}{trade.order.pk}/").json()

        assert (row["execution"], row["signal"]) == (str(trade.execution.pk), str(trade.execution.signal_id))
        assert (row["state"], row["filled"], row["average_price"]) == ("FILLED", "0.1", "50000")
        assert [fill["quantity"] for fill in row["fills"]] == ["0.1"]
        assert (row["cost"]["slippage_bps"], row["cost"]["fees"]) == ("10", {"USDT": "0.5"})

    def test_show_the_evidence_of_a_doubt(self, rehearsal: ExecutionConnection, alice: User) -> None:
        found = [{"at": "2026-11-21T12:00:00+00:00", "source": "fills", "found": "nothing"}]
        order = makers.make_order(log=makers.make_execution(connection=rehearsal), in_doubt=True, evidence=found)

        row = program_of(alice).get(f"{ORDERS}{order.pk}/").json()

        assert (row["in_doubt"], row["acknowledged_at"], row["evidence"]) == (True, None, found)
        assert ids(program_of(alice).get(ORDERS, {"in_doubt": "true"})) == [str(order.pk)]

    def test_filter(self, trade: Trade, alice: User) -> None:
        program = program_of(alice)
        exit_order = makers.make_order(
            log=trade.execution, role="stop", state="SUBMITTED", position=trade.position
        )

        both = [str(exit_order.pk), str(trade.order.pk)]
        assert ids(program.get(ORDERS, {"execution": str(trade.execution.pk)})) == both
        assert ids(program.get(ORDERS, {"signal": str(trade.execution.signal_id)})) == both
        assert ids(program.get(ORDERS, {"position": str(trade.position.pk), "role": "stop"})) == both[:1]
        assert ids(program.get(ORDERS, {"state": "FILLED"})) == both[1:]
        assert ids(program.get(ORDERS, {"connection": NOBODY})) == []
        assert fields(program.get(ORDERS, {"state": "LOST"})) == {"state": "INVALID_CHOICE"}

    def test_list_costs_one_query(
        self, trade: Trade, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        program = program_of(alice)
        for sequence in range(2, 6):
            makers.make_cost(makers.make_order(log=trade.execution, sequence=sequence))

        with django_assert_num_queries(3):  # the token and its use, and the page
            assert len(ids(program.get(ORDERS))) == 5
        with django_assert_num_queries(3):  # the token, the order, its fills
            program.get(f"{ORDERS}{trade.order.pk}/")

    def test_are_only_read(self, trade: Trade, alice: User) -> None:
        program, path = program_of(alice), f"{ORDERS}{trade.order.pk}/"

        answers = [program.post(ORDERS, {}), program.patch(path, {}), program.put(path, {}), program.delete(path)]

        assert {problem(answer) for answer in answers} == {(405, "METHOD_NOT_ALLOWED")}


class TestFills:
    def test_are_plain_numbers(self, trade: Trade, alice: User) -> None:
        makers.make_fill(order=trade.order, quantity=Decimal("0.00000001"), fee=Decimal("0.000000000000000001"))

        first, _ = program_of(alice).get(FILLS).json()["results"]

        assert (first["quantity"], first["fee"]) == ("0.00000001", "0.000000000000000001")
        assert program_of(alice).get(f"{FILLS}{first['id']}/").json() == first

    def test_are_walked(self, trade: Trade, alice: User) -> None:
        for _ in range(4):
            makers.make_fill(order=trade.order)

        found = [row["id"] for row in walk(program_of(alice), FILLS, 2)]

        assert found == sorted(found, reverse=True)
        assert len(found) == 5

    @pytest.mark.parametrize("key", ["x", "0199d7a4-0000-7000-8000-000000000000", "99999999999999999999999", "-1"])
    def test_that_cannot_exist_are_not_there(self, alice: User, key: str) -> None:
        assert problem(program_of(alice).get(f"{FILLS}{key}/")) == (404, "NOT_FOUND")


class TestBreaks:
    @pytest.fixture
    def difference(self, rehearsal: ExecutionConnection) -> Break:
        return makers.make_break(connection=rehearsal)

    def test_are_settled_with_a_reason(self, difference: Break, alice: User) -> None:
        response = program_of(alice).post(f"{BREAKS}{difference.pk}/resolve/", {"resolution": "Sold by hand."})

        difference.refresh_from_db()
        assert (response.json()["status"], response.json()["resolution"]) == ("RESOLVED", "Sold by hand.")
        assert difference.resolved_by == alice
        assert Event.objects.filter(kind="reconciliation.resolved", actor=alice).exists()

    def test_are_settled_once(self, difference: Break, alice: User) -> None:
        program, path = program_of(alice), f"{BREAKS}{difference.pk}/resolve/"
        program.post(path, {"resolution": "Sold by hand."})

        assert problem(program.post(path, {"resolution": "Other."})) == (409, "SETTLED_BEFORE")
        assert Break.objects.get().resolution == "Sold by hand."

    @pytest.mark.parametrize("body", [{}, {"resolution": ""}, {"resolution": "x" * 301}, {"resolution": ["x"]}])
    def test_need_words(self, difference: Break, alice: User, body: dict[str, object]) -> None:
        response = program_of(alice).post(f"{BREAKS}{difference.pk}/resolve/", body)

        assert set(fields(response)) == {"resolution"}
        assert Break.objects.get().status == "OPEN"

    def test_show_both_sides(self, difference: Break, alice: User) -> None:
        (row,) = program_of(alice).get(BREAKS, {"status": "OPEN"}).json()["results"]

        assert (row["ours"], row["theirs"]) == ({"quantity": "0.1"}, {"quantity": "0.04"})

    @pytest.mark.parametrize("person", ["charlie", "bob"])
    def test_of_others_are_not_settled(
        self, difference: Break, person: str, request: pytest.FixtureRequest
    ) -> None:
        program = program_of(request.getfixturevalue(person))

        answer = program.post(f"{BREAKS}{difference.pk}/resolve/", {"resolution": "x"})

        assert problem(answer) == (404, "NOT_FOUND")
        assert Break.objects.get().status == "OPEN"


class TestVisibility:
    @pytest.mark.parametrize(
        ("person", "is_seen"), [("alice", True), ("ada", True), ("bob", False), ("charlie", False)]
    )
    def test_ends_at_the_account(
        self, trade: Trade, person: str, is_seen: bool, request: pytest.FixtureRequest
    ) -> None:
        program = program_of(request.getfixturevalue(person))
        difference = makers.make_break(connection=trade.order.connection)
        rows = {ORDERS: trade.order.pk, FILLS: trade.fill.pk, BREAKS: difference.pk}

        listed = [ids(program.get(path)) != [] for path in rows]
        shown = [program.get(f"{path}{key}/").status_code for path, key in rows.items()]

        assert listed == [is_seen] * 3
        assert shown == [200 if is_seen else 404] * 3

    def test_of_the_house_are_the_providers_too(self, bob: User, alice: User) -> None:
        trade = makers.make_trade(connection=makers.make_connection(owner=None))

        assert ids(program_of(bob).get(ORDERS)) == [str(trade.order.pk)]
        assert ids(program_of(alice).get(ORDERS)) == []
