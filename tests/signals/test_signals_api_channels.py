"""channels/, for programs."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.scopes import Scope
from events.models import Event
from signals.models import Channel
from tests import makers
from tests.people import browser_of, program_of
from tests.rest import API, NOBODY, fields, ids, problem

HERE = f"{API}/channels/"


class TestChannels:
    def test_are_opened_by_providers(self, bob: User) -> None:
        response = program_of(bob).post(HERE, {"name": "Große Wellen!", "description": "Swings."})

        channel = Channel.objects.get()
        assert (response.status_code, channel.owner, channel.slug) == (201, bob, "groe-wellen")
        assert response.json()["provider"] == "Bob"
        assert Event.objects.filter(kind="channel.changed", subject_id=str(channel.pk)).exists()

    def test_of_administrators_belong_to_the_house(self, ada: User) -> None:
        program_of(ada).post(HERE, {"name": "House"})

        assert Channel.objects.get().owner is None

    def test_are_not_opened_by_subscribers(self, alice: User) -> None:
        response = browser_of(alice).post(HERE, {"name": "x"}, content_type="application/json")

        assert problem(response) == (403, "PERMISSION_DENIED")

    def test_need_the_scope_publish(self, bob: User) -> None:
        trader = program_of(bob, scopes=[Scope.READ, Scope.TRADE])

        assert problem(trader.post(HERE, {"name": "x"})) == (403, "INSUFFICIENT_SCOPE")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "name"),
            ({"name": " "}, "name"),
            ({"name": "x" * 81}, "name"),
            ({"name": "a\u202eb"}, "name"),
            ({"name": "x", "description": "y" * 2001}, "description"),
            ({"name": "x", "serves_house": "maybe"}, "serves_house"),
            ({"name": "x", "owner": NOBODY}, "owner"),
            ({"name": "x", "slug": "y"}, "slug"),
            ({"name": "x", "preset": NOBODY}, "preset"),
        ],
    )
    def test_name_what_does_not_fit(self, bob: User, body: dict[str, Any], field: str) -> None:
        assert set(fields(program_of(bob).post(HERE, body))) == {field}

    @pytest.mark.parametrize("name", ["Swings", "swings!", " Swings "])
    def test_have_names_of_their_own(self, bob: User, ada: User, name: str) -> None:
        program_of(ada).post(HERE, {"name": "Swings"})

        assert fields(program_of(bob).post(HERE, {"name": name})) == {"name": "INVALID"}

    def test_have_an_address_whatever_the_letters(self, bob: User) -> None:
        assert program_of(bob).post(HERE, {"name": "波"}).status_code == 201

    def test_take_no_preset_of_others(self, bob: User, alice: User) -> None:
        theirs = makers.make_preset(owner=alice)

        assert set(fields(program_of(bob).post(HERE, {"name": "x", "preset": str(theirs.pk)}))) == {"preset"}

    def test_show_what_followers_inherit(self, bob: User, alice: User) -> None:
        preset = makers.make_preset(owner=bob, values={"size": "2"})
        channel = makers.make_channel(owner=bob, preset=preset)

        assert program_of(alice).get(f"{HERE}{channel.pk}/").json()["defaults"] == {"size": "2"}

    def test_are_changed_and_closed_by_their_provider(self, bob: User) -> None:
        channel = makers.make_channel(owner=bob, slug="old")

        row = program_of(bob).patch(f"{HERE}{channel.pk}/", {"name": "New", "is_active": False}).json()

        assert (row["name"], row["slug"], row["is_active"]) == ("New", "old", False)

    @pytest.mark.parametrize("person", ["alice", "charlie"])
    def test_are_changed_by_nobody_else(self, bob: User, person: str, request: pytest.FixtureRequest) -> None:
        channel = makers.make_channel(owner=bob)
        browser = browser_of(request.getfixturevalue(person))

        response = browser.patch(f"{HERE}{channel.pk}/", {"name": "x"}, content_type="application/json")

        assert problem(response) == (404, "NOT_FOUND")

    def test_that_are_closed_are_seen_by_those_who_run_them(self, bob: User, alice: User, ada: User) -> None:
        closed = makers.make_channel(owner=bob, is_active=False)

        assert ids(program_of(bob).get(HERE)) == ids(program_of(ada).get(HERE)) == [str(closed.pk)]
        assert ids(program_of(alice).get(HERE)) == []
        assert problem(program_of(alice).get(f"{HERE}{closed.pk}/"))[0] == 404

    def test_filter_by_owner(self, bob: User) -> None:
        own, other = makers.make_channel(owner=bob), makers.make_channel(owner=None)

        assert ids(program_of(bob).get(HERE, {"is_mine": "true"})) == [str(own.pk)]
        assert ids(program_of(bob).get(HERE, {"is_mine": "false"})) == [str(other.pk)]

    def test_list_costs_one_query(self, alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        program = program_of(alice)
        program.get(HERE)
        for _ in range(4):
            makers.make_channel(preset=makers.make_preset())

        with django_assert_num_queries(2):  # the token, and the page
            assert len(ids(program.get(HERE))) == 4
