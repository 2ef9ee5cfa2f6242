"""A suite of one test that notes who runs it, and sleeps until it is killed. Run by name only."""

import os
import time
from pathlib import Path

from tests.infrastructure.processes import Spawn


def test_sleeps(db: None, spawn: Spawn) -> None:
    child = spawn(["sleep", "600"])
    sockets = os.environ["DATABASE_URL"].partition("host=")[2]

    Path(os.environ["NOTES"]).write_text(f"{os.getpid()} {child.pid} {sockets}")

    time.sleep(600)
