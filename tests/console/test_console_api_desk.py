"""signals/{id}/preview, publish and withdraw, for programs."""

import json
from datetime import timedelta
from operator import itemgetter

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.scopes import Scope
from connections.models import ExecutionConnection
from core.clock import now
from execution.models import ExecutionLog
from signals.models import Signal
from signals.rules import SignalStatus
from tests import makers
from tests.people import browser_of, program_of
from tests.rest import API, NOBODY, Sent, fields, problem


@pytest.fixture
def signal(bob: User) -> Signal:
    """Bob's, approved."""
    return makers.make_signal(channel=makers.make_channel(owner=bob), status=SignalStatus.APPROVED)


def of(signal: Signal, act: str) -> str:
    return f"{API}/signals/{signal.pk}/{act}/"


class TestPublish:
    def test_publishes_and_starts_the_fan_out(
        self,
        signal: Signal,
        bob: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            response = program_of(bob).post(of(signal, "publish"))

        assert response.json()["status"] == "PUBLISHED"
        assert [name for name, _ in sent()] == ["FanOutJob"]

    def test_publishes_once_under_one_key(
        self,
        signal: Signal,
        bob: User,
        sent: Sent,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        program = program_of(bob)

        with django_capture_on_commit_callbacks(execute=True):
            answers = [program.post(of(signal, "publish"), headers={"Idempotency-Key": "k"}) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert len(sent()) == 1

    @pytest.mark.parametrize(
        "status", [SignalStatus.DRAFT, SignalStatus.PUBLISHED, SignalStatus.WITHDRAWN, SignalStatus.EXPIRED]
    )
    def test_refuses_what_is_not_approved(self, bob: User, status: SignalStatus) -> None:
        signal = makers.make_signal(channel=makers.make_channel(owner=bob), status=status)

        assert problem(program_of(bob).post(of(signal, "publish"))) == (409, "ILLEGAL_TRANSITION")

    def test_refuses_what_has_expired_meanwhile(self, signal: Signal, bob: User) -> None:
        Signal.objects.update(expires_at=now() - timedelta(seconds=1))

        assert problem(program_of(bob).post(of(signal, "publish"))) == (409, "EXPIRY_PAST")

    def test_refuses_a_closed_channel(self, signal: Signal, bob: User) -> None:
        signal.channel.is_active = False
        signal.channel.save()

        assert problem(program_of(bob).post(of(signal, "publish"))) == (409, "CHANNEL_INACTIVE")

    def test_takes_nothing_else(self, signal: Signal, bob: User) -> None:
        assert set(fields(program_of(bob).post(of(signal, "publish"), {"at": "noon"}))) == {"at"}
        assert Signal.objects.get().status == SignalStatus.APPROVED

    def test_needs_the_scope_publish(self, signal: Signal, bob: User) -> None:
        trader = program_of(bob, scopes=[Scope.READ, Scope.TRADE])

        assert problem(trader.post(of(signal, "publish"))) == (403, "INSUFFICIENT_SCOPE")
        assert problem(trader.post(of(signal, "withdraw"))) == (403, "INSUFFICIENT_SCOPE")


class TestWithdraw:
    def test_takes_a_published_signal_back(self, bob: User) -> None:
        signal = makers.make_signal(channel=makers.make_channel(owner=bob))

        row = program_of(bob).post(of(signal, "withdraw")).json()

        assert row["status"] == "WITHDRAWN"
        assert row["withdrawn_at"].endswith("Z")

    def test_refuses_what_is_over(self, bob: User) -> None:
        signal = makers.make_signal(channel=makers.make_channel(owner=bob), status=SignalStatus.EXPIRED)

        assert problem(program_of(bob).post(of(signal, "withdraw"))) == (409, "ILLEGAL_TRANSITION")


class TestPreview:
    @pytest.fixture(autouse=True)
    def _stage(self, signal: Signal, rehearsal: ExecutionConnection, bob: User) -> None:
        """Alice would buy, a house account is too poor, Charlie's is paused, and Bob's own one would buy."""
        makers.make_quote(rehearsal)
        poor = makers.make_connection(owner=None, name="house", free={"USDT": "60"})
        paused = makers.make_connection(name="secret name", is_active=False, paused_reason="Divorce.")
        for connection in (rehearsal, poor, paused, makers.make_connection(owner=bob, name="own")):
            makers.make_subscription(channel=signal.channel, connection=connection)

    def test_shows_providers_own_and_house_accounts_in_full_and_of_others_the_outcome(
        self, signal: Signal, bob: User
    ) -> None:
        found = program_of(bob).get(of(signal, "preview")).json()

        alices, paused = sorted(
            (row for row in found["rows"] if "connection_name" not in row), key=itemgetter("outlook")
        )
        house, own = sorted((row for row in found["rows"] if "connection_name" in row), key=itemgetter("outlook"))
        assert alices == {"outlook": "ENTER", "reason": "", "explanation": ""}
        assert paused == {
            "outlook": "SKIPPED", "reason": "CONNECTION_PAUSED", "explanation": "Connection paused",
        }  # fmt: skip
        assert (house["connection_name"], house["reason"], house["ticket"]) == (
            "house", "NOTIONAL_BELOW_MINIMUM", None,
        )  # fmt: skip
        assert own["ticket"] == {
            "symbol": "BTC/USDT", "side": "BUY", "order_type": "MARKET", "quantity": "0.00999", "price": None,
            "stop_price": None,
        }  # fmt: skip
        assert "secret name" not in json.dumps(found)
        assert "Divorce" not in json.dumps(found)

    def test_counts_all_accounts(self, signal: Signal, bob: User) -> None:
        found = program_of(bob).get(of(signal, "preview"), {"rows": "1"}).json()

        assert (found["accounts"], len(found["rows"])) == (4, 1)
        assert {(row["outlook"], row["reason"]): row["accounts"] for row in found["counts"]} == {
            ("ENTER", ""): 2,
            ("DENIED", "NOTIONAL_BELOW_MINIMUM"): 1,
            ("SKIPPED", "CONNECTION_PAUSED"): 1,
        }

    def test_shows_administrators_everything(self, signal: Signal, ada: User) -> None:
        found = program_of(ada).get(of(signal, "preview")).json()

        assert {row["connection_name"] for row in found["rows"]} == {"Rehearsal", "house", "secret name", "own"}
        assert len(found["rows"]) == 4

    def test_writes_nothing_and_costs_the_same_for_many(
        self, signal: Signal, bob: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        program = program_of(bob)
        program.get(of(signal, "preview"))
        for _ in range(3):
            makers.make_subscription(channel=signal.channel)

        with django_assert_num_queries(7):  # the token, the signal, and five for the cases
            program.get(of(signal, "preview"))
        assert not ExecutionLog.objects.exists()
        assert Signal.objects.get().status == SignalStatus.APPROVED

    @pytest.mark.parametrize("rows", ["-1", "1001", "x", "1e3", "", "²", "9" * 400])
    def test_shows_as_many_as_are_asked_for_and_no_more_than_it_can(
        self, signal: Signal, bob: User, rows: str
    ) -> None:
        assert fields(program_of(bob).get(of(signal, "preview"), {"rows": rows})) == {"rows": "INVALID"}

    def test_has_nothing_to_say_once_it_is_published(self, signal: Signal, bob: User) -> None:
        Signal.objects.update(status=SignalStatus.PUBLISHED, published_at=now())

        assert problem(program_of(bob).get(of(signal, "preview"))) == (409, "NOTHING_TO_PREVIEW")

    def test_needs_the_scope_read_only(self, signal: Signal, bob: User) -> None:
        assert program_of(bob, scopes=[Scope.READ]).get(of(signal, "preview")).status_code == 200


class TestOthers:
    @pytest.mark.parametrize("person", ["alice", "charlie"])
    @pytest.mark.parametrize("status", [SignalStatus.APPROVED, SignalStatus.PUBLISHED])
    @pytest.mark.parametrize(("method", "act"), [("get", "preview"), ("post", "publish"), ("post", "withdraw")])
    def test_get_nothing(
        self,
        signal: Signal,
        person: str,
        status: SignalStatus,
        method: str,
        act: str,
        request: pytest.FixtureRequest,
    ) -> None:
        Signal.objects.update(status=status, published_at=now())
        browser = browser_of(request.getfixturevalue(person))

        assert problem(getattr(browser, method)(of(signal, act))) == (404, "NOT_FOUND")
        assert Signal.objects.get().status == status

    def test_providers_get_nothing_of_each_other(self, signal: Signal) -> None:
        other = makers.make_channel().owner
        assert other is not None
        program = program_of(other)

        answers = [program.get(of(signal, "preview")), program.post(of(signal, "publish"))]
        answers.append(program.post(f"{API}/signals/{NOBODY}/publish/"))

        assert {problem(answer) for answer in answers} == {(404, "NOT_FOUND")}

    def test_administrators_may_publish(self, signal: Signal, ada: User) -> None:
        assert program_of(ada).post(of(signal, "publish")).json()["status"] == "PUBLISHED"
