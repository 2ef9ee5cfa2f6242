"""Starts the embedded servers and hands out their URLs.

with servers.start(Path("var"), database=True, cache=True) as started:
    os.environ.update(started.environment)
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded import places, postgresql, valkey


@dataclass(frozen=True, slots=True)
class Servers:
    """What is running. Leaving the block, or `stop`, ends it; so does the death of this process."""

    #: postgresql://... on a Unix socket; empty if it was not asked for
    database_url: str
    #: redis://... on the loopback, database 0; empty if it was not asked for
    broker_url: str = field(repr=False)
    #: the same server, database 1
    cache_url: str = field(repr=False)
    _close: Callable[[], None] = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point at what was started."""
        named = {"DATABASE_URL": self.database_url, "BROKER_URL": self.broker_url, "CACHE_URL": self.cache_url}
        return {name: url for name, url in named.items() if url}

    def stop(self) -> None:
        """Stop what is still running; a second call finds nothing to do."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(data_dir: Path, *, database: bool, cache: bool, is_throwaway: bool = False) -> Servers:
    """Start the servers asked for; one starter per folder at a time. Call it from a thread that stays.

    Throwaway servers keep their data in memory where there is room, trade safety for speed, and leave nothing.

    Raises:
        UnableToStart: with a sentence for the person at the keyboard.
    """
    with ExitStack() as stack:
        place = stack.enter_context(places.claimed(data_dir, is_throwaway=is_throwaway))
        database_url = cache_server = ""
        if database:
            database_url = stack.enter_context(postgresql.running(place, is_throwaway=is_throwaway))
        if cache:
            cache_server = stack.enter_context(valkey.running(place, is_throwaway=is_throwaway))
        return Servers(
            database_url=database_url,
            broker_url=cache_server and f"{cache_server}/0",
            cache_url=cache_server and f"{cache_server}/1",
            _close=stack.pop_all().close,
        )
