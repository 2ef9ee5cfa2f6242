"""A shorter cut of the fault matrix, as `make faults` runs it."""

import subprocess
import sys

import pytest

from bench.faults.catalogue import CRASHES, FAULTS, cells
from config.env import BASE_DIR
from core.crash import Place


class TestCatalogue:
    def test_kills_a_worker_at_every_place_an_order_passes(self) -> None:
        assert set(Place) - set(CRASHES) == {
            Place.INSIDE_VERDICT
        }  # which tests/execution/test_crash_points.py has

    def test_gives_every_combination_an_account_of_its_own(self) -> None:
        chosen = cells(list(CRASHES), FAULTS)

        assert len({cell.name for cell in chosen}) == len(CRASHES) * len(FAULTS) * 2


@pytest.mark.processes
@pytest.mark.timeout(600)
class TestFaults:
    def test_loses_and_doubles_nothing(self, process_environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "bench.faults", "--quick", "--no-page"]

        done = subprocess.run(
            command, cwd=BASE_DIR, env=process_environment, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert "Nothing lost, nothing doubled." in done.stdout
