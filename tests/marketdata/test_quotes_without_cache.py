"""What holds while nobody can share quotes."""

from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisIsAway

from marketdata import selectors
from tests.values import BTC, make_quote


class Away:
    """A cache that does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise RedisIsAway("Connection refused.")


class TestQuotes:
    def test_are_unknown_while_the_cache_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(selectors, "cache", Away())

        selectors.store_quotes("ccxt:venue", [make_quote("100")])

        assert selectors.quotes_of("ccxt:venue", [BTC]) == {}
