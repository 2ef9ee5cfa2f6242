"""Processes a test starts. They end with the test, and with the suite however that ends."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from config.embedded.tether import tethered
from tests.infrastructure.environment import ROOT

Spawn = Callable[..., "subprocess.Popen[str]"]


@contextmanager
def spawning() -> Iterator[Spawn]:
    """Give a function that starts processes, and end them after the block.

    `spawn([...], env=..., **options of Popen)`; standard output is a pipe of text unless said otherwise.
    """
    started: list[subprocess.Popen[str]] = []

    def spawn(
        command: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        options = {"stdout": subprocess.PIPE, "text": True, "cwd": ROOT, **options}
        process = subprocess.Popen(tethered(command), env=env, start_new_session=True, **options)
        started.append(process)
        return process

    try:
        yield spawn
    finally:
        for process in started:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and what it started itself: they share its process group."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
