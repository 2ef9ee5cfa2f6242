"""Event loops: uvloop where it is installed, asyncio's own elsewhere."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
try:
    import uvloop
except ImportError:
    pass
else:
    _factory = uvloop.new_event_loop


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """This function will run something to its end on the fastest loop there is."""
    with asyncio.Runner(loop_factory=_factory) as runner:
        runner.run(work)
