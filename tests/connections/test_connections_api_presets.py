"""presets/ and data-connections/, for programs."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from connections.models import DataConnection, ExecutionConnection, TradingPreset
from connections.preset_specs import SPECS
from tests import makers
from tests.people import program_of
from tests.rest import API, NOBODY, fields, ids, problem

HERE = f"{API}/presets/"
SOURCES = f"{API}/data-connections/"


class TestPresets:
    def test_are_made_with_checked_values(self, alice: User) -> None:
        values = {
            "sizing_mode": "risk_percent",
            "size": 1.50,
            "max_open_positions": "5",
            "excluded_symbols": ["doge/usdt"],
        }

        response = program_of(alice).post(HERE, {"name": "Careful", "values": values})

        assert response.status_code == 201
        assert response.json()["values"] == {
            "sizing_mode": "RISK_PERCENT",
            "size": "1.5",
            "max_open_positions": 5,
            "excluded_symbols": ["DOGE/USDT"],
        }
        assert TradingPreset.objects.get().owner == alice

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"size": "-1"}, "size"),
            ({"size": "NaN"}, "size"),
            ({"size": "0"}, "size"),
            ({"size": 1e30}, "size"),
            ({"size": [1]}, "size"),
            ({"max_open_positions": "2.5"}, "max_open_positions"),
            ({"leverage": "126"}, "leverage"),
            ({"leverage": "2.5"}, "leverage"),
            ({"sizing_mode": "PERCENT_OF_BALANCE", "size": "100.5"}, "size"),
            ({"sizing_mode": "RISK_PERCENT", "size": "500"}, "size"),
            ({"sizing_mode": "ALL_IN"}, "sizing_mode"),
            ({"allowed_symbols": ["BTC USDT;DROP"]}, "allowed_symbols"),
            ({"allowed_symbols": [f"A{number}" for number in range(501)]}, "allowed_symbols"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_name_the_value_that_does_not_fit(self, alice: User, values: dict[str, Any], field: str) -> None:
        response = program_of(alice).post(HERE, {"name": "x", "values": values})

        assert fields(response) == {f"values.{field}": "INVALID"}

    @pytest.mark.parametrize(
        "body", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "x", "values": [1]}, [1], "x"]
    )
    def test_refuse_other_bodies(self, alice: User, body: Any) -> None:
        assert problem(program_of(alice).post(HERE, body)) == (400, "INVALID_INPUT")

    def test_rise_by_a_version_with_their_values(self, alice: User) -> None:
        preset = makers.make_preset(owner=alice, values={"size": "2"})
        program = program_of(alice)

        renamed = program.patch(f"{HERE}{preset.pk}/", {"name": "New"}).json()
        changed = program.patch(f"{HERE}{preset.pk}/", {"values": {"size": "3"}}).json()

        assert (renamed["name"], renamed["version"]) == ("New", 1)
        assert (changed["values"], changed["version"]) == ({"size": "3"}, 2)

    def test_are_cloned_from_all_that_one_sees(self, alice: User) -> None:
        house = makers.make_preset(owner=None, values={"size": "2"})

        response = program_of(alice).post(f"{HERE}{house.pk}/clone/", {"name": "Mine"})

        assert (response.status_code, response.json()["is_house"]) == (201, False)
        assert response.json()["values"] == {"size": "2"}

    def test_are_cloned_once_under_one_key(self, alice: User) -> None:
        house, program = makers.make_preset(owner=None), program_of(alice)

        answers = [
            program.post(f"{HERE}{house.pk}/clone/", {"name": "Mine"}, headers={"Idempotency-Key": '"a"'}).json()
            for _ in range(2)
        ]

        assert answers[0] == answers[1]

    def test_go_when_nothing_uses_them(self, alice: User, rehearsal: ExecutionConnection) -> None:
        preset, program = makers.make_preset(owner=alice), program_of(alice)
        rehearsal.preset = preset
        rehearsal.save()

        assert problem(program.delete(f"{HERE}{preset.pk}/")) == (409, "PRESET_IN_USE")
        rehearsal.preset = None
        rehearsal.save()
        assert program.delete(f"{HERE}{preset.pk}/").status_code == 204

    def test_of_the_house_are_for_all_to_read_and_administrators_to_write(self, alice: User, ada: User) -> None:
        made = program_of(ada).post(HERE, {"name": "House", "is_house": True}).json()

        assert program_of(alice).get(f"{HERE}{made['id']}/").json()["is_house"] is True
        assert problem(program_of(alice).patch(f"{HERE}{made['id']}/", {"name": "x"}))[0] == 403
        assert problem(program_of(alice).delete(f"{HERE}{made['id']}/"))[0] == 403
        assert problem(program_of(alice).post(HERE, {"name": "x", "is_house": True}))[0] == 403

    def test_of_others_are_not_there(self, alice: User, charlie: User) -> None:
        preset, program = makers.make_preset(owner=alice), program_of(charlie)

        answers = [
            program.get(f"{HERE}{preset.pk}/"),
            program.patch(f"{HERE}{preset.pk}/", {"name": "x"}),
            program.delete(f"{HERE}{preset.pk}/"),
            program.post(f"{HERE}{preset.pk}/clone/", {"name": "x"}),
            program.get(f"{HERE}{NOBODY}/"),
        ]

        assert {problem(answer) for answer in answers} == {(404, "NOT_FOUND")}
        assert ids(program.get(HERE)) == []

    def test_are_described_value_by_value(self, alice: User) -> None:
        schema = program_of(alice).get("/api/schema/", headers={"accept": "application/json"}).json()

        described = schema["components"]["schemas"]["NewPresetInput"]["properties"]
        assert set(described["values"]["properties"]) == {spec.name for spec in SPECS}

    def test_list_costs_one_query(self, alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        program = program_of(alice)
        program.get(HERE)
        for _ in range(4):
            makers.make_preset(owner=alice)

        with django_assert_num_queries(2):  # the token, and the page
            assert len(ids(program.get(HERE))) == 4


class TestDataConnections:
    def test_are_read_and_stopped_by_administrators(self, rehearsal: ExecutionConnection, ada: User) -> None:
        program, source = program_of(ada), DataConnection.objects.get()

        assert ids(program.get(SOURCES)) == [str(source.pk)]
        assert program.patch(f"{SOURCES}{source.pk}/", {"is_active": False}).json()["is_active"] is False

    def test_keep_what_names_the_venue(self, rehearsal: ExecutionConnection, ada: User) -> None:
        path = f"{SOURCES}{DataConnection.objects.get().pk}/"

        assert fields(program_of(ada).patch(path, {"base_url": "http://evil.example"})) == {
            "base_url": "UNKNOWN_FIELD"
        }

    @pytest.mark.parametrize("person", ["alice", "bob", "charlie"])
    def test_are_not_there_for_others(
        self, rehearsal: ExecutionConnection, person: str, request: pytest.FixtureRequest
    ) -> None:
        program = program_of(request.getfixturevalue(person))
        path = f"{SOURCES}{DataConnection.objects.get().pk}/"

        answers = [program.get(SOURCES), program.get(path), program.patch(path, {"is_active": False})]

        assert {problem(answer) for answer in answers} == {(404, "NOT_FOUND")}
