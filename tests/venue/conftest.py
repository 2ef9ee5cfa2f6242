from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.venue.client import Client
from tests.venue.makers import BTC, PRICE, Trader, make_account, make_exchange, make_rules
from venue.config import Config
from venue.engine.exchange import Exchange
from venue.state import Venue
from venue.wire.server import Server


@pytest.fixture
def exchange() -> Exchange:
    return make_exchange()


@pytest.fixture
def alice(exchange: Exchange) -> Trader:
    return Trader(exchange, make_account(exchange, "alice"))


@pytest.fixture
def bob(exchange: Exchange) -> Trader:
    return Trader(exchange, make_account(exchange, "bob"))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A venue inside the test's own event loop: prices move only when the test says so."""
    accounts = [{"name": name, "spot": {"USDT": "100000", "BTC": "2"}} for name in ("alice", "bob")]
    server = Server(Venue(Config(accounts=accounts, rules=make_rules(), stream_ms=20)))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def alice_client(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, server.venue.exchange.accounts["alice"]) as client:
        yield client


@pytest.fixture
async def bob_client(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, server.venue.exchange.accounts["bob"]) as client:
        yield client


__all__ = ["BTC", "PRICE"]
