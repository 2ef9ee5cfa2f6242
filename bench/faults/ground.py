"""What a fault run stands on: a venue with faults, and a whole crew of processes of which any may die."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.nursery import BEAT, FEED, Nursery, worker
from bench.rig import Rig, rig, wait_until
from config.embedded.tether import tethered
from config.env import BASE_DIR

#: Every process of an installation but the web.
CREW: Mapping[str, Sequence[str]] = {
    "orders": worker("orders", "orders"),
    "exits": worker("exits", "exits"),
    "default": worker("default", "default"),
    "beat": BEAT,
    "feed": FEED,
}


#: No absence that we ask for is longer than this.
AWAY_AT_MOST_S = 20


class Venue:
    """The admin door of the simulated exchange."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])

    def address(self, number: int) -> str:
        """Return another address of the same venue, which for Signalbox is a venue with a budget of its own."""
        return f"http://127.0.0.{1 + number % 200}:{self.port}"

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._ask("POST", path, body)

    def forget_faults(self) -> None:
        """Behave from now on."""
        self._ask("DELETE", "/admin/faults")

    def move_price(self, symbol: str, price: str) -> None:
        """Move a price on both markets, through the real book."""
        self.post("/admin/price", {"symbol": symbol, "price": price})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback, given by us
            f"{self.url}{path}", data, {"Content-Type": "application/json"}, method=method
        )
        deadline = time.monotonic() + AWAY_AT_MOST_S
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
                    return json.load(reply)
            except (urllib.error.URLError, ConnectionError) as error:
                # The venue may be away because we told it to.
                if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


@dataclass
class Crew:
    """The processes of the installation. Who dies is started again when somebody looks."""

    nursery: Nursery
    pids: dict[str, int] = field(default_factory=dict)
    #: names of those that died, in order
    deaths: list[str] = field(default_factory=list)

    def start(self, name: str, *, crash_at: str = "") -> int:
        """Start a member, who may be told where to die."""
        self.pids[name] = self.nursery.start(CREW[name], crash_at=crash_at)
        return self.pids[name]

    def kill(self, name: str) -> None:
        """Kill a member and start it again."""
        self.nursery.kill(self.pids[name])
        self.deaths.append(name)
        self.start(name)

    def look_after(self) -> None:
        """Start again who has died."""
        for name, pid in list(self.pids.items()):
            if self.nursery.status_of(pid) is not None:
                self.deaths.append(name)
                self.start(name)


@dataclass(frozen=True)
class Ground:
    """A running installation with its venue."""

    rig: Rig
    venue: Venue
    nursery: Nursery
    crew: Crew

    def wait(self, is_done: Any, what: str, timeout_s: float) -> float:
        """Wait, keeping the crew alive, and return the seconds it took.

        Raises:
            TimeoutError: it did not come.
        """
        begun = time.monotonic()

        def look() -> bool:
            self.crew.look_after()
            time.sleep(0.2)
            return bool(is_done())

        wait_until(look, what, timeout_s)
        return time.monotonic() - begun


@contextmanager
def ground(accounts: Sequence[Mapping[str, Any]]) -> Iterator[Ground]:
    """Start servers, the venue with these accounts, and the nursery. The crew is started by the caller."""
    with (
        rig() as here,
        _venue(here, accounts) as url,
        Nursery(here.environment, here.folder / "processes.log") as nursery,
    ):
        yield Ground(here, Venue(url), nursery, Crew(nursery))


@contextmanager
def _venue(here: Rig, accounts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    file = here.folder / "accounts.json"
    file.write_text(json.dumps(list(accounts)))
    command = [sys.executable, "-m", "venue", "--host", "0.0.0.0", "--driver", "manual", "--accounts", str(file)]  # noqa: S104 - all of loopback
    command += ["--no-limits", "--die-with-parent"]
    with (
        (here.folder / "venue.log").open("w") as log,
        subprocess.Popen(
            tethered(command),
            cwd=BASE_DIR,
            env=dict(here.environment),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as running,
    ):
        assert running.stdout is not None
        line = running.stdout.readline()
        if not line:
            raise RuntimeError("The venue did not start.")
        try:
            yield f"http://127.0.0.1:{json.loads(line)['url'].rpartition(':')[2]}"
        finally:
            running.terminate()
