"""signals/ from draft to approved, for programs."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.scopes import Scope
from connections.models import ExecutionConnection
from core.clock import now
from events import operational
from signals.models import Channel, Signal
from signals.rules import SignalStatus
from tests import makers
from tests.people import browser_of, program_of
from tests.rest import API, NOBODY, fields, ids, problem, walk

HERE = f"{API}/signals/"


@pytest.fixture
def channel(bob: User) -> Channel:
    return makers.make_channel(owner=bob)


def buy(channel: Channel, /, **changes: Any) -> dict[str, Any]:
    body = {
        "channel": str(channel.pk),
        "currency_pair": "BTC/USDT",
        "direction": "BUY",
        "open_price": "50000",
        "sl": "49000",
        "targets": [{"price": "51000", "share": "0.5"}, {"price": "53000.10", "share": "0.5"}],
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


class TestCreate:
    def test_takes_a_draft_in(self, bob: User, channel: Channel) -> None:
        expiry = (now() + timedelta(hours=1)).isoformat()

        response = program_of(bob).post(HERE, buy(channel, expires_at=expiry, note="Why not.", external_id="7"))

        row = response.json()
        assert response.status_code == 201
        assert (row["status"], row["version"], row["source"], row["external_id"]) == ("DRAFT", 1, "api", "7")
        assert row["targets"] == [{"price": "51000", "share": "0.5"}, {"price": "53000.1", "share": "0.5"}]
        assert (row["open_price"], row["sl"], row["order_type"]) == ("50000", "49000", "MARKET")
        assert Signal.objects.get().author == bob

    def test_enters_as_the_house_says_when_the_signal_does_not(
        self, bob: User, ada: User, channel: Channel
    ) -> None:
        operational.change(name="signals.default_order_type", raw="LIMIT", actor=ada, now=now())
        operational.forget()

        said, unsaid = buy(channel, order_type="MARKET"), buy(channel)
        rows = [program_of(bob).post(HERE, body).json() for body in (said, unsaid)]

        assert [row["order_type"] for row in rows] == ["MARKET", "LIMIT"]
        body = buy(channel, open_price=..., order_type=...)
        assert fields(program_of(bob).post(HERE, body)) == {"open_price": "PRICE_MISSING"}

    def test_keeps_every_digit_of_a_number(self, bob: User, channel: Channel) -> None:
        program = program_of(bob)
        body = '{"channel": "%s", "currency_pair": "BTC/USDT", "direction": "BUY", "sl": 0.123456789012345678}'

        row = program.generic("POST", HERE, body % channel.pk, content_type="application/json").json()

        assert row["sl"] == "0.123456789012345678"

    @pytest.mark.parametrize(
        ("change", "errors"),
        [
            ({"currency_pair": "BTCUSDT"}, {"currency_pair": "NOT_A_PAIR"}),
            ({"currency_pair": "x" * 42}, {"currency_pair": "MAX_LENGTH"}),
            ({"direction": "UP"}, {"direction": "INVALID_CHOICE"}),
            ({"direction": ...}, {"direction": "REQUIRED"}),
            ({"order_type": "STOP_LIMIT"}, {"order_type": "UNSUPPORTED_TYPE"}),
            ({"order_type": "LIMIT", "open_price": None}, {"open_price": "PRICE_MISSING"}),
            ({"open_price": "-1"}, {"open_price": "NOT_POSITIVE"}),
            ({"open_price": 0}, {"open_price": "NOT_POSITIVE"}),
            ({"open_price": "NaN"}, {"open_price": "NOT_A_NUMBER"}),
            ({"open_price": "1e400"}, {"open_price": "NOT_A_NUMBER"}),
            ({"open_price": True}, {"open_price": "INVALID"}),
            ({"open_price": [1]}, {"open_price": "INVALID"}),
            ({"sl": "0.1234567890123456789"}, {"sl": "TOO_FINE"}),
            ({"sl": "51000"}, {"sl": "STOP_WRONG_SIDE"}),
            ({"targets": [{"price": "49000"}]}, {"targets": "TARGET_WRONG_SIDE"}),
            ({"targets": [{"price": "51000"}, {"price": "52000"}]}, {"targets": "SHARE_MISSING"}),
            ({"targets": [{"price": "51000", "share": "1.1"}]}, {"targets": "SHARE_OUT_OF_BOUNDS"}),
            ({"targets": [{"price": "51000", "shares": "0.5"}]}, {"targets.0.shares": "UNKNOWN_FIELD"}),
            ({"targets": ["51000"]}, {"targets.0": "INVALID"}),
            ({"targets": [{"price": str(51000 + n), "share": "0.01"} for n in range(11)]},
             {"targets": "TOO_MANY_TARGETS"}),
            ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "EXPIRY_PAST"}),
            ({"expires_at": "2030-01-01T00:00:00"}, {"expires_at": "NO_ZONE"}),
            ({"time_in_force": "GTD"}, {"expires_at": "EXPIRY_MISSING"}),
            ({"max_drift_bps": "10001"}, {"max_drift_bps": "OUT_OF_BOUNDS"}),
            ({"note": "x" * 2001}, {"note": "MAX_LENGTH"}),
            ({"external_id": "x" * 121}, {"external_id": "MAX_LENGTH"}),
            ({"stop": "49000"}, {"stop": "UNKNOWN_FIELD"}),
            ({"status": "PUBLISHED"}, {"status": "UNKNOWN_FIELD"}),
            ({"channel": NOBODY}, {"channel": "DOES_NOT_EXIST"}),
            ({"channel": "swings"}, {"channel": "INVALID"}),
        ],
    )  # fmt: skip
    def test_names_what_does_not_fit(
        self, bob: User, channel: Channel, change: dict[str, Any], errors: dict[str, str]
    ) -> None:
        found = fields(program_of(bob).post(HERE, buy(channel, **change)))

        assert {name.removesuffix(".non_field_errors"): code for name, code in found.items()} == errors
        assert not Signal.objects.exists()

    def test_knows_what_no_venue_lists(self, bob: User, channel: Channel, rehearsal: ExecutionConnection) -> None:
        response = program_of(bob).post(HERE, buy(channel, currency_pair="ETC/USDT"))

        assert fields(response) == {"currency_pair": "UNKNOWN_SYMBOL"}

    def test_refuses_the_same_twice_with_the_id_of_the_first(self, bob: User, channel: Channel) -> None:
        program = program_of(bob)
        first = program.post(HERE, buy(channel, external_id="7")).json()

        by_id = program.post(HERE, buy(channel, external_id="7", sl="48000"))
        by_content = program.post(HERE, buy(channel))

        assert problem(by_id) == problem(by_content) == (409, "DUPLICATE_SIGNAL")
        assert by_id.json()["signal"] == by_content.json()["signal"] == first["id"]

    def test_keeps_the_ids_of_two_channels_apart(self, bob: User, channel: Channel, ada: User) -> None:
        other = makers.make_channel(owner=None)
        program_of(ada).post(HERE, buy(other, external_id="7"))

        assert program_of(bob).post(HERE, buy(channel, external_id="7")).status_code == 201

    def test_does_it_once_under_one_key(self, bob: User, channel: Channel) -> None:
        program = program_of(bob)

        answers = [program.post(HERE, buy(channel), headers={"Idempotency-Key": "k"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert Signal.objects.count() == 1

    def test_takes_no_channel_of_others(self, channel: Channel, alice: User) -> None:
        other_provider = makers.make_channel().owner
        assert other_provider is not None

        response = program_of(other_provider).post(HERE, buy(channel))
        as_subscriber = browser_of(alice).post(HERE, buy(channel), content_type="application/json")

        assert fields(response) == fields(as_subscriber) == {"channel": "DOES_NOT_EXIST"}

    def test_needs_the_scope_publish(self, bob: User, channel: Channel) -> None:
        trader = program_of(bob, scopes=[Scope.READ, Scope.TRADE])

        assert problem(trader.post(HERE, buy(channel))) == (403, "INSUFFICIENT_SCOPE")


class TestApprove:
    def test_lets_a_draft_be_published(self, bob: User, channel: Channel) -> None:
        draft = makers.make_signal(channel=channel, status=SignalStatus.DRAFT)

        row = program_of(bob).post(f"{HERE}{draft.pk}/approve/").json()

        assert row["status"] == "APPROVED"
        assert row["approved_at"].endswith("Z")

    def test_refuses_what_is_no_draft(self, bob: User, channel: Channel) -> None:
        published = makers.make_signal(channel=channel)

        assert problem(program_of(bob).post(f"{HERE}{published.pk}/approve/")) == (409, "ILLEGAL_TRANSITION")

    @pytest.mark.parametrize("person", ["alice", "charlie"])
    def test_is_for_nobody_else(self, channel: Channel, person: str, request: pytest.FixtureRequest) -> None:
        published = makers.make_signal(channel=channel)
        browser = browser_of(request.getfixturevalue(person))

        assert problem(browser.post(f"{HERE}{published.pk}/approve/"))[0] == 404


class TestRead:
    @pytest.mark.parametrize("status", [SignalStatus.DRAFT, SignalStatus.APPROVED])
    def test_hides_drafts_from_all_but_their_provider(
        self, channel: Channel, bob: User, alice: User, ada: User, status: SignalStatus
    ) -> None:
        signal = makers.make_signal(channel=channel, status=status)
        path = f"{HERE}{signal.pk}/"

        assert program_of(bob).get(path).status_code == program_of(ada).get(path).status_code == 200
        assert problem(program_of(alice).get(path)) == (404, "NOT_FOUND")
        assert problem(program_of(alice).get(f"{path}versions/")) == (404, "NOT_FOUND")
        assert ids(program_of(alice).get(HERE)) == []

    def test_shows_everybody_what_was_published(self, channel: Channel, charlie: User) -> None:
        signal = makers.make_signal(channel=channel)

        assert program_of(charlie).get(f"{HERE}{signal.pk}/").json()["sl"] == "49000"

    def test_lists_versions(self, channel: Channel, alice: User) -> None:
        signal = makers.make_signal(channel=channel)

        (version,) = program_of(alice).get(f"{HERE}{signal.pk}/versions/").json()["results"]

        assert (version["version"], version["terms"]["sl"]) == (1, "49000")

    def test_filters(self, channel: Channel, alice: User) -> None:
        mine, withdrawn = makers.make_signal(channel=channel), makers.make_signal(status=SignalStatus.WITHDRAWN)
        program = program_of(alice)

        assert ids(program.get(HERE, {"channel": str(channel.pk)})) == [str(mine.pk)]
        assert ids(program.get(HERE, {"status": "WITHDRAWN"})) == [str(withdrawn.pk)]
        assert ids(program.get(HERE, {"channel": NOBODY})) == []
        assert fields(program.get(HERE, {"channel": "x"})) == {"channel": "INVALID"}
        assert fields(program.get(HERE, {"chanel": "x"})) == {"chanel": "UNKNOWN_PARAMETER"}

    def test_is_walked_newest_first(self, channel: Channel, alice: User) -> None:
        made = [str(makers.make_signal(channel=channel).pk) for _ in range(5)]

        assert [row["id"] for row in walk(program_of(alice), HERE, 2)] == sorted(made, reverse=True)

    def test_costs_one_query(
        self, channel: Channel, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        program = program_of(alice)
        program.get(HERE)
        for _ in range(4):
            makers.make_signal(channel=channel)

        with django_assert_num_queries(2):  # the token, and the page
            assert len(ids(program.get(HERE))) == 4
