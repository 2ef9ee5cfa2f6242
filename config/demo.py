"""`make demo`: the main job without a browser, on private ports and a scratch database; the exit code tells.

Starts what it needs, publishes one signal to twenty-five accounts, drives the price to target one and to the stop,
and prints what became of it everywhere. With --replay the price is a recorded one.
"""

import argparse
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from honcho.environ import parse_procfile

from config import bytecode
from config.embedded import servers
from config.embedded.errors import UnableToStart
from config.embedded.tether import tethered
from config.env import BASE_DIR
from config.processes.supervisor import Supervisor
from core.crypto import new_key

READY_TIMEOUT_S = 60
#: What is traded without a recorded file.
DEFAULT_PAIR = "BTC/USDT"


def main(arguments: list[str]) -> int:
    """Tell the story and return 0 only if every promise held."""
    given = _parser().parse_args(arguments)
    given.symbol = given.symbol.strip()
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, _interrupt)
    bytecode.share(os.environ)
    try:
        _check_pair(given)
        return _run(given)
    except KeyboardInterrupt:
        print("Stopped.")
        return 130
    except (UnableToStart, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--replay", metavar="FILE", help="CSV of trades or quotes, may be gzipped")
    parser.add_argument("--symbol", default=DEFAULT_PAIR, help="the pair that the file is of (default BTC/USDT)")
    parser.add_argument("--columns", metavar="NAMES", help="comma-separated meaning of each column of the file")
    parser.add_argument("--zone", default="UTC", help="zone of times that carry none, such as EST (default UTC)")
    parser.add_argument(
        "--header", action=argparse.BooleanOptionalAction, help="whether the first line holds names"
    )
    return parser


def _run(given: argparse.Namespace) -> int:
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signalbox-demo-")))
        rows = _rows(given) if given.replay else []
        venue = stack.enter_context(_Venue(given, rows, folder))
        started = stack.enter_context(servers.start(folder / "data", database=True, cache=True, is_throwaway=True))
        os.environ.update(environment := _environment(started))
        _migrate()
        logs = folder / "log"
        logs.mkdir()
        stack.enter_context(_Processes(logs, environment))
        return _tell(given, rows, venue.url(), logs, begun)


def _rows(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of the recorded file, as the venue's own reader understands them.

    Raises:
        ValueError: it cannot be read; with the reader's own words.
    """
    read = [sys.executable, "-m", "venue.replay", given.replay, "--rows", *_layout(given)]
    done = subprocess.run(read, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "The file cannot be read."
        )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    _check_path(rows)
    return rows


def _check_path(rows: list[dict[str, Any]]) -> None:
    """Raise ``ValueError`` for a path that cannot be told, before anything is started."""
    from console.demo.prices import levels_in

    for number, (row, following) in enumerate(itertools.pairwise(rows), start=1):
        if following["time"] < row["time"]:
            raise ValueError(
                f"Row {number + 1} of the data is older than the row before it; sort the file by time."
            )
    levels_in(rows)


def _layout(given: argparse.Namespace, prefix: str = "--") -> list[str]:
    options = [f"{prefix}zone", given.zone]
    if given.columns:
        options += [f"{prefix}columns", given.columns]
    if given.header is not None:
        options.append(
            f"{prefix}header" if given.header else f"--no-{prefix.strip('-')}{'-' * (prefix != '--')}header"
        )
    return options


def _environment(started: servers.Servers) -> dict[str, str]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        **os.environ,
        **started.environment,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(40),
        "SIGNALBOX_CREDENTIAL_KEYS": f"demo:{new_key()}",
        "SIGNALBOX_ALLOW_BASE_URL": "true",
        "EMAIL_URL": "dummymail://",
        "PATH": programs,
        "PYTHONUNBUFFERED": "1",
    }


class _Venue:
    """Runs the simulated exchange for the length of a block."""

    def __init__(self, given: argparse.Namespace, rows: list[dict[str, Any]], folder: Path) -> None:
        command = [sys.executable, "-m", "venue", "--port", "0", "--die-with-parent"]
        if rows:
            symbols = folder / "symbols.json"
            symbols.write_text(json.dumps(_symbols(given.symbol, rows)))
            command += [
                "--symbols",
                str(symbols),
                "--driver",
                "replay",
                "--replay",
                given.replay,
                "--speed",
                "0.000001",
            ]
            command += ["--replay-symbol", given.symbol.replace("/", ""), *_layout(given, "--replay-")]
        else:
            command += ["--driver", "manual"]
        self._command = command

    def __enter__(self) -> "_Venue":
        self._process = subprocess.Popen(
            tethered(self._command), cwd=BASE_DIR, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        return self

    def url(self) -> str:
        """Return its address, once it answers."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise UnableToStart("The simulated exchange did not start; what it said stands above.")
        return str(json.loads(line)["url"])

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def _symbols(pair: str, rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    from console.demo.prices import price_tick_of, quantity_step_of

    base, quote = _parts(pair)
    price = Decimal(rows[0].get("bid") or rows[0]["price"])
    step = f"{quantity_step_of(price):f}"
    one = {
        "symbol": base + quote,
        "base": base,
        "quote": quote,
        "start": f"{price:f}",
        "tick": f"{price_tick_of(rows):f}",
        "step": step,
        "min_qty": step,
    }
    spot = {**one, "market": "spot", "min_notional": "5"}
    return [spot, {**one, "market": "usdm", "min_notional": "5"}] if quote == "USDT" else [spot]


def _check_pair(given: argparse.Namespace) -> None:
    _parts(given.symbol)
    if given.symbol != DEFAULT_PAIR and not given.replay:
        raise ValueError(f"--symbol names the pair of a --replay; without one {DEFAULT_PAIR} is traded.")


def _parts(pair: str) -> tuple[str, str]:
    """Return base and quote of a spot symbol such as EUR/USD."""
    base, slash, quote = pair.partition("/")
    if not slash or not base.isalnum() or not quote.isalnum() or not pair.isupper():
        raise ValueError(f"--symbol is BASE/QUOTE in capitals, such as BTC/USDT; got {pair!r}.")
    return base, quote


class _Processes:
    """Runs the Procfile without the web process for the length of a block."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._supervisor = Supervisor(logs=logs, say=lambda text: print(text, file=sys.stderr))
        self._environment = environment
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        processes = parse_procfile((BASE_DIR / "Procfile").read_text()).processes
        for name, command in processes.items():
            if name != "web":
                self._supervisor.start(name, command, self._environment)
        self._watcher.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watcher.join()
        self._supervisor.stop()

    def _watch(self) -> None:
        self._supervisor.watch(self._is_over.is_set)


def _migrate() -> None:
    """Make the tables. In this process, which needs the apps anyway."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def _tell(given: argparse.Namespace, rows: list[dict[str, Any]], venue_url: str, logs: Path, begun: float) -> int:
    from config.demo_story import tell  # needs the apps

    return tell(pair=given.symbol, rows=rows, venue_url=venue_url, logs=logs, begun=begun)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
