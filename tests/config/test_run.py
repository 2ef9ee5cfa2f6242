"""`make run`, with a small Procfile: from the first start to the last process gone."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config.embedded.valkey import free_port
from tests.config.conftest import are_gone, remove_data_below, wait_until
from tests.infrastructure.environment import ROOT
from tests.infrastructure.processes import spawning

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
WEB = Path(__file__).with_name("web.py")


class Run:
    """One `make run` of a folder of its own."""

    def __init__(self, process: "subprocess.Popen[str]", var: Path) -> None:
        self.process = process
        self.var = var
        self.lines: list[str] = []

    def read_until(self, text: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        pytest.fail(f"{text!r} was not said, but: {''.join(self.lines)}")

    def note(self) -> dict[str, Any]:
        described: dict[str, Any] = json.loads((self.var / "run.json").read_text())
        return described

    def descendants(self) -> list[int]:
        """Every process that exists because of this run."""
        rows = subprocess.check_output(["ps", "-eo", "pid=,ppid="], text=True).splitlines()
        parents = {int(pid): int(parent) for pid, parent in (row.split() for row in rows)}
        found, fresh = set[int](), {self.process.pid}
        while fresh := {pid for pid, parent in parents.items() if parent in fresh} - found:
            found |= fresh
        return sorted(found)


Start = Callable[..., Run]


@contextmanager
def runs_in(folder: Path) -> Iterator[Start]:
    """Give a function that starts a run whose data lie in ``folder``, and end those runs after the block."""
    procfile = folder / "Procfile"
    procfile.write_text(f"web: python {WEB} $PORT\nworker: sh -c 'echo works; exec sleep 600'\n")
    outside = {"DATABASE_URL", "BROKER_URL", "CACHE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in outside}

    with spawning() as spawn:

        def start(**changes: str) -> Run:
            command = [sys.executable, "-m", "config.run", "--no-demo", "--procfile", str(procfile)]
            own = {"SIGNALBOX_VAR": str(folder / "var"), "PORT": str(free_port()), **changes}
            return Run(spawn(command, env=environment | own, stderr=subprocess.STDOUT), folder / "var")

        yield start


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Start]:
    with runs_in(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One run for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("run")
    with runs_in(folder) as start:
        run = start()
        run.read_until("stop      Ctrl-C")
        yield run
    remove_data_below(folder)


class TestStart:
    def test_prints_the_address_once_it_answers(self, started: Run) -> None:
        url = started.note()["url"]

        assert f"  address   {url}/\n" in started.lines
        with urllib.request.urlopen(f"{url}/healthz") as answer:  # noqa: S310 - our own address
            assert answer.status == 200

    def test_leaves_a_private_note_for_commands(self, started: Run) -> None:
        note = started.note()

        assert set(note["pids"]) == {"web", "worker"}
        assert note["environment"]["DATABASE_URL"].startswith("postgresql://")
        assert stat.S_IMODE((started.var / "run.json").stat().st_mode) == 0o600

    def test_lets_commands_beside_it_find_its_servers(self, started: Run) -> None:
        beside = {**os.environ, "SIGNALBOX_VAR": str(started.var), "SIGNALBOX_READ_FILES": "true"}
        for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL", "SECRET_KEY", "SIGNALBOX_CREDENTIAL_KEYS"):
            beside.pop(name)

        command = [sys.executable, "manage.py", "migrate", "--check"]
        done = subprocess.run(command, env=beside, cwd=ROOT, capture_output=True, text=True)

        assert done.returncode == 0, done.stderr

    def test_is_refused_while_another_runs(self, started: Run) -> None:
        with runs_in(started.var.parent) as start:
            second = start()

            second.read_until(f"already runs from this folder, as process {started.process.pid}.")
            assert second.process.wait(30) == 1
        assert started.process.poll() is None

    def test_takes_the_next_port_when_one_is_taken(self, run: Start) -> None:
        port = free_port()

        with socket.create_server(("127.0.0.1", port)):
            run(PORT=str(port)).read_until(f"Port {port} is taken, so this run uses {port + 1}.")

    def test_shows_why_the_database_could_not_be_prepared(self, run: Start) -> None:
        started = run(SIGNALBOX_CREDENTIAL_KEYS="nonsense")

        started.read_until("The database could not be prepared.")
        started.read_until("SIGNALBOX_CREDENTIAL_KEYS cannot be used")
        assert started.process.wait(60) == 1


class TestStop:
    @pytest.mark.parametrize(
        ("moment", "wanted"),
        [
            ("Starting the database", signal.SIGTERM),
            ("Preparing tables", signal.SIGHUP),
            ("Ctrl-C", signal.SIGINT),
        ],
    )
    def test_ends_everything_at_any_moment(self, run: Start, moment: str, wanted: signal.Signals) -> None:
        started = run()
        started.read_until(moment)
        everything = started.descendants()

        started.process.send_signal(wanted)

        assert started.process.wait(60) == 0
        assert wait_until(lambda: are_gone(everything))
        assert not (started.var / "run.json").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux signals orphans.")
class TestKill:
    def test_ends_everything_and_does_not_disturb_the_next_run(self, run: Start) -> None:
        killed = run()
        killed.read_until("Ctrl-C")
        everything, keys = killed.descendants(), (killed.var / "secrets.env").read_text()

        killed.process.kill()

        assert len(everything) > 4
        assert wait_until(lambda: are_gone(everything))
        again = run()
        again.read_until("Ctrl-C")
        assert again.note()["pid"] == again.process.pid
        assert (again.var / "secrets.env").read_text() == keys
