"""One signal on many accounts: from the publishing commit to the last acknowledgement, beside bare ccxt."""

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bench.keys import venue_accounts
from bench.rig import (
    Rig,
    ask_venue,
    cpu_seconds,
    lean_venue,
    postgres_pids,
    resident_mb,
    rig,
    wait_until,
    workers,
)

#: One process a core, Celery's threads pool, one event loop each.
ORDER_WORKERS = {f"orders{number}": "-Q orders --pool threads --concurrency 8" for number in (1, 2)}
ALLOWED, GOAL = 1.8, 1.5
#: What an order may cost at the largest size against one at ``SMALLER``.
ALLOWED_GROWTH, SMALLER = 1.3, 1000
PRICE = Decimal(60_000)
#: The price rises by this part of itself, this often: the later an order arrives, the more it pays.
DRIFT, DRIFT_EVERY_S = Decimal("0.00001"), 0.1
LONGEST_S = 120
#: Above this share of one core the venue, and nobody else, sets the pace.
BUSY = 0.8


@dataclass(frozen=True, slots=True)
class Measured:
    """One fan-out, in seconds from the publishing commit."""

    last_acknowledged: float
    #: until another session saw every row
    all_durable: float
    #: at the venue, by its clock, sorted
    arrived: list[float]
    #: of the workers, and of the database
    cpu: float
    database_cpu: float
    venue_cpu_us: float
    #: of one core, while it lasted
    venue_load: float
    #: standard deviation of the fill prices
    dispersion_bps: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which sizes and latencies are measured."""
    parser.add_argument("--accounts", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0, 50])
    parser.add_argument("--rounds", type=int, default=3, help="fan-outs per case; the median is reported")


def run(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a row for every size and latency, and one for what an order costs more where there are most."""
    cases = [(count, latency) for count in given.accounts for latency in given.latency_ms]
    if len(cases) == 1:
        return [_one(*cases[0], given.rounds)]
    rows = [_apart(count, latency, given.rounds) for count, latency in cases]
    return rows + [each for row in rows if (each := _growth(row, rows)) is not None]


def _apart(count: int, latency_ms: float, rounds: int) -> dict[str, Any]:
    """Measure a case in a process of its own: settings are read once a process, and memory is nobody else's."""
    command = [sys.executable, "-m", "bench", "fanout", "--accounts", str(count), "--latency-ms", str(latency_ms)]
    command += ["--rounds", str(rounds)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S * (2 * rounds + 3), check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"The fan-out to {count} accounts ended with {done.returncode} and no figures.")
    row: dict[str, Any] = json.loads(lines[0])
    return row


def _growth(row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    known = {(each["accounts"], each["latency_ms"]): each for each in rows}
    smaller = known.get((SMALLER, row["latency_ms"]))
    if smaller is None or row["accounts"] <= SMALLER:
        return None
    grown = (row["durable_ms"] / row["accounts"]) / (smaller["durable_ms"] / SMALLER)
    names = {"bench": "fanout growth", "accounts": row["accounts"], "latency_ms": row["latency_ms"]}
    return {**names, "ratio": round(grown, 2), "allowed": ALLOWED_GROWTH}


def _one(count: int, latency_ms: float, rounds: int) -> dict[str, Any]:
    accounts = venue_accounts(count)
    with rig() as here, lean_venue(here, accounts, latency_ms=latency_ms) as url:
        from bench import cast  # needs the apps

        channel = cast.seed(count, url)
        with workers(here, ORDER_WORKERS) as pids:
            started_mb = resident_mb(pids)
            _fan_out(channel, url, pids)  # warm: adapters, statements, sockets
            warm_mb = resident_mb(pids)
            ours, two, one = [], [], []
            for _ in range(rounds):
                two.append(_bare(here, url, processes=2))
                ours.append(_fan_out(channel, url, pids))
                one.append(_bare(here, url, processes=1))
        statements = _statements(channel) / count
    best = sorted(ours, key=lambda each: each.last_acknowledged)[len(ours) // 2]
    limit = statistics.median(two)
    return {
        "bench": "fanout",
        "accounts": count,
        "latency_ms": latency_ms,
        "ratio": round(best.last_acknowledged / limit, 2),
        "ratio_durable": round(best.all_durable / limit, 2),
        "ratio_p99": round(_percentile(best.arrived, 99) / limit, 2),
        "ratio_one_loop": round(best.last_acknowledged / statistics.median(one), 2),
        "allowed": ALLOWED,
        "goal": GOAL,
        "bare_ms": round(limit * 1000),
        "bare_one_loop_ms": round(statistics.median(one) * 1000),
        "last_ack_ms": round(best.last_acknowledged * 1000),
        "durable_ms": round(best.all_durable * 1000),
        **{f"p{each}_ms": round(_percentile(best.arrived, each) * 1000) for each in (50, 95, 99)},
        "dispersion_bps": round(best.dispersion_bps, 3),
        "cpu_s": round(best.cpu, 2),
        "database_cpu_s": round(best.database_cpu, 2),
        "cpu_ms_per_order": round(best.cpu * 1000 / count, 2),
        "statements_per_order": round(statements, 3),
        "mb_per_worker": round(warm_mb / len(pids)),
        "mb_per_account": round(max(warm_mb - started_mb, 0) / count, 3),
        "venue_cpu_us": round(best.venue_cpu_us),
        "venue_is_bottleneck": best.venue_load > BUSY,
        "rounds": rounds,
    }


def _bare(here: Rig, url: str, *, processes: int) -> float:
    file = here.folder / "accounts.json"
    command = [sys.executable, "-m", "bench.bare", "--venue", url, "--accounts", str(file)]
    command += ["--processes", str(processes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.5)  # every loop stands at its barrier
        running.stdin.write("go\n")
        running.stdin.flush()
        return float(json.loads(running.stdout.readline())["seconds"])


def _fan_out(channel: Any, url: str, pids: dict[str, int]) -> Measured:
    from core.clock import now

    database = postgres_pids()
    before, spent, served = ask_venue(url, "/admin/stats"), cpu_seconds(pids), cpu_seconds(database)
    with _rising(url):
        signal = _publish(channel)
        published_at = now()
        waits = _wait_for(signal)
        all_durable = (now() - published_at).total_seconds()
    after = ask_venue(url, "/admin/stats")
    mine = [row for row in ask_venue(url, "/admin/orders") if row["arrival_ns"] / 1e9 >= published_at.timestamp()]
    prices = [float(row["quote"]) / float(row["executed"]) for row in mine]
    venue_cpu = after["cpu_seconds"] - before["cpu_seconds"]
    return Measured(
        last_acknowledged=max((each - published_at).total_seconds() for each in waits),
        all_durable=all_durable,
        arrived=sorted(row["arrival_ns"] / 1e9 - published_at.timestamp() for row in mine),
        cpu=cpu_seconds(pids) - spent,
        database_cpu=cpu_seconds(database) - served,
        venue_cpu_us=venue_cpu * 1e6 / (after["requests"] - before["requests"]),
        venue_load=venue_cpu / all_durable,
        dispersion_bps=statistics.pstdev(prices) / statistics.fmean(prices) * 10_000,
    )


def _publish(channel: Any) -> Any:
    from django.db import transaction

    from core.clock import now
    from signals import services as signals

    terms = {"currency_pair": "BTC/USDT", "direction": "BUY", "order_type": "MARKET"}
    signal = signals.create_signal(
        channel=channel, data=terms, author=None, now=now(), source="bench", external_id=str(time.time_ns())
    )
    signals.approve(signal=signal, actor=None, now=now())
    with transaction.atomic():
        signals.publish(signal=signal, actor=None, now=now())
    return signal


def _wait_for(signal: Any) -> list[Any]:
    """Wait until every row is over, and return when each was acknowledged.

    Raises:
        RuntimeError: some were not.
    """
    from execution.models import ExecutionLog
    from execution.outcomes import FINISHED

    rows = ExecutionLog.objects.filter(signal=signal)
    wait_until(lambda: rows.exists() and not rows.exclude(status__in=FINISHED).exists(), "the fan-out", LONGEST_S)
    times = list(rows.values_list("acknowledged_at", "reason"))
    missing = {reason for at, reason in times if at is None}
    if missing:
        raise RuntimeError(f"Some of {len(times)} were not acknowledged: {', '.join(sorted(missing))}.")
    return [at for at, _ in times]


def _statements(channel: Any) -> int:
    """Return how many statements one more fan-out takes when this process does it; BEGIN and COMMIT are not counted."""
    from django.db import connection

    from core.clock import now
    from execution.services import intake, submission
    from execution.services.pump import Pump

    count = 0

    def counting(execute: Any, *given: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*given)

    signal = _publish(channel)  # no worker is left to take it
    with connection.execute_wrapper(counting):
        for batch in intake.batches(intake.take(signal_id=signal.pk, now=now()).pending, largest=250):
            submission.execute(batch, clock=now, pump=Pump(clock=now))
    return count


@contextmanager
def _rising(url: str) -> Iterator[None]:
    """Let the venue's price rise for the length of a block."""
    over = threading.Event()

    def rise() -> None:
        price = PRICE
        while True:
            with suppress(OSError):
                ask_venue(url, "/admin/price", {"symbol": "BTCUSDT", "price": str(price)})
            if over.wait(DRIFT_EVERY_S):
                return
            price *= 1 + DRIFT

    thread = threading.Thread(target=rise, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _percentile(values: list[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)]
