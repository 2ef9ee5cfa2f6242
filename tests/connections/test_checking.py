"""Health is measured at the venue, over real HTTP, and never mistaken for what somebody wants."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from connections import checking, services, tasks
from connections.contract import MarketType
from connections.health import HealthStatus
from connections.models import AccountSnapshot, ExecutionConnection
from connections.services import ConnectionDraft, InvalidConnection
from core.clock import Clock, now
from events.catalogue import Kind
from events.models import Event
from tests import makers
from tests.venue_process import RunningVenue, VenueAccount

pytestmark = pytest.mark.django_db

MARKETS = pytest.mark.parametrize("market", [MarketType.SPOT, MarketType.LINEAR])
SAYS_NOTHING_OF_THE_KEY: Sequence[tuple[str, dict[str, Any]]] = (
    ("garbage", {"body": "garbage"}),
    ("garbage", {"body": "html"}),
    ("garbage", {"body": "empty"}),
    ("garbage", {"body": "truncated"}),
    ("garbage", {"body": "object"}),
    ("status", {"status": 502}),
    ("redirect", {}),
    ("reset", {"processed": False}),
)


def connect(
    venue: RunningVenue, owner: User, account: VenueAccount, market: MarketType = MarketType.SPOT
) -> ExecutionConnection:
    draft = ConnectionDraft(
        name=account.name,
        type="ccxt",
        exchange_name="binance",
        credentials=account.credentials,
        market=market,
        environment="REHEARSAL",
        base_url=venue.url,
    )
    return services.create_connection(draft=draft, owner=owner, actor=owner, now=now())


def test_it(connection: ExecutionConnection) -> ExecutionConnection:
    tasks.run_health_job([str(connection.pk)])
    connection.refresh_from_db()
    return connection


test_it.__test__ = False  # type: ignore[attr-defined]


def news(connection: ExecutionConnection) -> list[str]:
    rows = Event.objects.filter(subject_id=str(connection.pk)).exclude(kind=Kind.CONNECTION_CREATED)
    return list(rows.order_by("pk").values_list("kind", flat=True))


class TestHealthyAccount:
    @MARKETS
    def test_becomes_active_with_its_balance(self, venue: RunningVenue, alice: User, market: MarketType) -> None:
        money = {"spot": {"USDT": "1234.56"}, "usdm": {"USDT": "1234.56"}}
        connection = connect(venue, alice, venue.admin.open_account("alice", **money), market)
        assert (connection.status, connection.can_execute_trades()) == (HealthStatus.UNTESTED, False)

        test_it(connection)

        assert (connection.status, connection.last_error) == (HealthStatus.ACTIVE, "")
        assert connection.can_execute_trades()
        assert connection.latency_ms is not None
        assert connection.last_tested_at is not None
        assert AccountSnapshot.objects.get(connection=connection).assets["USDT"]["free"] == "1234.56"
        assert news(connection) == []

    def test_is_degraded_when_its_clock_is_far_off(self, venue: RunningVenue, alice: User) -> None:
        connection = connect(venue, alice, venue.admin.open_account("alice"))
        venue.admin.skew_clock(timedelta(seconds=3))

        test_it(connection)

        assert connection.status == HealthStatus.DEGRADED
        assert 2000 < (connection.clock_offset_ms or 0) < 4000
        assert connection.can_execute_trades()

    def test_stays_paused_when_its_owner_paused_it(self, venue: RunningVenue, alice: User) -> None:
        connection = connect(venue, alice, venue.admin.open_account("alice"))
        services.pause(connection=connection, reason="Holidays.", actor=alice, now=now())

        test_it(connection)

        assert (connection.status, connection.is_active) == (HealthStatus.ACTIVE, False)
        assert connection.paused_reason == "Holidays."


class TestKeys:
    @MARKETS
    def test_that_may_withdraw_are_refused_with_an_explanation(
        self, venue: RunningVenue, alice: User, market: MarketType
    ) -> None:
        account = venue.admin.open_account("alice", permissions={"withdrawals": True})
        connection = test_it(connect(venue, alice, account, market))

        assert connection.status == HealthStatus.ERROR
        assert "may withdraw" in connection.last_error
        assert "may trade only" in connection.last_error
        assert not connection.can_execute_trades()

    def test_that_may_not_trade_are_refused(self, venue: RunningVenue, alice: User) -> None:
        account = venue.admin.open_account("alice", permissions={"spot": False})
        connection = test_it(connect(venue, alice, account))

        assert connection.status == HealthStatus.ERROR
        assert "may not trade" in connection.last_error

    def test_that_the_venue_no_longer_takes_pause_the_account_and_tell_its_owner_once(
        self, venue: RunningVenue, alice: User
    ) -> None:
        connection = test_it(connect(venue, alice, venue.admin.open_account("alice")))
        invalid: dict[str, Any] = {
            "code": -2015,
            "msg": "Invalid API-key, IP, or permissions for action.",
            "status": 401,
        }
        venue.admin.fault("reject", match={"account": "alice"}, times=None, **invalid)

        for _ in range(3):
            test_it(connection)

        assert (connection.status, connection.is_active) == (HealthStatus.ERROR, False)
        assert "no longer accepts the key" in connection.paused_reason
        assert sorted(news(connection)) == [Kind.CONNECTION_BROKEN, Kind.CONNECTION_PAUSED]

    def test_are_in_no_error(self, venue: RunningVenue, alice: User) -> None:
        account = VenueAccount("alice", "k" * 60 + "1234", "s" * 60 + "5678")
        connection = test_it(connect(venue, alice, account))

        said = f"{connection.last_error} {connection.paused_reason} {list(Event.objects.values_list('data'))}"
        assert account.api_key not in said
        assert account.secret not in said

    def test_are_untested_after_they_were_replaced(self, venue: RunningVenue, alice: User) -> None:
        account = venue.admin.open_account("alice", spot={"USDT": "1"})
        connection = test_it(connect(venue, alice, account))

        services.set_credentials(connection=connection, credentials=account.credentials, actor=alice, now=now())

        connection.refresh_from_db()
        assert (connection.status, connection.can_execute_trades()) == (HealthStatus.UNTESTED, False)
        assert not AccountSnapshot.objects.filter(connection=connection).exists()


class TestVenue:
    @pytest.mark.parametrize(("kind", "options"), SAYS_NOTHING_OF_THE_KEY, ids=str)
    def test_that_answers_nonsense_does_not_break_what_worked(
        self, venue: RunningVenue, alice: User, kind: str, options: dict[str, Any]
    ) -> None:
        connection = test_it(connect(venue, alice, venue.admin.open_account("alice")))
        venue.admin.fault(kind, match={"path": "/api/v3/account"}, times=None, **options)

        test_it(connection)

        assert connection.status == HealthStatus.DEGRADED, connection.last_error
        assert connection.last_error
        assert connection.can_execute_trades()
        assert news(connection) == []

    @pytest.mark.parametrize(("kind", "options"), SAYS_NOTHING_OF_THE_KEY, ids=str)
    def test_that_answers_nonsense_to_the_first_test_leaves_the_account_without_orders(
        self, venue: RunningVenue, alice: User, kind: str, options: dict[str, Any]
    ) -> None:
        connection = connect(venue, alice, venue.admin.open_account("alice"))
        venue.admin.fault(kind, match={"path": "/api/v3/account"}, times=None, **options)

        test_it(connection)

        assert connection.status == HealthStatus.ERROR
        assert not connection.can_execute_trades()
        assert not AccountSnapshot.objects.filter(connection=connection).exists()

    def test_that_recovers_is_told_once(self, venue: RunningVenue, alice: User) -> None:
        connection = connect(venue, alice, venue.admin.open_account("alice"))
        venue.admin.fault("status", match={"path": "/api/v3/account"}, times=1)
        test_it(connection)

        test_it(connection)
        test_it(connection)

        assert connection.status == HealthStatus.ACTIVE
        assert news(connection) == [Kind.CONNECTION_BROKEN, Kind.CONNECTION_RECOVERED]

    def test_that_is_away_breaks_no_account_that_worked(self, venue: RunningVenue, alice: User) -> None:
        """An outage of the venue says nothing about anybody's key."""
        accounts = [test_it(connect(venue, alice, venue.admin.open_account(f"a{number}"))) for number in range(3)]
        venue.admin.maintain(down=True)

        checking.check_connections(connections=accounts, clock=now)

        assert {each.status for each in accounts} == {HealthStatus.DEGRADED}


class TestSnapshots:
    def test_are_never_replaced_by_older_ones(self) -> None:
        connection = makers.make_connection(free={"USDT": "10"})
        kept = AccountSnapshot.objects.get(connection=connection)
        old = checking.balance_from(kept.assets, kept.equity, kept.as_of)

        makers.set_balance(connection, {"USDT": "20"}, as_of=kept.as_of + timedelta(seconds=5))
        checking.save_snapshot(connection_id=connection.pk, balance=old)

        assert AccountSnapshot.objects.get(connection=connection).assets["USDT"]["free"] == "20"


class TestJob:
    def test_takes_those_whose_turn_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def check(*, connections: Sequence[ExecutionConnection], clock: Clock) -> None:
            asked.extend(each.name for each in connections)

        monkeypatch.setattr(checking, "check_connections", check)
        makers.make_connection(name="fresh")
        makers.make_connection(name="never", status=HealthStatus.UNTESTED, last_tested_at=None)
        makers.make_connection(name="old", last_tested_at=now() - timedelta(days=2))
        makers.make_connection(name="paused", is_active=False, last_tested_at=now() - timedelta(days=2))

        tasks.run_health_job()

        assert sorted(asked) == ["never", "old"]


class TestDraft:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"exchange_name": "mtgox"}, "exchange_name"),
            ({"type": "telepathy"}, "type"),
            ({"credentials": {"apiKey": "k"}}, "credentials.secret"),
            ({"credentials": {"apiKey": "k", "secret": "s", "pin": "1"}}, "credentials"),
            ({"credentials": {"apiKey": "k", "secret": "s\x00"}}, "credentials.secret"),
            ({"credentials": {"apiKey": "k", "secret": "s" * 9000}}, "credentials.secret"),
            ({"market": "OPTIONS"}, "market"),
            ({"environment": "PAPER"}, "environment"),
            ({"base_url": "file:///etc/passwd"}, "base_url"),
            ({"base_url": "http://user:pass@127.0.0.1"}, "base_url"),
            ({"name": "  "}, "name"),
            ({"name": "x" * 81}, "name"),
            ({"settings": {"aliases": {"EUR/USD": 1}}}, "settings"),
            ({"settings": {"leverage": 100}}, "settings"),
        ],
    )
    def test_is_refused_with_the_field_that_does_not_fit(
        self, alice: User, change: dict[str, Any], field: str
    ) -> None:
        values: dict[str, Any] = {
            "name": "Main", "type": "ccxt", "exchange_name": "binance", "environment": "REHEARSAL",
            "base_url": "http://127.0.0.1:9", "credentials": {"apiKey": "k" * 20, "secret": "s" * 20},
        }  # fmt: skip

        with pytest.raises(InvalidConnection) as refused:
            services.create_connection(
                draft=ConnectionDraft(**{**values, **change}), owner=alice, actor=alice, now=now()
            )

        assert refused.value.field == field
        assert not ExecutionConnection.objects.exists()
        assert not Event.objects.exists()
