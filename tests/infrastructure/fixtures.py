"""Fixtures for infrastructure only; people, accounts and orders are elsewhere."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection

from config.embedded import valkey
from tests.infrastructure.machine import chromium as found_chromium
from tests.infrastructure.network import guard
from tests.infrastructure.processes import Spawn, spawning


@pytest.fixture(autouse=True)
def _network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that tried to reach another machine; `live` tests may."""
    guard.is_open = request.node.get_closest_marker("live") is not None
    guard.refused.clear()
    yield
    assert not guard.refused, f"The test tried to reach {', '.join(guard.refused)}."


@pytest.fixture(autouse=True)
def _empty_broker_and_cache(_valkeys: list[redis.Redis]) -> Iterator[None]:
    """Leave nothing in this worker's broker and cache for the next test."""
    yield
    for client in _valkeys:
        client.flushdb()


@pytest.fixture(scope="session")
def _valkeys(broker_url: str, cache_url: str) -> Iterator[list[redis.Redis]]:
    clients = [redis.Redis.from_url(url) for url in (broker_url, cache_url)]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def broker_url() -> str:
    """The broker of this worker."""
    return os.environ["BROKER_URL"]


@pytest.fixture(scope="session")
def cache_url() -> str:
    """The cache of this worker."""
    return os.environ["CACHE_URL"]


@pytest.fixture(scope="session")
def database_url(django_db_setup: None) -> str:
    """The migrated test database of this worker, for processes outside this one.

    What a test writes is seen there only after a commit, so such a test needs `transactional_db`.
    """
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@pytest.fixture
def process_environment(database_url: str) -> dict[str, str]:
    """The environment in which a worker, a feed or a web process sees what this test sees."""
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join([programs, os.environ["PATH"]])
    return {**os.environ, "DATABASE_URL": database_url, "PATH": path, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    return valkey.free_port()


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start processes that end with the test; see `tests.infrastructure.processes`."""
    with spawning() as start:
        yield start


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser on PATH."""
    path = found_chromium()
    if path is None:
        pytest.skip("Chromium was not found.")
    return path
