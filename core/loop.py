"""One event loop per process, in a thread of its own, for everything that waits on a wire.

Threads that talk to the database hand coroutines in and wait, or go on; no database call runs on the loop.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

try:
    import uvloop

    _new_loop = uvloop.new_event_loop
except ImportError:  # Windows
    _new_loop = asyncio.new_event_loop  # type: ignore[assignment]

T = TypeVar("T")


class BackgroundLoop:
    """Starts at first use and lives as long as the process. A forked child starts its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closers: list[Callable[[], Coroutine[Any, Any, None]]] = []

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            # A child of fork inherits the object but not the thread.
            if self._thread is None or not self._thread.is_alive():
                self._start()
            assert self._loop is not None
            return self._loop

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start a coroutine on the loop and return at once."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, T], *, timeout_s: float) -> T:
        """Return the result of a coroutine.

        Raises:
            TimeoutError: it took longer than ``timeout_s``; it was cancelled.
        """
        future = self.start(work)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise

    def _start(self) -> None:
        loop = _new_loop()
        started = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(loop)
            loop.call_soon(started.set)
            loop.run_forever()

        self._loop = loop
        self._thread = threading.Thread(target=serve, name="signalbox-loop", daemon=True)
        self._thread.start()
        started.wait()

    def at_stop(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine on the loop before it stops, as to close what lives on it."""
        self._closers.append(close)

    def stop(self) -> None:
        """Stop the loop; what still runs on it is cancelled, and what lives on it is closed."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None or not thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(_end(self._closers), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(closers: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for close in closers:
        await close()


#: The one loop of this process.
background = BackgroundLoop()
atexit.register(background.stop)
