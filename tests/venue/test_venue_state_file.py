"""`--state FILE`: what a venue does for its file, as a process that is stopped, killed and misled."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.venue.client import UM_ORDER, Client
from tests.venue.test_venue_process import demo, running
from venue.config import Config, demo_rows
from venue.saving import file
from venue.saving.keeper import state_of
from venue.state import Venue

pytestmark = pytest.mark.processes
QUIET = ("--driver", "manual", "--no-limits")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "venue.state"


@pytest.fixture
def saved(state: Path) -> Path:
    """A file with a demo account in it."""
    file.write(state, state_of(Venue(Config(accounts=demo_rows(1)))))
    return state


def started(state: Path, *more: str) -> Any:
    return running("--state", str(state), *QUIET, *more)


def refusal(*arguments: str) -> tuple[int, str]:
    """This function will start a venue that does not start, and return its code and words."""
    command = [sys.executable, "-m", "venue", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


class TestRestart:
    async def test_remembers_after_a_clean_stop(self, state: Path) -> None:
        with started(state, "--accounts-demo", "1") as (_, ready):
            async with Client(ready["url"], demo(1)) as client:
                await client.order(path=UM_ORDER, newClientOrderId="mine")
                await client.admin("POST", "symbols", symbol="ETHUSDT", status="HALT")
                before = [await client.admin("GET", path) for path in ("positions", "balances", "symbols")]

        with started(state) as (_, ready):
            async with Client(ready["url"], demo(1)) as client:
                found = await client.query("mine", UM_ORDER)
                after = [await client.admin("GET", path) for path in ("positions", "balances", "symbols")]

        assert found.body["status"] == "FILLED"
        assert after == before
        assert after[0][0]["amount"] == "0.01"

    async def test_loses_at_most_a_second_to_kill(self, state: Path) -> None:
        with started(state, "--accounts-demo", "1") as (process, ready):
            async with Client(ready["url"], demo(1)) as client:
                await client.order(newClientOrderId="early")
                await client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="7")
                await asyncio.sleep(1.2)
            process.send_signal(signal.SIGKILL)
            process.wait(10)

        with started(state) as (_, ready):
            async with Client(ready["url"], demo(1)) as client:
                found = await client.query("early")
                account = await client.admin("GET", "accounts/demo001")

        assert found.body["status"] == "FILLED"
        assert account["settings"]["BTCUSDT"]["leverage"] == 7

    async def test_a_reset_is_remembered_too(self, saved: Path) -> None:
        with started(saved) as (_, ready):
            async with Client(ready["url"], demo(1)) as client:
                await client.admin("POST", "reset")

        with started(saved) as (_, ready):
            async with Client(ready["url"], demo(1)) as client:
                assert await client.admin("GET", "accounts") == []


class TestFile:
    def test_is_for_its_owner_only(self, saved: Path) -> None:
        with started(saved):
            pass

        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in saved.parent.iterdir()}

        assert modes == {"venue.state": 0o600, "venue.state.lock": 0o600}

    def test_rests_while_nothing_changes(self, saved: Path) -> None:
        with started(saved):
            time.sleep(0.3)
            before = saved.stat().st_ino
            time.sleep(1.5)

            assert saved.stat().st_ino == before

    def test_half_a_file_of_a_killed_venue_is_in_nobodys_way(self, saved: Path) -> None:
        saved.with_name("venue.state.new").write_text("half a")

        with started(saved):
            pass

        assert b"demo001" in saved.read_bytes()
        assert not saved.with_name("venue.state.new").exists()

    def test_that_cannot_be_written_is_told_once_and_tried_again(self, saved: Path) -> None:
        obstacle = saved.with_name("venue.state.new")
        command = [sys.executable, "-m", "venue", "--state", str(saved), *QUIET]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            url = json.loads(process.stdout.readline())["url"]
            obstacle.mkdir()
            deposit(url, "17.25")
            first = process.stderr.readline()
            time.sleep(2)
            was_written = b"17.25" in saved.read_bytes()
            obstacle.rmdir()
            second = process.stderr.readline()
            is_written = b"17.25" in saved.read_bytes()
            process.terminate()

        assert (was_written, is_written) == (False, True)
        assert "the state cannot be saved: [Errno 21] Is a directory" in first
        assert second == "the state is saved again\n"


def deposit(url: str, amount: str) -> None:
    body = {"account": "demo001", "asset": "GBP", "amount": amount}
    request = urllib.request.Request(f"{url}/admin/transfer", json.dumps(body).encode())  # noqa: S310 - loopback
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def without_its_end(content: bytes) -> bytes:
    return content[:-20]


def with_other_digits(content: bytes) -> bytes:
    return content.replace(b"10000", b"20000", 1)


def of_the_future(content: bytes) -> bytes:
    return content.replace(b'"venue_state":1', b'"venue_state":2')


DAMAGES = [
    (without_its_end, "is damaged: its content does not fit its checksum."),
    (with_other_digits, "is damaged: its content does not fit its checksum."),
    (lambda content: b"", "does not begin like a venue's state."),
    (lambda content: b'{"accounts": []}', "does not begin like a venue's state."),
    (lambda content: b"\x80\x04\x95 pickled", "does not begin like a venue's state."),
    (of_the_future, "has version 2 of a venue's state, but this venue reads 1."),
]


class TestRefusal:
    @pytest.mark.parametrize(("damage", "words"), DAMAGES)
    def test_of_a_damaged_file_leaves_it_alone(self, saved: Path, damage: Any, words: str) -> None:
        content = damage(saved.read_bytes())
        saved.write_bytes(content)

        code, said = refusal("--state", str(saved))

        assert code == 2
        assert f"venue: {saved} {words}" in said
        assert saved.read_bytes() == content

    def test_of_a_state_that_does_not_fit(self, saved: Path) -> None:
        symbols = saved.with_name("symbols.json")
        symbols.write_text(json.dumps([{"market": "spot", "symbol": "BTCUSDT"}]))
        content = saved.read_bytes()

        code, said = refusal("--state", str(saved), "--symbols", str(symbols))

        assert code == 2
        assert "does not fit this venue: ETHUSDT (spot) is not among the symbols of this venue." in said
        assert saved.read_bytes() == content

    def test_of_a_row_that_lacks_something(self, saved: Path) -> None:
        state = file.read(saved)
        del state["exchange"]["accounts"][0]["fees"]
        file.write(saved, state)

        code, said = refusal("--state", str(saved))

        assert (code, "does not fit this venue: fees is missing" in said) == (2, True)

    def test_of_a_file_another_venue_uses(self, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(file, "LOCK_TIMEOUT_S", 0.1)

        with started(saved), pytest.raises(file.UnableToLoad, match="is in use by another venue"):
            file.lock(saved)

    @pytest.mark.parametrize("other", [("--lean",), ("--replay", "trades.csv")])
    def test_of_modes_that_keep_nothing(self, state: Path, other: tuple[str, ...]) -> None:
        code, said = refusal("--state", str(state), *other)

        assert (code, f"--state cannot be combined with {other[0]}" in said) == (1, True)
        assert not state.exists()

    def test_of_a_folder_that_is_not_there(self, state: Path) -> None:
        code, said = refusal("--state", str(state / "deeper"))

        assert (code, "No such file or directory" in said) == (1, True)
