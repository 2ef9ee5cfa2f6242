"""One server process: tethered to us, logged to a file, holding its lock for as long as it lives."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from config.embedded.errors import UnableToStart, last_lines
from config.embedded.locks import Lock, holder
from config.embedded.tether import tethered

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
#: A log that grew beyond this is set aside at the next start.
LOG_BYTES = 10 * 1024**2


@contextmanager
def claimed_lock(path: Path, *, stop_signal: signal.Signals) -> Iterator[Lock]:
    """Take a server's lock for the length of a block, ending the server that a killed starter left behind.

    The caller holds the starter's lock, so whoever holds this one has lost its starter.

    Raises:
        UnableToStart: the old server does not end.
    """
    lock = Lock(path)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while not lock.acquire():
        pid = holder(path)
        if time.monotonic() > deadline:
            raise UnableToStart(
                f"A server from an earlier run (process {pid}) does not stop. End it, then start again."
            )
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, stop_signal)
        time.sleep(0.2)
    lock.write_holder(None)  # its number may be another process's by now
    try:
        yield lock
    finally:
        lock.release()


@contextmanager
def running(
    command: Sequence[str],
    *,
    lock: Lock,
    log: Path,
    stop_signal: signal.Signals,
    user: tuple[int, int] | None = None,
    feed: bytes = b"",
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the length of a block. ``feed`` goes to its standard input."""
    command = tethered(command, signal_name=stop_signal.name.removeprefix("SIG"), user=user)
    with _opened(log) as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            pass_fds=[lock.fd],
            start_new_session=True,  # Ctrl-C is for us; we stop the server in our own order
        )
    try:
        lock.write_holder(process.pid)
        lock.release()  # the server has its own copy now
        _feed(process, feed)
        yield process
    finally:
        stop(process, stop_signal)


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], *, name: str, log: Path) -> None:
    """Return once the server answers.

    Raises:
        UnableToStart: it ended, or did not answer in time; with the end of its log.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not is_ready():
        if process.poll() is not None:
            raise UnableToStart(
                f"{name} ended with code {process.returncode}. The end of {log}:\n{last_lines(log)}"
            )
        if time.monotonic() > deadline:
            raise UnableToStart(f"{name} did not answer in {READY_TIMEOUT_S:.0f} s. {log}:\n{last_lines(log)}")
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    """Ask the process to end, and insist after a while. A process that has ended is left alone."""
    for wanted in (stop_signal, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(wanted)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)


def _feed(process: subprocess.Popen[bytes], text: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(text)


@contextmanager
def _opened(log: Path) -> Iterator[int]:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)
