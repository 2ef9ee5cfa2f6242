"""Locks that die with their holders, so that a killed run never blocks the next one.

A lock is `flock` on a file: the kernel drops it when the last process that has the file open is gone, however
it went. The file itself stays and proves nothing; only the lock does.
"""

import os
import sys
import time
from pathlib import Path

if sys.platform != "win32":
    import fcntl


#: `is_held` takes a free lock for an instant; whoever wants it in that instant tries again.
_ATTEMPTS = 5


class Lock:
    """An exclusive lock on a file, or on a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def is_acquired(self) -> bool:
        """Whether we took it and did not release it."""
        return self._fd is not None

    @property
    def fd(self) -> int:
        """The open file. A child that inherits it holds the lock for as long as it lives."""
        assert self._fd is not None, f"{self.path} is not locked"
        return self._fd

    def acquire(self) -> bool:
        """Take the lock if nobody holds it, and say whether that worked."""
        fd = _open(self.path)
        for _ in range(_ATTEMPTS):
            if _try_lock(fd):
                self._fd = fd
                return True
            time.sleep(0.02)
        os.close(fd)
        return False

    def write_holder(self, pid: int | None) -> None:
        """Write down who holds the lock, for `holder` and for people; None if that is not known yet."""
        os.ftruncate(self.fd, 0)
        if pid is not None:
            os.pwrite(self.fd, f"{pid}\n".encode(), 0)

    def release(self) -> None:
        """Close our copy. The lock itself is free once no child has one either, so it is not unlocked here."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def is_held(path: Path) -> bool:
    """Return whether a living process holds the lock; a file left by a killed one does not count."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    is_free = _try_lock(fd)
    os.close(fd)
    return not is_free


def holder(path: Path) -> int | None:
    """Return the process id written into a lock file; None if none was."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _open(path: Path) -> int:
    if path.is_dir():
        return os.open(path, os.O_RDONLY)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(fd: int) -> bool:
    if sys.platform == "win32":  # no embedded servers there, so nobody ever holds one
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
