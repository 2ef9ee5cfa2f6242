"""The supervisor: processes that crash, hang, and cannot start."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.processes import supervisor as supervising
from config.processes.supervisor import Supervisor, UnableToKeepRunning
from tests.config.conftest import is_alive, wait_until

pytestmark = pytest.mark.processes
ENVIRONMENT = {"PATH": os.environ["PATH"]}


class Watched:
    """A supervisor with everything it said and did."""

    def __init__(self, logs: Path) -> None:
        self.said: list[str] = []
        self.pids: dict[str, int] = {}
        self.logs = logs
        self.it = Supervisor(logs=logs, say=self.said.append, on_change=self._note)

    def start(self, name: str, command: str) -> None:
        self.it.start(name, command, ENVIRONMENT)

    def watch_until(self, text: str, log: str) -> None:
        deadline = time.monotonic() + 30
        self.it.watch(lambda: text in self.log(log) or time.monotonic() > deadline)
        assert text in self.log(log)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text()

    def _note(self, pids: dict[str, int]) -> None:
        self.pids = pids


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(supervising, "DELAYS_S", (0, 0.1))
    watched = Watched(tmp_path)
    yield watched
    watched.it.stop(lambda: True)


class TestStart:
    def test_keeps_what_a_process_prints(self, watched: Watched) -> None:
        watched.start("talker", "sh -c 'echo hello; echo trouble >&2; sleep 60'")

        watched.watch_until("trouble", "talker")

        assert watched.log("talker") == "hello\ntrouble\n"

    def test_says_which_processes_run(self, watched: Watched) -> None:
        watched.start("sleeper", "sh -c 'echo started; exec sleep 60'")

        watched.watch_until("started", "sleeper")

        assert is_alive(watched.pids["sleeper"])


class TestCrash:
    def test_is_followed_by_a_restart_and_said(self, watched: Watched, tmp_path: Path) -> None:
        flag = tmp_path / "second"
        watched.start("worker", f"sh -c 'test -e {flag} && echo again && exec sleep 60; touch {flag}; exit 7'")

        watched.watch_until("again", "worker")

        assert len(watched.said) == 1
        assert watched.said[0].startswith("worker ended with code 7 after 0 s; it starts again in 0.1 s.")

    def test_does_not_hurt_the_others(self, watched: Watched, tmp_path: Path) -> None:
        watched.start("steady", "sh -c 'echo steady; exec sleep 60'")
        watched.watch_until("steady", "steady")
        pid = watched.pids["steady"]

        flag = tmp_path / "second"
        watched.start("worker", f"sh -c 'test -e {flag} && echo again && exec sleep 60; touch {flag}; exit 7'")
        watched.watch_until("again", "worker")

        assert watched.pids["steady"] == pid
        assert is_alive(pid)

    def test_at_every_start_ends_the_run_with_its_last_lines(self, watched: Watched) -> None:
        watched.start("broken", "sh -c 'echo no such table; exit 1'")

        with pytest.raises(UnableToKeepRunning, match=r"broken failed to start 5 times(.|\n)*  no such table"):
            watched.it.watch()

    def test_after_a_while_counts_as_a_first_one(self, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(supervising, "STARTED_AFTER_S", -1)
        watched.start("worker", "sh -c 'echo up; exit 1'")

        watched.it.watch(lambda: len(watched.said) > 8)

        assert all("starts again in 0 s" in sentence for sentence in watched.said)

    def test_takes_the_processes_own_children_along(self, watched: Watched) -> None:
        watched.start("parent", "sh -c 'sleep 600 & echo $!; sleep 0.2; exit 1'")
        watched.it.watch(lambda: len(watched.said) == 1)
        child = int(watched.log("parent").split()[0])

        assert wait_until(lambda: not is_alive(child))


class TestStop:
    def test_ends_everything(self, watched: Watched) -> None:
        for name in ("one", "two"):
            watched.start(name, f"sh -c 'echo {name}; exec sleep 600'")
            watched.watch_until(name, name)
        pids = list(watched.pids.values())

        watched.it.stop()

        assert not any(is_alive(pid) for pid in pids)
        assert watched.pids == {}

    def test_lets_a_process_finish_its_work(self, watched: Watched) -> None:
        watched.start(
            "worker", "sh -c 'trap \"echo finished; exit 0\" TERM; echo ready; while :; do sleep 0.1; done'"
        )
        watched.watch_until("ready", "worker")

        watched.it.stop()

        assert watched.log("worker").endswith("finished\n")

    def test_kills_what_does_not_listen(self, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(supervising, "STOP_TIMEOUT_S", 1)
        watched.start("deaf", "sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.1; done'")
        watched.watch_until("ready", "deaf")
        pid = watched.pids["deaf"]

        watched.it.stop()

        assert wait_until(lambda: not is_alive(pid))

    def test_ends_what_has_only_just_been_started(self, watched: Watched) -> None:
        watched.start("newborn", "sh -c 'echo $$; exec sleep 600'")

        watched.it.stop()

        printed = watched.log("newborn").split()
        assert not printed or not is_alive(int(printed[0]))
