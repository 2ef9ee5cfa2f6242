"""Telling web processes which events were committed. News must never slow trading or fail it."""

import json
import logging
import time
from collections.abc import Sequence
from functools import lru_cache

import redis
from django.conf import settings
from redis.connection import parse_url
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

NAME = "live"
#: After a failure nothing is said for this long: a Redis that does not answer must not hold up every commit.
SILENCE_S = 5.0
TIMEOUT_S = 1.0

_silent_until = 0.0


def publish(event_ids: Sequence[int]) -> None:
    """Say which events were committed. Only ids go over the wire, so it tells nobody anything. Cost: one message."""
    global _silent_until
    if not settings.CACHE_URL or time.monotonic() < _silent_until:
        return
    try:
        _client(settings.CACHE_URL).publish(channel(), json.dumps(list(event_ids)))
    except RedisError as error:
        _silent_until = time.monotonic() + SILENCE_S
        logger.warning("Open pages were not told of %d events: %s", len(event_ids), error)


def channel() -> str:
    """Return the channel of this installation. Redis keeps channels of all its databases in one list."""
    number = parse_url(settings.CACHE_URL).get("db", 0)
    return f"signalbox:{settings.SIGNALBOX_INSTALLATION}:{number}:live"


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
