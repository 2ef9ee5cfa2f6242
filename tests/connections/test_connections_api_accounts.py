"""connections/ and kinds/: accounts at venues, for programs."""

import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.scopes import Scope
from connections import access
from connections.health import HealthStatus
from connections.models import ExecutionConnection
from events.models import Event
from tests import factories, makers
from tests.people import browser_of, program_of
from tests.rest import API, NOBODY, Sent, fields, ids, problem, walk

HERE = f"{API}/connections/"
KEY, SECRET = "k3y-of-alice-abcdefgh-1111", "s3cret-of-alice-ijklmnop-2222"
NEW: dict[str, Any] = {
    "name": "Main",
    "type": "ccxt",
    "exchange_name": "binance",
    "environment": "REHEARSAL",
    "base_url": factories.NOWHERE,
    "credentials": {"apiKey": KEY, "secret": SECRET},
}


def of(connection: ExecutionConnection) -> str:
    return f"{HERE}{connection.pk}/"


class TestCreate:
    def test_makes_an_account_and_tests_it(
        self, alice: User, sent: Sent, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            response = program_of(alice).post(HERE, NEW)

        made = ExecutionConnection.objects.get()
        assert response.status_code == 201
        assert (made.owner, made.name, made.market) == (alice, "Main", "SPOT")
        assert access.access_of(made).credentials == {"apiKey": KEY, "secret": SECRET}
        assert ("TestConnectionHealthJob", {"connection_ids": [str(made.pk)]}) in sent()

    def test_never_gives_a_secret_back(self, alice: User) -> None:
        program = program_of(alice)
        made = program.post(HERE, NEW)

        answers = [made, program.get(HERE), program.get(f"{HERE}{made.json()['id']}/")]

        text = b"".join(answer.content for answer in answers)
        assert KEY.encode() not in text
        assert SECRET.encode() not in text
        assert made.json()["credentials_hint"] == {"apiKey": "1111", "secret": "2222"}
        assert made.json()["credentials_set_at"].endswith("Z")
        assert SECRET not in json.dumps(list(Event.objects.values_list("data", flat=True)))

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "x" * 81}, "name"),
            ({"type": "fix"}, "type"),
            ({"exchange_name": "no-such"}, "exchange_name"),
            ({"market": "FUTURES"}, "market"),
            ({"environment": "PAPER"}, "environment"),
            ({"environment": "TESTNET", "exchange_name": "kraken", "base_url": ""}, "environment"),
            ({"base_url": ""}, "base_url"),
            ({"base_url": "file:///etc/passwd"}, "base_url"),
            ({"environment": "LIVE"}, "base_url"),
            ({"credentials": {"apiKey": KEY}}, "credentials.secret"),
            ({"credentials": {"apiKey": KEY, "secret": SECRET, "colour": "red"}}, "credentials"),
            ({"credentials": {"apiKey": KEY, "secret": "x" * 9000}}, "credentials.secret"),
            ({"credentials": {"apiKey": KEY, "secret": "a\x07b"}}, "credentials.secret"),
            ({"credentials": {"apiKey": KEY, "secret": {"a": 1}}}, "credentials.secret"),
            ({"credentials": [KEY]}, "credentials"),
            ({"settings": {"leverage": 5}}, "settings.leverage"),
            ({"settings": {"aliases": {"EUR/USD": 5.5}}}, "settings.aliases.EUR/USD"),
            ({"preset": NOBODY}, "preset"),
            ({"preset": "x"}, "preset"),
            ({"owner": NOBODY}, "owner"),
            ({"status": "ACTIVE"}, "status"),
        ],
    )
    def test_names_what_does_not_fit(self, alice: User, change: dict[str, Any], field: str) -> None:
        response = program_of(alice).post(HERE, NEW | change)

        assert set(fields(response)) == {field}
        assert SECRET.encode() not in response.content
        assert not ExecutionConnection.objects.exists()

    def test_refuses_a_name_twice(self, alice: User) -> None:
        program = program_of(alice)
        program.post(HERE, NEW)

        assert fields(program.post(HERE, NEW | {"name": " Main "})) == {"name": "INVALID"}

    def test_lets_others_have_the_same_name(self, alice: User, charlie: User) -> None:
        program_of(charlie).post(HERE, NEW)

        assert program_of(alice).post(HERE, NEW).status_code == 201

    def test_does_it_once_under_one_key(self, alice: User) -> None:
        program = program_of(alice)
        first = program.post(HERE, NEW, headers={"Idempotency-Key": "k-1"})

        again = program.post(HERE, NEW, headers={"Idempotency-Key": "k-1"})

        assert (again.status_code, again.json()) == (201, first.json())
        assert ExecutionConnection.objects.count() == 1
        assert problem(program.post(HERE, NEW | {"name": "B"}, headers={"Idempotency-Key": "k-1"})) == (
            422, "IDEMPOTENCY_KEY_REUSED",
        )  # fmt: skip

    @pytest.mark.parametrize("person", ["bob", "ada"])
    def test_gives_staff_accounts_to_the_house(self, person: str, request: pytest.FixtureRequest) -> None:
        response = program_of(request.getfixturevalue(person)).post(HERE, NEW | {"is_admin_owned": True})

        assert (response.json()["owner"], response.json()["is_admin_owned"]) == (None, True)

    def test_gives_nobody_else_any(self, alice: User) -> None:
        assert problem(program_of(alice).post(HERE, NEW | {"is_admin_owned": True}))[0] == 403
        assert not ExecutionConnection.objects.exists()

    def test_takes_presets_of_the_owner_and_the_house(self, alice: User) -> None:
        for number, preset in enumerate((makers.make_preset(owner=alice), makers.make_preset(owner=None))):
            body = NEW | {"name": f"n{number}", "preset": str(preset.pk)}
            assert program_of(alice).post(HERE, body).json()["preset"] == str(preset.pk)

    def test_takes_no_preset_of_others(self, alice: User, charlie: User) -> None:
        theirs = makers.make_preset(owner=charlie)

        response = program_of(alice).post(HERE, NEW | {"preset": str(theirs.pk)})

        assert fields(response) == {"preset": "DOES_NOT_EXIST"}

    def test_needs_the_scope_trade(self, alice: User) -> None:
        assert problem(program_of(alice, scopes=[Scope.READ]).post(HERE, NEW)) == (403, "INSUFFICIENT_SCOPE")


class TestList:
    @pytest.fixture
    def all_of_them(self, alice: User, bob: User, charlie: User) -> dict[str, ExecutionConnection]:
        owners = {"alice": alice, "bob": bob, "charlie": charlie, "house": None}
        return {name: makers.make_connection(owner=owner, name=name) for name, owner in owners.items()}

    @pytest.mark.parametrize(
        ("person", "names"),
        [
            ("alice", {"alice"}),
            ("bob", {"bob", "house"}),
            ("charlie", {"charlie"}),
            ("ada", {"alice", "bob", "charlie", "house"}),
        ],
    )
    def test_shows_everybody_their_own(
        self,
        all_of_them: dict[str, ExecutionConnection],
        person: str,
        names: set[str],
        request: pytest.FixtureRequest,
    ) -> None:
        program = program_of(request.getfixturevalue(person))

        assert {row["name"] for row in program.get(HERE).json()["results"]} == names
        seen = {name for name, each in all_of_them.items() if program.get(of(each)).status_code == 200}
        assert seen == names

    def test_is_walked_page_by_page(self, alice: User) -> None:
        for _ in range(5):
            makers.make_connection(owner=alice)

        found = [row["name"] for row in walk(program_of(alice), HERE, 2)]

        assert sorted(found) == sorted(ExecutionConnection.objects.values_list("name", flat=True))

    def test_costs_the_same_for_many(self, alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        program = program_of(alice)
        program.get(HERE)
        for _ in range(5):
            makers.make_connection(owner=alice, status=HealthStatus.UNTESTED)
            makers.make_connection(owner=alice)

        with django_assert_num_queries(2):  # the token, and the page
            program.get(HERE)

    def test_filters(self, alice: User) -> None:
        broken = makers.make_connection(owner=alice, status=HealthStatus.ERROR)
        paused = makers.make_connection(owner=alice, is_active=False)
        program = program_of(alice)

        assert ids(program.get(HERE, {"status": "ERROR"})) == [str(broken.pk)]
        assert ids(program.get(HERE, {"is_active": "false"})) == [str(paused.pk)]
        assert fields(program.get(HERE, {"status": "BROKEN"})) == {"status": "INVALID_CHOICE"}
        assert fields(program.get(HERE, {"owner": NOBODY})) == {"owner": "UNKNOWN_PARAMETER"}

    def test_shows_health_and_balance(self, rehearsal: ExecutionConnection, alice: User) -> None:
        row = program_of(alice).get(of(rehearsal)).json()

        assert row["health"]["can_execute_trades"] is True
        assert row["health"]["status"] == "ACTIVE"
        assert row["balance"]["assets"] == {"USDT": {"free": "10000", "total": "10000"}}
        assert row["created_at"].endswith("Z")

    def test_serves_the_browser_too(self, rehearsal: ExecutionConnection, alice: User) -> None:
        assert ids(browser_of(alice).get(HERE)) == [str(rehearsal.pk)]

    def test_is_closed_to_nobody_in_particular(self, client: Any, db: None) -> None:
        assert problem(client.get(HERE)) == (401, "NOT_AUTHENTICATED")


class TestChange:
    def test_changes_name_preset_and_aliases(self, rehearsal: ExecutionConnection, alice: User) -> None:
        preset = makers.make_preset(owner=alice)
        body = {"name": "B", "preset": str(preset.pk), "settings": {"aliases": {"EUR/USD": "EURUSD.m"}}}

        response = program_of(alice).patch(of(rehearsal), body)

        rehearsal.refresh_from_db()
        assert response.status_code == 200
        assert (rehearsal.name, rehearsal.preset) == ("B", preset)
        assert rehearsal.settings == {"aliases": {"EUR/USD": "EURUSD.m"}}

    def test_keeps_what_is_not_named_and_takes_away_what_is_null(
        self, rehearsal: ExecutionConnection, alice: User
    ) -> None:
        rehearsal.preset = makers.make_preset(owner=alice)
        rehearsal.save()

        assert program_of(alice).patch(of(rehearsal), {"name": "C"}).json()["preset"] is not None
        assert program_of(alice).patch(of(rehearsal), {"preset": None}).json()["preset"] is None

    @pytest.mark.parametrize("name", ["market", "environment", "base_url", "is_active", "credentials", "owner"])
    def test_changes_nothing_else(self, rehearsal: ExecutionConnection, alice: User, name: str) -> None:
        assert fields(program_of(alice).patch(of(rehearsal), {name: "LIVE"})) == {name: "UNKNOWN_FIELD"}

    def test_gives_an_account_no_preset_of_the_administrators_choice_of_others(
        self, rehearsal: ExecutionConnection, charlie: User, ada: User
    ) -> None:
        theirs = makers.make_preset(owner=charlie)

        assert set(fields(program_of(ada).patch(of(rehearsal), {"preset": str(theirs.pk)}))) == {"preset"}


class TestCredentials:
    def test_are_replaced_and_tested(self, rehearsal: ExecutionConnection, alice: User) -> None:
        body = {"credentials": {"apiKey": KEY, "secret": SECRET}}

        response = program_of(alice).put(f"{of(rehearsal)}credentials/", body)

        rehearsal.refresh_from_db()
        assert response.json()["credentials_hint"] == {"apiKey": "1111", "secret": "2222"}
        assert SECRET.encode() not in response.content
        assert rehearsal.status == HealthStatus.UNTESTED
        assert access.access_of(rehearsal).credentials["secret"] == SECRET

    def test_are_not_for_the_administrator(self, rehearsal: ExecutionConnection, ada: User) -> None:
        body = {"credentials": {"apiKey": KEY, "secret": SECRET}}

        assert problem(program_of(ada).put(f"{of(rehearsal)}credentials/", body))[0] == 403
        assert access.access_of(rehearsal).credentials == factories.CREDENTIALS

    def test_cannot_be_read(self, rehearsal: ExecutionConnection, alice: User) -> None:
        assert problem(program_of(alice).get(f"{of(rehearsal)}credentials/"))[0] == 405


class TestActs:
    def test_pause_and_resume(self, rehearsal: ExecutionConnection, alice: User) -> None:
        program = program_of(alice)

        paused = program.post(f"{of(rehearsal)}pause/", {"reason": "Holiday."}).json()["health"]
        again = program.post(f"{of(rehearsal)}pause/", {"reason": "Other."}).json()["health"]
        resumed = program.post(f"{of(rehearsal)}resume/").json()["health"]

        assert (paused["is_active"], paused["paused_reason"]) == (False, "Holiday.")
        assert again["paused_reason"] == "Holiday."
        assert (resumed["is_active"], resumed["paused_reason"]) == (True, "")

    def test_test_asks_a_worker_and_says_where_to_look(
        self,
        rehearsal: ExecutionConnection,
        alice: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            response = program_of(alice).post(f"{of(rehearsal)}test/")

        assert (response.status_code, response.headers["Location"]) == (202, of(rehearsal))
        assert sent() == [("TestConnectionHealthJob", {"connection_ids": [str(rehearsal.pk)]})]

    def test_test_is_not_asked_for_all_the_time(self, rehearsal: ExecutionConnection, alice: User) -> None:
        program = program_of(alice)
        program.post(f"{of(rehearsal)}test/")

        response = program.post(f"{of(rehearsal)}test/")

        assert problem(response) == (429, "THROTTLED")
        assert response.headers["Retry-After"] == "5"

    @pytest.mark.parametrize("act", ["test", "resume"])
    def test_take_nothing_else(self, rehearsal: ExecutionConnection, alice: User, act: str) -> None:
        assert fields(program_of(alice).post(f"{of(rehearsal)}{act}/", {"at": "once"})) == {"at": "UNKNOWN_FIELD"}

    def test_delete_removes_what_never_traded(self, rehearsal: ExecutionConnection, alice: User) -> None:
        assert program_of(alice).delete(of(rehearsal)).status_code == 204
        assert not ExecutionConnection.objects.exists()

    def test_delete_keeps_history(self, rehearsal: ExecutionConnection, alice: User) -> None:
        makers.make_trade(connection=rehearsal)

        assert problem(program_of(alice).delete(of(rehearsal))) == (409, "CONNECTION_HAS_HISTORY")

    @pytest.mark.parametrize("person", ["charlie", "bob"])
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("get", ""), ("patch", ""), ("delete", ""), ("put", "credentials/"), ("post", "test/"), ("post", "pause/"),
            ("post", "resume/"),
        ],
    )  # fmt: skip
    def test_are_not_there_for_strangers(
        self,
        rehearsal: ExecutionConnection,
        person: str,
        method: str,
        path: str,
        request: pytest.FixtureRequest,
    ) -> None:
        program = program_of(request.getfixturevalue(person))

        answer = getattr(program, method)(f"{of(rehearsal)}{path}")
        nothing = getattr(program, method)(f"{HERE}{NOBODY}/{path}")

        assert problem(answer) == problem(nothing) == (404, "NOT_FOUND")
        assert answer.json()["detail"] == nothing.json()["detail"]
        assert ExecutionConnection.objects.get().is_active


class TestKinds:
    def test_tells_what_to_enter_where(self, alice: User) -> None:
        (kind,) = program_of(alice).get(f"{API}/kinds/").json()

        binance = next(each for each in kind["exchanges"] if each["name"] == "binance")
        assert (kind["kind"], "SPOT" in kind["markets"]) == ("ccxt", True)
        assert [(each["name"], each["is_required"]) for each in binance["credentials"]] == [
            ("apiKey", True),
            ("secret", True),
        ]
