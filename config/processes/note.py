"""The note a running `make run` leaves for commands beside it: var/run.json, and the lock that says it is true."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.embedded.errors import UnableToStart
from config.embedded.locks import Lock, holder
from config.processes.private import write_private


class Note:
    """What is running, kept up to date."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content: dict[str, Any] = {}

    def write(self, **changes: Any) -> None:
        """Add to the note."""
        self._content |= changes
        write_private(self.path, json.dumps(self._content, indent=1))


@contextmanager
def only_run(path: Path) -> Iterator[Note]:
    """Be the only run of this checkout, with a fresh note that goes when the run ends.

    Raises:
        UnableToStart: another run is alive.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = Lock(path.with_suffix(".lock"))
    if not lock.acquire():
        raise UnableToStart(f"Signalbox already runs from this folder, as process {holder(lock.path)}.")
    lock.write_holder(os.getpid())
    path.unlink(missing_ok=True)  # whatever a killed run left is not true any more
    try:
        yield Note(path)
    finally:
        path.unlink(missing_ok=True)
        lock.release()
