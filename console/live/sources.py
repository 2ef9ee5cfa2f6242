"""Where a web process hears which events were committed: from Redis, or by looking where there is none."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from console.live import log
from console.live.sink import channel

logger = logging.getLogger(__name__)

#: News that come within this are handed on together.
TOGETHER_S = 0.1
LOOK_EVERY_S = 2.0
RETRY_AFTER_S = 2.0


def source(*, on_gap: Callable[[], None], on_ready: Callable[[], None]) -> AsyncIterator[list[int]]:
    """Yield ids of committed events, in batches.

    ``on_ready`` is called when whatever is committed from now on will be yielded, and ``on_gap`` when some may have
    been missed.
    """
    return _told(on_gap, on_ready) if settings.CACHE_URL else _looked_up(on_ready)


async def _told(on_gap: Callable[[], None], on_ready: Callable[[], None]) -> AsyncIterator[list[int]]:
    is_first = True
    while True:
        try:
            async with redis.asyncio.Redis.from_url(settings.CACHE_URL) as client, client.pubsub() as subscription:
                await subscription.subscribe(channel())
                # Only asked for so far; Redis answers when it holds.
                await subscription.get_message(timeout=None)
                on_ready()
                if not is_first:
                    on_gap()
                is_first = False
                async for batch in _batches(subscription):
                    yield batch
        except (RedisError, OSError) as error:
            logger.warning("Open pages hear no news: %s. Trying again.", error)
            await asyncio.sleep(RETRY_AFTER_S)


async def _batches(subscription: redis.asyncio.client.PubSub) -> AsyncIterator[list[int]]:
    while True:
        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=None)
        if message is None:
            continue
        await asyncio.sleep(TOGETHER_S)
        ids = _ids(message)
        while (more := await subscription.get_message(ignore_subscribe_messages=True, timeout=0)) is not None:
            ids += _ids(more)
        yield ids


def _ids(message: dict[str, object]) -> list[int]:
    with contextlib.suppress(ValueError, TypeError):
        return [int(each) for each in json.loads(message["data"])]  # type: ignore[arg-type]
    return []


async def _looked_up(on_ready: Callable[[], None]) -> AsyncIterator[list[int]]:
    newest = await log.newest_id()
    on_ready()
    seen: set[int] = set()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        found = [news.event_id for news in await log.after(newest) or ()]
        fresh = [event_id for event_id in found if event_id not in seen]
        seen = set(found)
        newest = max(found, default=newest)
        if fresh:
            yield fresh
