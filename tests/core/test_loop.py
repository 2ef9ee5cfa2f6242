import asyncio
import threading
from collections.abc import Iterator

import pytest

from core.loop import BackgroundLoop


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.stop()


async def name_of_thread() -> str:
    return threading.current_thread().name


class TestRun:
    def test_returns_what_the_coroutine_returns(self, loop: BackgroundLoop) -> None:
        assert loop.run(asyncio.sleep(0, "done"), timeout_s=5) == "done"

    def test_works_in_a_thread_of_its_own(self, loop: BackgroundLoop) -> None:
        assert loop.run(name_of_thread(), timeout_s=5) == "signalbox-loop"

    def test_raises_what_the_coroutine_raises(self, loop: BackgroundLoop) -> None:
        async def fail() -> None:
            raise LookupError("not there")

        with pytest.raises(LookupError, match="not there"):
            loop.run(fail(), timeout_s=5)

    def test_cancels_what_takes_too_long(self, loop: BackgroundLoop) -> None:
        cancelled = threading.Event()

        async def wait_for_ever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        with pytest.raises(TimeoutError):
            loop.run(wait_for_ever(), timeout_s=0.05)

        assert cancelled.wait(5)


class TestStart:
    def test_does_not_wait(self, loop: BackgroundLoop) -> None:
        release = asyncio.Event()

        future = loop.start(release.wait())

        assert not future.done()
        loop.loop.call_soon_threadsafe(release.set)
        assert future.result(5) is True

    def test_keeps_one_thread_however_many_ask(self, loop: BackgroundLoop) -> None:
        loops = {id(loop.run(self.own_loop(), timeout_s=5)) for _ in range(10)}

        assert loops == {id(loop.loop)}

    async def own_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


class TestStop:
    def test_cancels_what_runs_and_closes_what_lives_there(self, loop: BackgroundLoop) -> None:
        closed = threading.Event()

        async def close() -> None:
            closed.set()

        loop.at_stop(close)
        future = loop.start(asyncio.Event().wait())
        loop.stop()

        assert future.cancelled()
        assert closed.is_set()

    def test_may_come_twice_or_before_anything_ran(self, loop: BackgroundLoop) -> None:
        loop.stop()
        loop.stop()

        assert loop.run(asyncio.sleep(0, "again"), timeout_s=5) == "again"
