"""Waiting for what other processes do: they say which events they have committed, so nobody has to look and sleep."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import redis

from console.live import sink

#: Not every change is news: after so long without any, one looks all the same.
QUIET_S = 0.5


class News:
    """Hears of every committed event, whichever process committed it."""

    def __init__(self, heard: "redis.client.PubSub") -> None:
        self._heard = heard

    def wait(self, is_true: Callable[[], bool], *, limit_s: float = 40) -> None:
        """Look now, after every event and when it is quiet, until it is true.

        Raises:
            AssertionError: it was not within ``limit_s``.
        """
        deadline = time.monotonic() + limit_s
        while not is_true():
            left = deadline - time.monotonic()
            assert left > 0, f"{is_true.__qualname__} did not become true within {limit_s} s."
            self._heard.get_message(ignore_subscribe_messages=True, timeout=min(left, QUIET_S))


@pytest.fixture
def news(cache_url: str) -> Iterator[News]:
    """What is committed from now on. It is seen after a commit only, so a test needs `transactional_db`."""
    with redis.Redis.from_url(cache_url) as client, closing(client.pubsub()) as heard:
        heard.subscribe(sink.channel())
        assert heard.get_message(timeout=5)  # from here on nothing is missed
        yield News(heard)
