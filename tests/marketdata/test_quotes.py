"""Quotes to decide by: young ones from the store, the rest from the venue, and none that is old."""

from datetime import timedelta

import pytest

from connections.contract import MarketType
from core.clock import now
from marketdata import selectors, services
from tests import makers
from tests.venue_process import RunningVenue

pytestmark = pytest.mark.django_db

ASKED = "GET /api/v3/ticker/bookTicker"


def asked(venue: RunningVenue) -> int:
    return venue.admin.requests().get(ASKED, 0)


class TestCurrentQuotes:
    def test_asks_for_what_is_not_stored_and_stores_it(self, venue: RunningVenue) -> None:
        source = makers.make_data_connection(base_url=venue.url)

        found = services.current_quotes(source=source, symbols=["BTC/USDT"], clock=now)
        again = services.current_quotes(source=source, symbols=["BTC/USDT"], clock=now)

        assert found["BTC/USDT"].bid < found["BTC/USDT"].ask
        assert again["BTC/USDT"].mid == found["BTC/USDT"].mid
        assert asked(venue) == 1

    def test_takes_no_quote_that_is_old(self, venue: RunningVenue) -> None:
        source = makers.make_data_connection(base_url=venue.url)
        makers.make_quote(source, bid="1", ask="2", at=now() - services.QUOTE_MAX_AGE - timedelta(seconds=1))

        found = services.current_quotes(source=source, symbols=["BTC/USDT"], clock=now)

        assert found["BTC/USDT"].ask > 2

    def test_leaves_out_what_the_venue_does_not_list(self, venue: RunningVenue) -> None:
        source = makers.make_data_connection(base_url=venue.url)

        assert services.current_quotes(source=source, symbols=["NO/SUCH"], clock=now) == {}

    def test_gives_what_it_has_when_the_venue_is_silent(self, venue: RunningVenue) -> None:
        source = makers.make_data_connection(base_url=venue.url)
        young = makers.make_quote(source, "BTC/USDT")
        venue.admin.maintain(down=True)

        found = services.current_quotes(source=source, symbols=["BTC/USDT", "ETH/USDT"], clock=now)

        assert list(found) == ["BTC/USDT"]
        assert found["BTC/USDT"].mid == young.mid


class TestStoredQuotes:
    def test_keep_every_digit(self) -> None:
        source = makers.make_data_connection(market=MarketType.LINEAR)
        quote = makers.make_quote(source, bid="0.000000012345678901", ask="123456789.123456789")

        (found,) = selectors.quotes_of(source.venue_key, [quote.symbol]).values()

        assert (found.bid, found.ask) == (quote.bid, quote.ask)
