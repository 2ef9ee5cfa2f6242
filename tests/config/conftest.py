"""Watching processes from outside."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.embedded.locks import holder
from tests.infrastructure.environment import ROOT
from tests.infrastructure.processes import Spawn

PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class Starter:
    """A process that started servers and waits."""

    process: "subprocess.Popen[str]"
    environment: dict[str, str]

    @property
    def home(self) -> Path:
        """The folder that holds the servers' data, locks and sockets."""
        return Path(self.environment["DATABASE_URL"].partition("host=")[2]).parent

    def server_pids(self) -> list[int]:
        """The process ids of the servers."""
        return [pid for lock in ("postgresql.lock", "valkey.lock") if (pid := holder(self.home / lock))]


@pytest.fixture
def start_servers(spawn: Spawn, tmp_path: Path) -> Callable[..., Starter]:
    """Start servers in a process of their own, which a test may then kill."""

    def start(folder: Path = tmp_path / "var", *options: str) -> Starter:
        command = [sys.executable, str(Path(__file__).with_name("starter.py")), str(folder), *options]
        process = spawn(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert process.stdout is not None
        return Starter(process, json.loads(process.stdout.readline()))

    return start


@pytest.fixture(autouse=True)
def _no_data_left_in_var_tmp(tmp_path: Path) -> Iterator[None]:
    """Remove what servers started as root keep outside the test's own folder."""
    yield
    remove_data_below(tmp_path)


def remove_data_below(folder: Path) -> None:
    """Remove what the links in a folder's var/ point to."""
    for link in folder.rglob("servers"):
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)


def wait_until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Return whether a condition became true in time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended but was not collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def are_gone(pids: list[int]) -> bool:
    """Return whether none of the processes runs."""
    return not any(is_alive(pid) for pid in pids)
