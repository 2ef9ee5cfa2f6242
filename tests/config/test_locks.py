"""Locks that die with their holders."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.locks import Lock, holder, is_held
from tests.config.conftest import wait_until
from tests.infrastructure.processes import Spawn

HOLD = """
import sys, time
from pathlib import Path
from config.embedded.locks import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
time.sleep(600)
"""


class TestLock:
    def test_is_exclusive(self, tmp_path: Path) -> None:
        first, second = Lock(tmp_path / "a.lock"), Lock(tmp_path / "a.lock")

        assert first.acquire()
        assert not second.acquire()

    def test_is_free_after_release(self, tmp_path: Path) -> None:
        lock = Lock(tmp_path / "a.lock")
        lock.acquire()

        lock.release()

        assert not is_held(lock.path)

    def test_works_on_a_folder(self, tmp_path: Path) -> None:
        lock = Lock(tmp_path)

        assert lock.acquire()
        assert is_held(tmp_path)
        lock.release()

    def test_names_its_holder(self, tmp_path: Path) -> None:
        lock = Lock(tmp_path / "a.lock")
        lock.acquire()

        lock.write_holder(4711)

        assert holder(lock.path) == 4711
        lock.release()

    def test_is_not_held_by_a_file_alone(self, tmp_path: Path) -> None:
        (tmp_path / "a.lock").write_text("1\n")

        assert not is_held(tmp_path / "a.lock")
        assert not is_held(tmp_path / "missing.lock")

    @pytest.mark.processes
    def test_is_free_once_its_holder_was_killed(self, spawn: Spawn, tmp_path: Path) -> None:
        path = tmp_path / "a.lock"
        process = spawn([sys.executable, "-c", HOLD, str(path)])
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert is_held(path)

        process.kill()

        assert wait_until(lambda: not is_held(path))

    @pytest.mark.processes
    def test_is_held_as_long_as_a_child_that_inherited_it_lives(self, tmp_path: Path) -> None:
        lock = Lock(tmp_path / "a.lock")
        lock.acquire()
        child = subprocess.Popen(["sleep", "600"], pass_fds=[lock.fd])

        lock.release()

        assert is_held(lock.path)
        child.kill()
        child.wait()
        assert not is_held(lock.path)
