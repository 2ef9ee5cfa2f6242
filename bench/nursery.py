"""Processes of an installation by the dozen: one imports everything once and forks the others, a moment each.

The program is spoken to in lines of JSON: what to start, with the place where it is to die, or whose end to tell. It
ends with its input, and the processes with it. ``Nursery`` is its other end.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.embedded.tether import tethered, tie_to_parent
from config.env import BASE_DIR

FEED = ("feed",)
BEAT = ("beat", "--loglevel", "WARNING")


def worker(name: str, queues: str, *, threads: int = 4) -> tuple[str, ...]:
    """Return the arguments of a Celery worker, as in the Procfile."""
    options = ("--pool", "threads", "--concurrency", str(threads), "--without-mingle", "--without-gossip")
    return ("worker", "-Q", queues, "-n", f"{name}@%h", "--loglevel", "WARNING", *options)


class Nursery:
    """Starts processes and tells how they ended. Not shared between threads."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                tethered([sys.executable, "-m", "bench.nursery"]),
                cwd=BASE_DIR,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        #: those that live, as far as we know
        self.pids: set[int] = set()
        self._read()

    def start(self, arguments: Sequence[str], *, crash_at: str = "") -> int:
        """Start a process and return its pid; with ``crash_at`` it dies there (``core.crash``)."""
        pid = int(self._ask(start=list(arguments), crash_at=crash_at)["pid"])
        self.pids.add(pid)
        return pid

    def status_of(self, pid: int, *, wait: bool = False) -> int | None:
        """Return the exit status of a process, minus the signal that killed it; None while it lives."""
        status = self._ask(status_of=pid, wait=wait)["status"]
        if status is not None:
            self.pids.discard(pid)
        return status

    def kill(self, pid: int, number: int = signal.SIGKILL) -> int:
        """Send a signal to a process, wait for its end, and return its exit status."""
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return self.status_of(pid, wait=True) or 0

    def close(self) -> None:
        """Kill everything."""
        for pid in list(self.pids):
            self.kill(pid)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def _ask(self, **what: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The nursery is gone. The end of {self.log}:\n{self.log.read_text()[-2000:]}")
        return dict(json.loads(line))


def main() -> None:
    """Serve until the input ends."""
    import django

    django.setup()
    from connections import registry

    for kind in registry.KINDS:
        registry.adapter_class(kind)
    _say({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        if "start" in asked:
            _say({"pid": _fork(asked["start"], asked["crash_at"])})
        else:
            pid, status = os.waitpid(asked["status_of"], 0 if asked["wait"] else os.WNOHANG)
            _say({"status": os.waitstatus_to_exitcode(status) if pid else None})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _fork(arguments: Sequence[str], crash_at: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        tie_to_parent(signal.SIGKILL, parent)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(2, 1)  # what a worker says is no answer of ours
        _run(arguments, crash_at)
    finally:
        os._exit(1)


def _run(arguments: Sequence[str], crash_at: str) -> None:
    from core import crash

    crash.arm(crash_at)
    if arguments == list(FEED):
        from django.core.management import call_command

        call_command("feed")
    else:
        from config.celery import app

        app.start(list(arguments))


if __name__ == "__main__":
    main()
