"""What a bench stands on: scratch servers, a lean venue, workers. Everything ends with the block that started it."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded import servers
from config.embedded.tether import tethered
from config.env import BASE_DIR
from core.crypto import new_key

START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Rig:
    """A running installation without workers."""

    folder: Path
    environment: Mapping[str, str]


@contextmanager
def rig() -> Iterator[Rig]:
    """Start scratch servers, make the tables, and point this process's settings at them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signalbox-bench-")))
        started = stack.enter_context(servers.start(folder / "data", database=True, cache=True, is_throwaway=True))
        environment = {
            **os.environ,
            **started.environment,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": secrets.token_urlsafe(40),
            "SIGNALBOX_CREDENTIAL_KEYS": f"bench:{new_key()}",
            "SIGNALBOX_ALLOW_BASE_URL": "true",
            "EMAIL_URL": "dummymail://",
            "LOG_LEVEL": "WARNING",
            # The venue counts nothing here. The budget is asked and spent all the same, and never the bottleneck.
            "REQUEST_BUDGETS": "binance=100",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        }
        os.environ.update(environment)
        migrate = [sys.executable, "-W", "ignore", "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=BASE_DIR, env=environment, check=True)
        import django

        django.setup()
        yield Rig(folder, environment)


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for the length of a block; it ends with us, however we end."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            tethered(command), cwd=BASE_DIR, env=dict(environment), stdout=output, stderr=output
        )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextmanager
def lean_venue(
    rig_: Rig,
    accounts: list[dict[str, Any]],
    *,
    latency_ms: float,
    workers: int = 1,
    options: tuple[str, ...] = (),
) -> Iterator[str]:
    """Run a lean venue with these accounts and return its address."""
    file = rig_.folder / "accounts.json"
    file.write_text(json.dumps(accounts))
    command = [sys.executable, "-m", "venue", "--lean", "--workers", str(workers), "--accounts", str(file)]
    command += ["--latency-ms", str(latency_ms), "--die-with-parent", "--no-limits", *options]
    with subprocess.Popen(
        tethered(command), cwd=BASE_DIR, env=dict(rig_.environment), stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        if not line:
            raise RuntimeError("The lean venue did not start.")
        try:
            yield str(json.loads(line)["url"])
        finally:
            running.terminate()


@contextmanager
def workers(rig_: Rig, names: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """Run Celery workers, by name and their options, wait until all take work, and return their pids."""
    from config.celery import app

    with ExitStack() as stack:
        pids = {}
        for name, options in names.items():
            command = ["celery", "-A", "config", "worker", "-n", f"{name}@bench", *options.split()]
            command += ["--without-mingle", "--without-gossip"]
            started = stack.enter_context(process(command, rig_.environment, rig_.folder / f"{name}.log"))
            pids[name] = started.pid
        wait_until(lambda: len(app.control.ping(timeout=0.5) or []) >= len(names), "the workers")
        yield pids


def wait_until(is_done: Callable[[], bool], what: str, timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait for something that takes no part in what is measured.

    Raises:
        TimeoutError: it did not come.
    """
    deadline = time.monotonic() + timeout_s
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {timeout_s:g} s for {what} in vain.")
        time.sleep(0.02)


def ask_venue(url: str, path: str, body: Any = None) -> Any:
    """Return what the venue's admin door answers."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{url}{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
        return json.load(reply)


def cpu_seconds(pids: Mapping[str, int]) -> float:
    """Return the processor time these processes and their children have used so far."""
    import psutil

    total = 0.0
    for pid in pids.values():
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(pid)
            for each in (parent, *parent.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    spent = each.cpu_times()
                    # What ended meanwhile is counted by whoever it belonged to.
                    total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def postgres_pids() -> dict[str, int]:
    """Return the processes of the database that this process has started."""
    import psutil

    found = psutil.Process().children(recursive=True)
    return {str(each.pid): each.pid for each in found if each.name() == "postgres" and _is_top(each)}


def _is_top(process: Any) -> bool:
    parent = process.parent()
    return parent is None or parent.name() != "postgres"


def resident_mb(pids: Mapping[str, int]) -> float:
    """Return the resident memory of these processes and their children."""
    import psutil

    total = 0
    for pid in pids.values():
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(pid)
            total += sum(each.memory_info().rss for each in (parent, *parent.children(recursive=True)))
    return total / 1e6
