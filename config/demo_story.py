"""Tells the demo's story against running processes, and prints it."""

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics import services as analytics
from config.celery import app
from console.demo import promises, report, seeding
from console.demo.cast import Stage
from console.demo.prices import ByHand, Prices, Recorded, quantity_step_of
from console.demo.story import Teller
from console.demo.venue import VenueAdmin
from core.clock import now

WORKERS = 3
WORKERS_TIMEOUT_S = 60


def tell(*, pair: str, rows: list[dict[str, Any]], venue_url: str, logs: Path, begun: float) -> int:
    """Return 0 only if every promise held."""
    venue = VenueAdmin(venue_url)
    stage = _stage(pair, rows)
    if rows:
        venue.drive(action="pause")
    seeded = seeding.seed(venue_url=venue_url, clock=now, stage=stage)
    _wait_for_workers()
    _say(f"{len(seeded.parts)} accounts are connected and tested, after {time.monotonic() - begun:.1f} s.")
    prices: Prices = Recorded(venue, pair, rows) if rows else ByHand(venue, pair, stage.price)
    told = Teller(venue=venue, prices=prices, clock=now, say=_say).tell(seeded)
    analytics.update(days=[now().date()], connections=[each.pk for each in seeded.connections.values()], now=now())
    found = promises.check(told, venue, logs)
    for part in (report.accounts(told), report.positions(told), report.analytics(told), report.promises(found)):
        _say(part)
    return 1 if any(each.broken for each in found) else 0


def _stage(pair: str, rows: list[dict[str, Any]]) -> Stage:
    if not rows:
        return Stage(pair=pair)
    price = Decimal(rows[0].get("bid") or rows[0]["price"])
    return Stage(pair, price, quantity_step_of(price), is_spot_only=not pair.endswith("/USDT"))


def _wait_for_workers() -> None:
    deadline = time.monotonic() + WORKERS_TIMEOUT_S
    while time.monotonic() < deadline:
        answers = app.control.ping(timeout=0.5) or []
        if len(answers) >= WORKERS:
            return
    raise TimeoutError(f"Of {WORKERS} workers not all were ready within {WORKERS_TIMEOUT_S} s.")


def _say(text: str) -> None:
    print(text, flush=True)
