"""What machines ask: /healthz, /readyz, /metrics."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from connections.health import HealthStatus
from console import gauges, probes
from core.clock import now
from events.models import Delivery, Event
from execution.services.feeding import HEARTBEAT
from execution.tasks import run_sweep_rows_job
from positions.exits import Protection
from tests import makers
from tests.rest import problem

VENUE = "ccxt:binance:SPOT:LIVE"


@pytest.fixture
def feed() -> Iterator[None]:
    """A feed that has just said that it is alive."""
    beat(0)
    yield
    cache.delete(HEARTBEAT)


def beat(seconds_ago: float, quote_seconds_ago: float = 1.0) -> None:
    at, quoted = now() - timedelta(seconds=seconds_ago), now() - timedelta(seconds=quote_seconds_ago)
    cache.set(HEARTBEAT, {"at": at.isoformat(), "venues": {VENUE: quoted.isoformat(), "ccxt:new": ""}}, 60)


def numbers() -> dict[str, float]:
    """Every number Prometheus would read, by name and labels."""
    text = gauges.render(clock=now).decode()
    return {
        "".join([sample.name, *(f"|{value}" for value in sample.labels.values())]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestHealthz:
    def test_answers_without_asking_anything(
        self, client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            response = client.get("/healthz")

        assert (response.status_code, response.content) == (200, b"ok\n")
        assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("feed")
class TestReadyz:
    def test_is_ready_when_all_parts_answer(self, client: Client) -> None:
        response = client.get("/readyz")

        assert response.status_code == 200
        assert response.json()["checks"] == {"database": "ok", "broker": "ok", "cache": "ok", "feed": "ok"}

    @pytest.mark.parametrize(("silence", "words"), [(16.0, "nothing for 16 s"), (None, "nothing;")])
    def test_says_that_the_feed_is_silent(self, client: Client, silence: float | None, words: str) -> None:
        if silence is None:
            cache.delete(HEARTBEAT)
        else:
            beat(silence)

        response = client.get("/readyz")

        assert problem(response) == (503, "NOT_READY")
        assert words in response.json()["detail"]
        assert response.headers["Retry-After"] == "5"

    def test_names_every_part_that_is_away(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> None:
            raise ConnectionError("postgresql://user:password@host")

        monkeypatch.setitem(probes._CHECKS, "database", broken)
        monkeypatch.setitem(probes._CHECKS, "broker", broken)

        response = client.get("/readyz")

        assert [error["field"] for error in response.json()["errors"]] == ["database", "broker"]
        assert b"password" not in response.content

    def test_finds_a_broker_that_is_not_there(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        real = probes.current_app.connection_for_write
        monkeypatch.setattr(
            probes.current_app, "connection_for_write", lambda **more: real(url="redis://127.0.0.1:9/0", **more)
        )

        response = client.get("/readyz")

        assert [error["field"] for error in response.json()["errors"]] == ["broker"]


class TestWhoMayReadMetrics:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
    def test_this_machine(self, client: Client, db: None, address: str) -> None:
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200

    @pytest.mark.parametrize(
        "address", ["10.0.0.1", "8.8.8.8", "2001:db8::1", "", "unix:", "127.0.0.1.evil.example"]
    )
    def test_no_other(self, client: Client, db: None, address: str) -> None:
        assert problem(client.get("/metrics", REMOTE_ADDR=address)) == (403, "METRICS_REFUSED")

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
    def test_nobody_behind_a_proxy_of_this_machine(self, client: Client, db: None, header: str) -> None:
        assert problem(client.get("/metrics", headers={header: "127.0.0.1"}))[0] == 403

    def test_any_machine_with_the_token(self, client: Client, db: None, settings: Settings) -> None:
        settings.METRICS_TOKEN = "let-me-see"

        def ask(credential: str) -> int:
            return client.get(
                "/metrics", REMOTE_ADDR="10.0.0.1", headers={"Authorization": credential}
            ).status_code

        assert ask("Bearer let-me-see") == ask("bearer let-me-see") == 200
        assert {ask(text) for text in ("Bearer let-me", "Bearer ", "let-me-see", "Token let-me-see")} == {403}

    def test_nobody_with_an_empty_token(self, client: Client, db: None) -> None:
        response = client.get("/metrics", REMOTE_ADDR="10.0.0.1", headers={"Authorization": "Bearer "})

        assert problem(response)[0] == 403


@pytest.mark.django_db
class TestMetrics:
    def test_count_executions_of_the_last_hour(self) -> None:
        makers.make_execution(status="DENIED")
        makers.make_execution(created_at=now() - timedelta(hours=2))

        found = numbers()

        assert found["signalbox_executions_last_hour|DENIED"] == 1
        assert found["signalbox_executions_last_hour|EXECUTED"] == 0

    def test_show_doubts(self) -> None:
        makers.make_order(in_doubt=True, doubt_since=now() - timedelta(seconds=90), unresolved_at=now())

        found = numbers()

        assert (found["signalbox_orders_in_doubt"], found["signalbox_orders_unresolved"]) == (1, 1)
        assert 90 <= found["signalbox_order_doubt_seconds_max"] < 100

    def test_show_who_is_without_a_stop_and_since_when(self) -> None:
        makers.make_position(protection=Protection.UNPROTECTED, opened_at=now() - timedelta(seconds=30))

        found = numbers()

        assert found["signalbox_positions_unprotected"] == 1
        assert 30 <= found["signalbox_unprotected_seconds_max"] < 40

    def test_measure_the_time_to_protection(self) -> None:
        makers.make_position()  # protected after 120 ms

        found = numbers()

        assert found["signalbox_time_to_protected_seconds_bucket|0.1"] == 0
        assert found["signalbox_time_to_protected_seconds_bucket|0.25"] == 1
        assert found["signalbox_time_to_protected_seconds_bucket|+Inf"] == 1
        assert found["signalbox_time_to_protected_seconds_gsum"] == 0.12

    def test_show_what_events_wait_for(self) -> None:
        event = Event.objects.create(kind="signal.published", subject_type="x", subject_id="1")
        Delivery.objects.create(event=event, sink="fanout")

        found = numbers()

        assert found["signalbox_events_undelivered|fanout"] == 1
        assert found["signalbox_events_unsealed"] == Event.objects.count()

    def test_count_connections_by_health(self) -> None:
        makers.make_connection()
        makers.make_connection(status=HealthStatus.ERROR, is_active=False)

        found = numbers()

        assert found["signalbox_connections|ACTIVE|true"] == found["signalbox_connections|ERROR|false"] == 1

    def test_tell_the_age_of_quotes(self, feed: None) -> None:
        beat(3, quote_seconds_ago=7)

        found = numbers()

        assert 3 <= found["signalbox_feed_heartbeat_age_seconds"] < 5
        assert 7 <= found[f"signalbox_quote_age_seconds|{VENUE}"] < 9
        assert "signalbox_quote_age_seconds|ccxt:new" not in found

    def test_count_messages_in_queues(self) -> None:
        run_sweep_rows_job.delay()

        found = numbers()

        assert (found["signalbox_queue_length|orders"], found["signalbox_queue_length|exits"]) == (1, 0)

    def test_go_on_when_one_of_them_breaks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: Any) -> None:
            raise ConnectionError("away")

        monkeypatch.setattr(gauges.current_app, "connection_for_read", broken)

        found = numbers()

        assert "signalbox_queue_length|orders" not in found
        assert "signalbox_orders_in_doubt" in found

    def test_cost_as_many_statements_however_many_rows(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(3):
            makers.make_trade()

        with django_assert_num_queries(7):
            numbers()
