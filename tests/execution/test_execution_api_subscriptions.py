"""subscriptions/, for programs."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from connections.models import ExecutionConnection
from events.models import Event
from execution.models import Subscription
from signals.models import Channel
from tests import makers
from tests.people import program_of
from tests.rest import API, NOBODY, fields, ids, problem

HERE = f"{API}/subscriptions/"


@pytest.fixture
def channel(bob: User) -> Channel:
    return makers.make_channel(owner=bob)


def body(channel: Channel, connection: ExecutionConnection, **more: Any) -> dict[str, Any]:
    return {"channel": str(channel.pk), "connection": str(connection.pk), **more}


class TestSubscribe:
    def test_lets_an_account_follow(self, alice: User, channel: Channel, rehearsal: ExecutionConnection) -> None:
        response = program_of(alice).post(HERE, body(channel, rehearsal, overrides={"multiplier": 0.5}))

        assert response.status_code == 201
        assert response.json()["overrides"] == {"multiplier": "0.5"}
        assert Event.objects.filter(kind="subscription.created", actor=alice).exists()

    def test_names_the_override_that_does_not_fit(
        self, alice: User, channel: Channel, rehearsal: ExecutionConnection
    ) -> None:
        response = program_of(alice).post(HERE, body(channel, rehearsal, overrides={"multiplier": "-1"}))

        assert fields(response) == {"overrides.multiplier": "INVALID"}
        assert not Subscription.objects.exists()

    def test_refuses_to_follow_twice(self, alice: User, channel: Channel, rehearsal: ExecutionConnection) -> None:
        program = program_of(alice)
        program.post(HERE, body(channel, rehearsal))

        assert problem(program.post(HERE, body(channel, rehearsal))) == (409, "SUBSCRIPTION_REFUSED")

    def test_does_it_once_under_one_key(
        self, alice: User, channel: Channel, rehearsal: ExecutionConnection
    ) -> None:
        program, key = program_of(alice), {"Idempotency-Key": "k"}

        answers = [program.post(HERE, body(channel, rehearsal), headers=key) for _ in range(2)]

        assert [(answer.status_code, answer.json()) for answer in answers] == [(201, answers[0].json())] * 2

    def test_takes_no_connection_of_others(
        self, charlie: User, bob: User, channel: Channel, rehearsal: ExecutionConnection
    ) -> None:
        for person in (charlie, bob):
            response = program_of(person).post(HERE, body(channel, rehearsal))
            assert fields(response) == {"connection": "DOES_NOT_EXIST"}
        assert not Subscription.objects.exists()

    def test_takes_no_channel_that_is_closed_to_one(
        self, alice: User, bob: User, rehearsal: ExecutionConnection
    ) -> None:
        closed = makers.make_channel(owner=bob, is_active=False)

        assert set(fields(program_of(alice).post(HERE, body(closed, rehearsal)))) == {"channel"}

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"channel": NOBODY}, "channel"),
            ({"connection": NOBODY}, "connection"),
            ({"connection": 5}, "connection"),
            ({"overrides": []}, "overrides"),
            ({"is_active": False}, "is_active"),
        ],
    )
    def test_names_what_does_not_fit(
        self, alice: User, channel: Channel, rehearsal: ExecutionConnection, change: dict[str, Any], field: str
    ) -> None:
        assert set(fields(program_of(alice).post(HERE, body(channel, rehearsal) | change))) == {field}


class TestChange:
    def test_pauses_and_overrides(self, alice: User, rehearsal: ExecutionConnection) -> None:
        path = f"{HERE}{makers.make_subscription(connection=rehearsal).pk}/"
        program = program_of(alice)

        assert program.patch(path, {"is_active": False}).json()["is_active"] is False
        assert program.patch(path, {"overrides": {"size": "1"}}).json()["overrides"] == {"size": "1"}
        assert program.delete(path).status_code == 204
        assert problem(program.get(path)) == (404, "NOT_FOUND")

    def test_moves_no_subscription_elsewhere(self, alice: User, rehearsal: ExecutionConnection) -> None:
        path = f"{HERE}{makers.make_subscription(connection=rehearsal).pk}/"

        assert fields(program_of(alice).patch(path, {"channel": NOBODY})) == {"channel": "UNKNOWN_FIELD"}

    @pytest.mark.parametrize("person", ["charlie", "bob"])
    def test_is_for_nobody_else(
        self, rehearsal: ExecutionConnection, channel: Channel, person: str, request: pytest.FixtureRequest
    ) -> None:
        path = f"{HERE}{makers.make_subscription(connection=rehearsal, channel=channel).pk}/"
        program = program_of(request.getfixturevalue(person))

        answers = [program.get(path), program.patch(path, {"is_active": False}), program.delete(path)]

        assert {problem(answer) for answer in answers} == {(404, "NOT_FOUND")}
        assert Subscription.objects.get().is_active


class TestList:
    def test_shows_own_ones_at_one_query(
        self,
        alice: User,
        channel: Channel,
        rehearsal: ExecutionConnection,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        mine = makers.make_subscription(connection=rehearsal, channel=channel)
        makers.make_subscription(channel=channel)
        program = program_of(alice)
        program.get(HERE)

        with django_assert_num_queries(2):  # the token, and the page
            assert ids(program.get(HERE)) == [str(mine.pk)]
        assert ids(program.get(HERE, {"connection": NOBODY})) == []
