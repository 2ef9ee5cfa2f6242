"""Children that do not outlive their parent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import tether
from tests.config.conftest import is_alive, wait_until
from tests.infrastructure.processes import Spawn

PARENT = """
import subprocess, sys, time
from config.embedded.tether import tethered
child = subprocess.Popen(tethered(["sleep", "600"]))
print(child.pid, flush=True)
time.sleep(600)
"""
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux signals orphans.")
pytestmark = pytest.mark.processes


class TestTethered:
    @linux_only
    def test_child_dies_when_the_parent_is_killed(self, spawn: Spawn) -> None:
        parent = spawn([sys.executable, "-c", PARENT])
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)

        parent.kill()

        assert wait_until(lambda: not is_alive(child))

    def test_runs_the_command_and_passes_on_its_result(self) -> None:
        done = subprocess.run(tether.tethered(["sh", "-c", "echo hello; exit 3"]), capture_output=True, text=True)

        assert (done.stdout, done.returncode) == ("hello\n", 3)

    def test_does_not_start_for_a_parent_that_is_gone(self) -> None:
        command = tether.tethered(["echo", "hello"])
        command[command.index(str(os.getpid()))] = "1"

        done = subprocess.run(command, capture_output=True, text=True)

        assert done.stdout == ""
        assert "The parent process 1 is gone." in done.stderr

    def test_says_what_cannot_be_run(self) -> None:
        done = subprocess.run(tether.tethered(["/no/such/program"]), capture_output=True, text=True)

        assert done.stderr == "/no/such/program cannot be run: No such file or directory.\n"

    @pytest.mark.skipif(os.geteuid() != 0, reason="Only root may become somebody else.")
    def test_becomes_another_user(self) -> None:
        done = subprocess.run(tether.tethered(["id", "-u"], user=(65534, 65534)), capture_output=True, text=True)

        assert done.stdout == "65534\n"


class TestScript:
    def test_needs_nothing_of_this_project(self, tmp_path: Path) -> None:
        command = [sys.executable, "-I", "-S", tether.__file__, "KILL", str(os.getpid()), "--", "echo", "hello"]

        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

        assert done.stdout == "hello\n"
