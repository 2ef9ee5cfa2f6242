"""What a process prints: kept in a log file of bounded size, and its last lines in memory."""

import logging
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 10 * 1024**2
TAIL_LINES = 20


class Output:
    """The output of one process over all its restarts."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        log.touch(mode=0o600)
        self._file = RotatingFileHandler(log, maxBytes=LOG_BYTES, backupCount=1)

    def write(self, line: bytes) -> None:
        """Keep one line as it came."""
        text = line.decode("utf-8", "replace").rstrip("\n")
        self.tail.append(text)
        self._file.emit(logging.makeLogRecord({"msg": text}))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
