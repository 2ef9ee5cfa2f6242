"""The first page, activity, and the bell: what is the reader's own, and nothing of others."""

from typing import Any

import pytest

from accounts.models import User
from core.clock import now
from events import services as events
from events.catalogue import Kind
from tests import makers
from tests.people import browser_of

HOME, ACTIVITY = "/", "/activity/"


def context_of(person: User, address: str = HOME, **asked: str) -> Any:
    answer = browser_of(person).get(address, asked)
    assert answer.status_code == 200
    return answer.context


def note(owner: User | None, name: str) -> None:
    """Let something happen to an account of somebody's, or of the house."""
    events.append(
        events.NewEvent(
            kind=Kind.CONNECTION_CHANGED,
            subject_type="connections.executionconnection",
            subject_id="0199d7a4-0000-7000-8000-000000000000",
            owner_id=owner.pk if owner else None,
            occurred_at=now(),
            data={"name": name},
        )
    )


def words(person: User, **asked: str) -> str:
    return " ".join(row.words for row in context_of(person, ACTIVITY, **asked)["rows"])


class TestHome:
    def test_adds_up_what_one_runs_and_nothing_of_others(
        self, alice: User, bob: User, charlie: User, ada: User
    ) -> None:
        makers.make_connection(owner=alice, free={"USDT": "100"})
        makers.make_connection(owner=alice, free={"USDT": "50.5"})
        makers.make_connection(owner=None, free={"USDT": "7"})

        totals = {
            person.name: [row.total for row in context_of(person)["money"]]
            for person in (alice, bob, charlie, ada)
        }

        # An administrator sees every account, but only those of the house are added up as if they were his.
        assert {name: [str(each) for each in found] for name, found in totals.items()} == {
            "Alice": ["150.5"], "Bob": ["7"], "Charlie": [], "Ada": ["7"],
        }  # fmt: skip

    def test_never_adds_real_money_to_rehearsals(self, alice: User) -> None:
        makers.make_connection(owner=alice, free={"USDT": "100"})
        makers.make_connection(owner=alice, free={"USDT": "9"}, environment="LIVE", base_url="")

        rows = [(row.environment.text, str(row.total)) for row in context_of(alice)["money"]]

        assert rows == [("Live", "9"), ("Rehearsal", "100")]

    def test_counts_what_waits_for_its_reader_only(self, alice: User, charlie: User) -> None:
        mine = makers.make_connection(owner=alice, is_active=False)
        makers.make_order(log=makers.make_execution(connection=mine), in_doubt=True)
        makers.make_break(connection=mine)

        found = {
            person.name: [context_of(person)[each] for each in ("broken_count", "doubts", "breaks")]
            for person in (alice, charlie)
        }

        assert found == {"Alice": [1, 1, 1], "Charlie": [0, 0, 0]}

    def test_shows_positions_of_ones_own(self, alice: User, charlie: User, ada: User) -> None:
        makers.make_trade(connection=makers.make_connection(owner=alice))

        counts = [context_of(person)["held"].count for person in (alice, charlie, ada)]

        assert counts == [1, 0, 0]


class TestActivity:
    @pytest.mark.parametrize("person", ["alice", "bob", "charlie"])
    def test_of_the_house_is_for_administrators(
        self, person: str, ada: User, alice: User, request: pytest.FixtureRequest
    ) -> None:
        note(None, "House account")
        note(alice, "Savings")
        reader = request.getfixturevalue(person)

        assert "House account" in words(ada, of="house")
        assert "House account" not in words(reader, of="house")
        assert ("Savings" in words(reader, of="house")) == (person == "alice")

    def test_never_tells_who_else_did_it(self, alice: User, ada: User) -> None:
        events.append(
            events.NewEvent(
                kind=Kind.CONNECTION_PAUSED, subject_type="connections.executionconnection",
                subject_id="0199d7a4-0000-7000-8000-000000000000", owner_id=alice.pk, actor_id=ada.pk, occurred_at=now(),
                data={"name": "Savings", "reason": "audit"},
            )
        )  # fmt: skip

        answer = browser_of(alice).get(ACTIVITY)

        assert "somebody else" in [row.by for row in answer.context["rows"]]
        assert b"ada@example.org" not in answer.content
