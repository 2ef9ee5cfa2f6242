"""A venue for tests that trade over real HTTP: one process a worker, begun anew for every test that asks for it.

The fixture ``venue`` gives its address and its admin door. Prices stand still until the test moves them, and no
account has anything but what the test opens.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connections.contract import AccountAccess, Environment, MarketType
from console.demo.venue import VenueAdmin
from tests.infrastructure.processes import spawning


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """A customer of the venue, as its owner knows it."""

    name: str
    api_key: str
    secret: str

    @property
    def credentials(self) -> dict[str, str]:
        """The key as an adapter and a connection take it."""
        return {"apiKey": self.api_key, "secret": self.secret}


class VenueControl(VenueAdmin):
    """The admin door with what only tests do: faults, clocks, outages, and the customer's own hand."""

    def reset(self) -> None:
        """Begin again: accounts, books, prices, faults, counters."""
        self._ask("POST", "/admin/reset", {})

    def open_account(self, name: str, **row: Any) -> VenueAccount:
        """Open an account; balances in ``spot`` and ``usdm``, and all that docs/venue.md lists."""
        opened = self._ask("POST", "/admin/accounts", {"name": name, **row})
        return VenueAccount(name, opened["api_key"], opened["secret"])

    def fault(
        self,
        kind: str,
        *,
        match: Mapping[str, Any] | None = None,
        times: int | None = 1,
        after: int = 0,
        **options: Any,
    ) -> None:
        """Let the next matching request go wrong; docs/venue.md lists the kinds and their options."""
        rule = {"match": match or {}, "fault": {"kind": kind, **options}, "times": times, "after": after}
        self._ask("POST", "/admin/faults", rule)

    def clear_faults(self) -> None:
        """Forget every fault."""
        self._ask("DELETE", "/admin/faults")

    def skew_clock(self, ahead: timedelta) -> None:
        """Let the venue's clock run ahead of ours, or behind."""
        self._ask("POST", "/admin/clock", {"skew_ms": int(ahead / timedelta(milliseconds=1))})

    def maintain(self, *, down: bool) -> None:
        """Go down for maintenance, or come up again."""
        self._ask("POST", "/admin/maintenance", {"state": "down" if down else "up"})

    def leave(self, seconds: float) -> None:
        """Cut every connection and refuse new ones for a while."""
        self._ask("POST", "/admin/away", {"seconds": seconds})

    def act(self, account: str, action: str, **details: Any) -> Any:
        """Do what the customer could do by hand: order, close_position, cancel_order, cancel_all."""
        return self._ask("POST", "/admin/act", {"account": account, "action": action, **details})

    def requests(self) -> dict[str, int]:
        """Return how often each endpoint was asked since the beginning, such as ``POST /api/v3/order``."""
        return dict(self._ask("GET", "/admin/stats")["by_endpoint"])


@dataclass(frozen=True, slots=True)
class RunningVenue:
    """A venue that answers."""

    url: str
    admin: VenueControl

    def access(self, account: VenueAccount, market: MarketType, **changes: Any) -> AccountAccess:
        """Return how an adapter reaches an account here."""
        values: dict[str, Any] = {
            "exchange": "binance",
            "market": market,
            "environment": Environment.REHEARSAL,
            "credentials": account.credentials,
            "base_url": self.url,
            "timeout": timedelta(seconds=5),
        }
        return AccountAccess(**{**values, **changes})


@pytest.fixture(scope="session")
def venue_process() -> Iterator[RunningVenue]:
    """The venue of this worker. Ask for ``venue`` instead, which is begun anew for each test."""
    command = [sys.executable, "-m", "venue", "--driver", "manual", "--die-with-parent", "--no-limits"]
    with spawning() as spawn:
        process = spawn(command)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield RunningVenue(ready["url"], VenueControl(ready["url"]))


@pytest.fixture
def venue(venue_process: RunningVenue) -> RunningVenue:
    """A venue without accounts, at its opening prices, on its best behaviour."""
    venue_process.admin.reset()
    return venue_process
