"""What stops an embedded server from starting, as a sentence for the person at the keyboard."""

from pathlib import Path


class UnableToStart(Exception):
    """A server did not start. The message says why and what helps."""


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log, indented, for the tail of an error message."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-count:]
    except OSError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in lines) or "  (the log is empty)"
