"""A new connection's venue is asked at once what it lists."""

import pytest

from accounts.models import User
from connections.contract import Environment, MarketType
from connections.services import ConnectionDraft, create_connection
from core.clock import now
from events.models import Delivery, DeliveryStatus
from marketdata import selectors, tasks
from tests.venue_process import RunningVenue


def connect(alice: User, base_url: str, name: str = "Swing") -> tuple[str, Delivery]:
    """Let Alice connect an account; return the venue's key, and the errand that it left."""
    draft = ConnectionDraft(
        name=name,
        type="ccxt",
        exchange_name="binance",
        credentials={"apiKey": "key", "secret": "secret"},
        market=MarketType.SPOT,
        environment=Environment.REHEARSAL,
        base_url=base_url,
        preset=None,
    )
    made = create_connection(draft=draft, owner=alice, actor=alice, now=now())
    return made.venue_key, Delivery.objects.filter(sink=tasks.FIRST_INSTRUMENTS).latest("pk")


@pytest.mark.django_db
class TestFirstInstruments:
    def test_are_loaded_when_an_account_is_connected(self, alice: User, venue: RunningVenue) -> None:
        venue_key, errand = connect(alice, venue.url)

        tasks.run_load_first_instruments_job(event_id=errand.event_id)

        errand.refresh_from_db()
        assert "BTC/USDT" in selectors.instruments_of(venue_key)
        assert errand.status == DeliveryStatus.DONE

    def test_are_asked_for_once_a_venue(self, alice: User, venue: RunningVenue) -> None:
        _, first = connect(alice, venue.url, "Swing")
        tasks.run_load_first_instruments_job(event_id=first.event_id)
        _, second = connect(alice, venue.url, "Scalp")

        loaded = tasks.run_load_first_instruments_job(event_id=second.event_id)

        second.refresh_from_db()
        assert (loaded, second.status) == (0, DeliveryStatus.DONE)

    def test_stay_due_while_the_venue_does_not_answer(self, alice: User) -> None:
        _, errand = connect(alice, "http://127.0.0.1:1")

        assert tasks.run_load_first_instruments_job(event_id=errand.event_id) == 0

        errand.refresh_from_db()
        assert errand.status == DeliveryStatus.PENDING
        assert errand.last_error
