"""The listeners of one web process, and handing news to those whom they concern."""

import asyncio
import contextlib
import logging
import signal
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from types import FrameType
from uuid import UUID
from weakref import WeakKeyDictionary

from accounts.roles import Role
from console.live import log
from console.live.news import RESYNC, News, Person, may_hear
from console.live.sources import source

logger = logging.getLogger(__name__)

#: Batches that may wait for one listener. One that takes longer to read than news take to come is let go.
MOST_WAITING = 50
#: More news at once than this are one hint to ask for everything.
MOST_AT_ONCE = 50
MOST_LISTENERS = 5000
MOST_PER_PERSON = 20
CHECK_EVERY_S = 60.0
PAUSE_S = 2.0
READY_WITHIN_S = 2.0


class Listener:
    """One open page."""

    def __init__(self, person: Person, session_key: str) -> None:
        self.person = person
        self.session_key = session_key
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)

    def tell(self, frames: bytes) -> None:
        """Put something into its queue; a listener that is too slow is sent away with a hint to reload."""
        try:
            self.waiting.put_nowait(frames)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Send it away: it asks for everything, and comes back if it may."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(RESYNC)
        self.waiting.put_nowait(None)


class Hub:
    """All listeners of one process. It listens to the source while it has any."""

    def __init__(self) -> None:
        self._by_person: defaultdict[UUID, list[Listener]] = defaultdict(list)
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()
        self._count = 0

    @property
    def is_full(self) -> bool:
        return self._count >= MOST_LISTENERS

    def join(self, listener: Listener) -> None:
        """Take a listener in; the oldest of somebody who opens too many is sent away."""
        mine = self._by_person[listener.person.user_id]
        if len(mine) >= MOST_PER_PERSON:
            mine[0].end()
        mine.append(listener)
        self._count += 1
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._check_sessions())]

    async def wait_until_ready(self) -> None:
        """Wait until news come in, or for a moment: without its source a page still refreshes by the clock."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), READY_WITHIN_S)

    def leave(self, listener: Listener) -> None:
        """Forget a listener; the last one puts out the light."""
        mine = self._by_person[listener.person.user_id]
        mine.remove(listener)
        self._count -= 1
        if not mine:
            del self._by_person[listener.person.user_id]
        if not self._count:
            for task in self._tasks:
                task.cancel()
            self._tasks = []
            self._ready.clear()

    def tell(self, batch: Sequence[News]) -> None:
        """Hand news to everybody who may hear them."""
        frames = {news.event_id: news.encoded() for news in batch}
        for listener in self._concerned(batch):
            mine = [frames[news.event_id] for news in batch if may_hear(listener.person, news)]
            if mine:
                listener.tell(b"".join(mine) if len(mine) <= MOST_AT_ONCE else RESYNC)

    def resync(self) -> None:
        """Let everybody ask for everything: news may have been missed."""
        for listener in self._everybody():
            listener.tell(RESYNC)

    def end(self) -> None:
        """Send everybody away, as before the process ends."""
        for listener in list(self._everybody()):
            listener.end()

    def _everybody(self) -> Iterable[Listener]:
        return (listener for mine in self._by_person.values() for listener in mine)

    def _concerned(self, batch: Sequence[News]) -> Iterable[Listener]:
        # Most news concern one person; only public ones are looked at by everybody.
        if any(news.is_public for news in batch):
            return list(self._everybody())
        owners = {news.owner_id for news in batch}
        return [each for each in self._everybody() if each.person.user_id in owners or _is_staff(each.person)]

    async def _listen(self) -> None:
        while True:
            try:
                async for batch in source(on_gap=self.resync, on_ready=self._ready.set):
                    self.tell(await log.by_ids(batch))
            except Exception:
                logger.exception("News could not be read; open pages ask for everything once they can be again.")
                await asyncio.sleep(PAUSE_S)
                self.resync()

    async def _check_sessions(self) -> None:
        """Send away whoever has logged out, was closed out, or has another password, and note changed roles."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            everybody = list(self._everybody())
            try:
                living = await log.living([each.session_key for each in everybody])
            except Exception:
                logger.exception("Sessions of open pages could not be checked; they are checked again soon.")
                continue
            for each in everybody:
                if each.session_key in living:
                    each.person = living[each.session_key]
                else:
                    each.end()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop. A web process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
        _end_with_process(loop, _hubs[loop])
    return _hubs[loop]


async def frames_of(listener: Listener, *, heartbeat_s: float) -> AsyncIterator[bytes]:
    """Yield what a listener hears until it is sent away, and a sign of life when there is nothing to hear."""
    while True:
        try:
            frames = await asyncio.wait_for(listener.waiting.get(), heartbeat_s)
        except TimeoutError:
            yield b": still here\n\n"
            continue
        if frames is None:
            return
        yield frames


def _is_staff(person: Person) -> bool:
    return person.role in (Role.ADMINISTRATOR, Role.PROVIDER)


def _end_with_process(loop: asyncio.AbstractEventLoop, mine: Hub) -> None:
    """Let streams end when the server is told to end. It waits for open answers, and these would never be over."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, _chained(before, loop, mine))


def _chained(
    before: Callable[[int, FrameType | None], object], loop: asyncio.AbstractEventLoop, mine: Hub
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(mine.end)
        before(number, frame)

    return handle
