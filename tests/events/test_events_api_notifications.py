"""Notifications as programs read them."""

from accounts.models import User
from accounts.scopes import Scope
from events import selectors
from tests.events.telling import told
from tests.people import NOON, program_of
from tests.rest import API, NOBODY, fields, ids, problem, walk

PATH = f"{API}/notifications/"


class TestList:
    def test_shows_ones_own_newest_first(self, alice: User, charlie: User) -> None:
        first, second = told(alice), told(alice)
        told(charlie)

        assert ids(program_of(alice).get(PATH)) == [str(second.pk), str(first.pk)]

    def test_tells_what_happened(self, alice: User) -> None:
        told(alice)

        (row,) = program_of(alice).get(PATH).json()["results"]
        assert row["title"] == "Failed: buy BTC/USDT on Main"
        assert (row["concern"], row["tone"], row["kind"]) == ("FAILED", "bad", "execution.failed")
        assert (row["occurred_at"], row["read_at"]) == ("2026-11-21T12:00:00Z", None)
        assert "fact" not in row

    def test_goes_page_by_page(self, alice: User) -> None:
        made = [str(told(alice).pk) for _ in range(5)]

        assert [row["id"] for row in walk(program_of(alice), PATH, 2)] == made[::-1]

    def test_filters(self, alice: User) -> None:
        told(alice, read_at=NOON)
        unread = told(alice)
        program = program_of(alice)

        assert ids(program.get(PATH, {"unread": "true"})) == [str(unread.pk)]
        assert ids(program.get(PATH, {"concern": "EXITED"})) == []
        assert "concern" in fields(program.get(PATH, {"concern": "NONE"}))
        assert problem(program.get(PATH, {"read": "true"}))[0] == 400


class TestRead:
    def test_notes_the_first_time(self, alice: User) -> None:
        row, program = told(alice), program_of(alice)

        first = program.post(f"{PATH}{row.pk}/read/").json()["read_at"]

        assert first is not None
        assert program.post(f"{PATH}{row.pk}/read/").json()["read_at"] == first

    def test_takes_all(self, alice: User, charlie: User) -> None:
        told(alice), told(alice), told(charlie)

        assert program_of(alice).post(f"{PATH}read/").json() == {"read": 2}
        assert selectors.count_unread(charlie) == 1

    def test_answers_the_same_under_one_key(self, alice: User) -> None:
        told(alice)
        program, key = program_of(alice), {"Idempotency-Key": "k"}

        answers = [program.post(f"{PATH}read/", headers=key).json() for _ in range(2)]

        assert answers == [{"read": 1}, {"read": 1}]

    def test_takes_no_body(self, alice: User) -> None:
        told(alice)

        assert fields(program_of(alice).post(f"{PATH}read/", {"until": "now"})) == {"until": "UNKNOWN_FIELD"}
        assert selectors.count_unread(alice) == 1

    def test_knows_nothing_of_anothers(self, alice: User, charlie: User) -> None:
        row = told(alice)

        assert problem(program_of(charlie).post(f"{PATH}{row.pk}/read/")) == (404, "NOT_FOUND")
        assert problem(program_of(charlie).get(f"{PATH}{row.pk}/")) == (404, "NOT_FOUND")
        assert problem(program_of(charlie).post(f"{PATH}{NOBODY}/read/")) == (404, "NOT_FOUND")
        assert selectors.count_unread(alice) == 1

    def test_needs_a_token_that_may_write(self, alice: User) -> None:
        told(alice)

        assert problem(program_of(alice, scopes=[Scope.READ]).post(f"{PATH}read/"))[0] == 403
