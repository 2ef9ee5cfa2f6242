"""Runs the processes of the Procfile, and starts again what ends.

A trading system must not go down because one process did: each is restarted, a little later every time. One that
cannot even start is a fault for a person to see, so then everything stops and its last lines are shown.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from honcho.printer import Message, Printer

from config.embedded.tether import tethered
from config.processes.output import Output

#: Seconds until the next attempt, by the number of failed starts in a row.
DELAYS_S: tuple[float, ...] = (1, 2, 4, 8, 16)
#: A process that lived this long had started; its failures are counted anew.
STARTED_AFTER_S = 10
#: So many failed starts in a row, and a person must look.
MOST_FAILED_STARTS = 5
STOP_TIMEOUT_S = 15
_PAUSE_S = 0.1


class UnableToKeepRunning(Exception):
    """A process fails each time it starts. The message has its last lines."""


@dataclass(slots=True)
class Unit:
    """One process, over all its restarts."""

    name: str
    command: str
    environment: Mapping[str, str]
    output: Output
    #: None while it does not run
    process: subprocess.Popen[bytes] | None = None
    #: hands on what the process prints
    reader: threading.Thread | None = None
    started_at: float = 0.0
    failed_starts: int = 0
    #: when to start it next; None if that is not planned
    due_at: float | None = None


class Supervisor:
    """Starts processes, keeps them running, and stops them together. Its thread must outlive them."""

    def __init__(
        self,
        *,
        logs: Path,
        say: Callable[[str], None],
        on_change: Callable[[dict[str, int]], None] = lambda pids: None,
        printer: Printer | None = None,
    ) -> None:
        self._logs = logs
        self._say = say
        self._on_change = on_change
        self._printer = printer
        self._units: dict[str, Unit] = {}

    def start(self, name: str, command: str, environment: Mapping[str, str]) -> None:
        """Start a process and keep it running from now on."""
        unit = Unit(name, command, environment, Output(self._logs / f"{name}.log"))
        self._units[name] = unit
        self._launch(unit)

    def watch(self, is_done: Callable[[], bool] = lambda: False) -> None:
        """Keep everything running until ``is_done``, which is asked some ten times a second.

        Raises:
            UnableToKeepRunning: a process fails each time it starts.
        """
        while not is_done():
            for unit in self._units.values():
                code = self._collect(unit)
                if code is not None:
                    self._plan_restart(unit, code)
                if unit.due_at is not None and time.monotonic() >= unit.due_at:
                    self._launch(unit)
            time.sleep(_PAUSE_S)

    def stop(self, is_in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        """End every process: politely, then by force after a while or as soon as somebody is in a hurry."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._pids() and time.monotonic() < deadline and not is_in_a_hurry():
            for unit in self._units.values():
                self._collect(unit)
            time.sleep(_PAUSE_S)
        self._signal(signal.SIGKILL)
        for unit in self._units.values():
            if unit.process:
                unit.process.wait()
                self._collect(unit)
            unit.output.close()

    def _launch(self, unit: Unit) -> None:
        unit.due_at = None
        unit.started_at = time.monotonic()
        unit.process = subprocess.Popen(
            tethered(["sh", "-c", f"exec {unit.command}"]),
            env=dict(unit.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us
        )
        unit.reader = threading.Thread(target=self._read, args=(unit, unit.process), name=unit.name, daemon=True)
        unit.reader.start()
        self._on_change(self._pids())

    def _read(self, unit: Unit, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as pipe:
            for line in pipe:
                unit.output.write(line)
                if self._printer:
                    self._printer.write(Message("line", line, datetime.now(tz=UTC), unit.name, None))

    def _collect(self, unit: Unit) -> int | None:
        """Return the code of a process that has ended since we looked; None if there is none."""
        process = unit.process
        if process is None or process.poll() is None:
            return None
        # What it started itself shares its group, and may hold its output open.
        _signal_group(process.pid, signal.SIGKILL)
        if unit.reader:
            unit.reader.join(timeout=2)
        unit.process = None
        self._on_change(self._pids())
        return process.returncode

    def _plan_restart(self, unit: Unit, code: int) -> None:
        lived = time.monotonic() - unit.started_at
        unit.failed_starts = 0 if lived > STARTED_AFTER_S else unit.failed_starts + 1
        if unit.failed_starts >= MOST_FAILED_STARTS:
            raise UnableToKeepRunning(_obituary(unit, code))
        delay = DELAYS_S[min(unit.failed_starts, len(DELAYS_S) - 1)]
        unit.due_at = time.monotonic() + delay
        self._say(
            f"{unit.name} ended with code {code} after {lived:.0f} s; it starts again in {delay} s. "
            f"See {unit.output.log}."
        )

    def _pids(self) -> dict[str, int]:
        return {unit.name: unit.process.pid for unit in self._units.values() if unit.process}

    def _signal(self, wanted: signal.Signals) -> None:
        for pid in self._pids().values():
            _signal_group(pid, wanted)


def _signal_group(pid: int, wanted: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS says so of a group that is only zombies
        os.killpg(pid, wanted)


def _obituary(unit: Unit, code: int) -> str:
    last = "\n".join(f"  {line}" for line in unit.output.tail)
    return (
        f"{unit.name} failed to start {unit.failed_starts} times, the last time with code {code}. "
        f"Its last lines, from {unit.output.log}:\n{last}"
    )
