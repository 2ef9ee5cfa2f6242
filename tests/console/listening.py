"""Open pages that listen to the live stream, and things that happen meanwhile."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from django.test import AsyncClient

from accounts.models import User
from core.clock import now
from events import services as events
from events.catalogue import Kind

LIVE = "/live/"
PATIENCE_S = 10.0


class Page:
    """An open page that listens."""

    def __init__(self, answer: Any) -> None:
        self.headers = answer.headers
        self.frames: AsyncGenerator[bytes] = aiter(answer.streaming_content)

    async def hear(self) -> str:
        """The next that comes; empty when the stream is over."""
        return (await asyncio.wait_for(anext(self.frames, b""), PATIENCE_S)).decode()

    async def hear_all(self) -> str:
        """Everything until the stream is over."""
        heard = ""
        while frames := await self.hear():
            heard += frames
        return heard


@asynccontextmanager
async def listening(person: User, address: str = LIVE, **headers: str) -> AsyncIterator[Page]:
    browser = AsyncClient()
    await browser.aforce_login(person)
    page = Page(await browser.get(address, headers=headers))
    try:
        yield page
    finally:
        await page.frames.aclose()


def happen(*owners: User | None, kind: Kind = Kind.POSITION_OPENED) -> list[int]:
    """Let something happen to each of these, None for the house; return the ids of the events."""
    return [
        events.append(
            events.NewEvent(
                kind=kind,
                subject_type="positions.executionposition",
                subject_id=owner.email if owner else "house",
                owner_id=owner.pk if owner else None,
                occurred_at=now(),
                data={"name": "a name", "symbol": "BTC/USDT"},
            )
        )
        for owner in owners
    ]


async def happens(*owners: User | None, kind: Kind = Kind.POSITION_OPENED) -> list[int]:
    return await sync_to_async(happen)(*owners, kind=kind)


def told(frames: str) -> list[str]:
    """Whose news they are."""
    return re.findall(r'"subject_id": "(house|\w+(?=@))', frames)
