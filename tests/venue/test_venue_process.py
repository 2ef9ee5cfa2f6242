"""The venue as its own process: the command line, the lean mode, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.venue.client import ORDER, UM_ORDER, Client
from venue.config import account_from, demo_rows
from venue.engine.accounts import Account

pytestmark = pytest.mark.processes


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """This function will start a venue, wait until it is ready, and end it."""
    command = [sys.executable, "-m", "venue", "--die-with-parent", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def demo(number: int) -> Account:
    return account_from(demo_rows(number)[-1])


def is_gone(pid: int) -> bool:
    """This function will wait for a process to end, a zombie counting as ended."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


class TestCommandLine:
    async def test_says_when_it_is_ready_and_trades(self) -> None:
        with running("--accounts-demo", "2", "--driver", "manual") as (process, ready):
            async with Client(ready["url"], demo(2)) as client:
                reply = await client.order()

        assert (ready["ready"], ready["pid"]) == (True, process.pid)
        assert reply.body["status"] == "FILLED"
        assert process.returncode == 0

    async def test_reads_accounts_and_symbols_from_files(self, tmp_path: Any) -> None:
        accounts, symbols = tmp_path / "accounts.json", tmp_path / "symbols.json"
        row = {"name": "carol", "api_key": "c" * 64, "secret": "s", "spot": {"GBP": "1000"}}
        accounts.write_text(json.dumps([row]))
        rule = {"market": "spot", "symbol": "BTCGBP", "base": "BTC", "quote": "GBP", "tick": "1", "start": "40000"}
        symbols.write_text(json.dumps([{**rule, "step": "0.001", "min_qty": "0.001"}]))
        arguments = ("--accounts", str(accounts), "--symbols", str(symbols), "--driver", "manual")

        with running(*arguments) as (_, ready):
            async with Client(ready["url"], account_from(row)) as client:
                reply = await client.order(symbol="BTCGBP")

        assert reply.body["cummulativeQuoteQty"] == "400.02000000"

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--accounts", "/nowhere.json"), "No such file"),
            (("--driver", "replay"), "--replay FILE"),
            (("--lean", "--workers", "0"), "there must be one at least"),
        ],
    )
    def test_refuses_in_a_sentence(self, arguments: tuple[str, ...], words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "venue", *arguments], capture_output=True, text=True, timeout=20
        )

        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr

    def test_help_names_every_group(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "venue", "--help"], capture_output=True, text=True, timeout=20
        )

        assert all(word in done.stdout for word in ("--accounts-demo", "--replay-zone", "--lean", "X-Real-Host"))

    def test_dies_with_its_parent(self) -> None:
        code = (
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-m', 'venue', '--die-with-parent', '--driver', 'manual'],"
            " stdout=subprocess.PIPE, text=True)\n"
            "print(child.stdout.readline(), end='', flush=True)\n"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)

        assert is_gone(json.loads(done.stdout)["pid"])


@pytest.fixture
async def lean() -> AsyncIterator[Client]:
    with running("--lean", "--workers", "2", "--accounts-demo", "3") as (_, ready):
        async with Client(ready["url"], demo(1)) as client:
            yield client


async def read_until(read: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """This function will read again until the workers have told each other."""
    deadline = time.monotonic() + 3
    while not wanted(found := await read()):
        assert time.monotonic() < deadline
    return found


class TestLean:
    @pytest.mark.parametrize("path", [ORDER, UM_ORDER])
    async def test_fills_at_the_current_price(self, lean: Client, path: str) -> None:
        reply = await lean.order(path=path, newClientOrderId="mine")

        async def query() -> Any:
            return await lean.query("mine", path)

        found = await read_until(query, lambda answer: answer.status == 200)
        assert (reply.body["status"], found.body["status"]) == ("FILLED", "FILLED")
        assert reply.body["orderId"] == found.body["orderId"]
        assert float(reply.body["executedQty"]) == 0.01

    async def test_checks_signatures(self, lean: Client) -> None:
        wrong = Client(lean.url, Account("wrong", lean.account.api_key, "other secret"))

        async with wrong:
            reply = await wrong.order()

        assert (reply.status, reply.code) == (400, -1022)

    async def test_refuses_unknown_keys_and_symbols(self, lean: Client) -> None:
        stranger = Client(lean.url, Account("stranger", "f" * 64, "secret"))

        async with stranger:
            assert (await stranger.order()).code == -2015
        assert (await lean.order(symbol="NOPE")).code == -1121

    async def test_answers_the_rest_like_the_real_mode(self, lean: Client) -> None:
        info = await lean.send("GET", "/api/v3/exchangeInfo")
        account = await lean.signed("GET", "/api/v3/account")
        unknown = await lean.cancel("nothing")

        assert len(info.body["symbols"]) == 9
        assert account.body["canTrade"] is True
        assert unknown.code == -2013

    async def test_workers_share_orders_prices_and_counters(self, lean: Client) -> None:
        await lean.admin("POST", "price", symbol="BTCUSDT", price="40000")
        sessions = [Client(lean.url, demo(number)) for number in (1, 2, 3)]
        replies = [await session.order(newClientOrderId=f"mine{index}") for index, session in enumerate(sessions)]
        for session in sessions:
            await session.session.close()

        stats = await read_until(lambda: lean.admin("GET", "stats"), lambda found: found["orders"] == 3)
        orders = await read_until(lambda: lean.admin("GET", "orders"), lambda found: len(found) == 3)

        assert {reply.body["fills"][0]["price"] for reply in replies} == {"40000.00000000"}
        assert len({reply.body["orderId"] for reply in replies}) == 3
        assert [row["account"] for row in orders] == ["demo001", "demo002", "demo003"]
        assert stats["workers"] == 2

    async def test_slow_accounts_wait_and_revoked_ones_are_refused(self, tmp_path: Any) -> None:
        accounts = tmp_path / "accounts.json"
        rows = [{"name": "slow", "latency_ms": 150}, {"name": "gone", "revoked": True}]
        accounts.write_text(json.dumps(rows))

        with running("--lean", "--accounts", str(accounts)) as (_, ready):
            slow, gone = (Client(ready["url"], account_from(row)) for row in rows)
            async with slow, gone:
                refused = await gone.order()
                began = time.monotonic()
                filled = await slow.order()

        assert time.monotonic() - began >= 0.15
        assert (refused.code, filled.body["status"]) == (-2015, "FILLED")

    def test_workers_end_with_their_parent(self) -> None:
        with running("--lean", "--workers", "2") as (process, ready):
            children = _children_of(process.pid)
            os.kill(process.pid, signal.SIGKILL)

            assert ready["ready"]
            assert len(children) == 2
            assert all(is_gone(child) for child in children)


def _children_of(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(text) for text in file.read().split()]
