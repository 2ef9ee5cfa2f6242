"""The file: a line that says what it is and what it should hold, then the state as one JSON object.

JSON and not pickle: a file that is damaged, foreign or tampered with can be refused, and never runs anything.
"""

from __future__ import annotations

import fcntl
import os
import time
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

#: Rises when files that were written before can no longer be read.
VERSION = 1
LOCK_TIMEOUT_S = 5.0
KEPT = "It was left as it is; move it away to begin with empty books."


class UnableToLoad(Exception):
    """The state cannot be used, which must not look like a venue without customers."""


def read(path: Path) -> Any:
    """This function will read the state, or None where there is no file yet.

    Raises: UnableToLoad when the file cannot be read, or is not whole.
    """
    try:
        head, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as e:
        raise UnableToLoad(f"{path} cannot be read: {e.strerror}.") from e
    described = _head(head)
    if described is None:
        raise UnableToLoad(f"{path} does not begin like a venue's state. {KEPT}")
    if described["venue_state"] != VERSION:
        raise UnableToLoad(
            f"{path} has version {described['venue_state']} of a venue's state, but this venue reads {VERSION}. {KEPT}"
        )
    if described.get("digest") != _digest(body):
        raise UnableToLoad(f"{path} is damaged: its content does not fit its checksum. {KEPT}")
    return orjson.loads(body)


def write(path: Path, state: Any) -> None:
    """This function will replace the file; readers see the former one or the new one, never half of it.

    Raises: OSError when it cannot be written; the former file is still there then.
    """
    body = orjson.dumps(state, default=str)
    head = orjson.dumps({"venue_state": VERSION, "digest": _digest(body)})
    unfinished = path.with_name(path.name + ".new")
    # Whatever lies there is of a venue that was killed: the lock says that there is no other.
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(head + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def lock(path: Path) -> int:
    """This function will be the only one to use a file until the process ends, and return the lock's descriptor.

    A venue that was killed may still be saving, so it waits for a while.
    Raises: UnableToLoad when another venue has it; OSError when the folder cannot be written.
    """
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise UnableToLoad(f"{path} is in use by another venue.") from None
            time.sleep(0.05)
        else:
            return descriptor


def _head(line: bytes) -> dict[str, Any] | None:
    try:
        described = orjson.loads(line)
    except ValueError:
        return None
    return described if isinstance(described, dict) and "venue_state" in described else None


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()
