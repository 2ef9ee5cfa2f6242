import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core import crash
from core.crash import Place


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    crash.arm("")


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each time this process would have died."""
    died: list[bool] = []
    monkeypatch.setattr(crash, "_die", lambda: died.append(True))
    return died


class TestPassing:
    def test_does_nothing_while_no_place_is_named(self, deaths: list[bool]) -> None:
        crash.passing(Place.AFTER_CLAIM)

        assert deaths == []

    def test_dies_at_the_named_place_only(self, deaths: list[bool]) -> None:
        crash.arm("after-claim")

        crash.passing(Place.BEFORE_CLAIM)
        assert deaths == []
        crash.passing(Place.AFTER_CLAIM)
        assert deaths == [True]

    def test_counts_passings(self, deaths: list[bool]) -> None:
        crash.arm("before-wire:2")

        crash.passing(Place.BEFORE_WIRE)
        assert deaths == []
        crash.passing(Place.BEFORE_WIRE)
        assert deaths == [True]

    @pytest.mark.processes
    def test_ends_the_process_as_the_kernel_would(self) -> None:
        code = "from core import crash; crash.arm('after-claim'); crash.passing(crash.Place.AFTER_CLAIM); print('alive')"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

        assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


class TestArm:
    @pytest.mark.parametrize("text", ["nowhere", "after-claim:0", "after-claim:soon", ":3x"])
    def test_refuses_what_names_no_place(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"nowhere|after-claim|invalid"):
            crash.arm(text)
