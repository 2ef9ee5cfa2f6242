"""One signal on many accounts: from the publishing commit to the last acknowledgement, beside bare ccxt."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from bench.keys import venue_accounts
from bench.rig import Rig, ask_venue, cpu_seconds, lean_venue, resident_mb, rig, wait_until, workers

#: One process a core, Celery's threads pool, one event loop each.
ORDER_WORKERS = {f"orders{number}": "-Q orders --pool threads --concurrency 8" for number in (1, 2)}
ALLOWED, GOAL = 1.8, 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """One fan-out, in seconds from the publishing commit."""

    last_acknowledged: float
    all_durable: float
    acknowledged: list[float]
    cpu: float
    statements_per_order: float
    venue_cpu_us: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which sizes and latencies are measured."""
    parser.add_argument("--accounts", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0, 50])
    parser.add_argument("--rounds", type=int, default=3)


def run(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a row for every size and latency."""
    return [_one(count, latency, given.rounds) for count in given.accounts for latency in given.latency_ms]


def _one(count: int, latency_ms: float, rounds: int) -> dict[str, Any]:
    accounts = venue_accounts(count)
    with rig() as here, lean_venue(here, accounts, latency_ms=latency_ms) as url:
        from bench import cast  # needs the apps

        channel = cast.seed(count, url)
        with workers(here, ORDER_WORKERS) as pids:
            _fan_out(channel, url, pids)  # warm: adapters, statements, sockets
            idle_mb = resident_mb(pids)
            ours, bare = [], []
            for _ in range(rounds):
                bare.append(_bare(here, url))
                ours.append(_fan_out(channel, url, pids))
    best = sorted(ours, key=lambda each: each.last_acknowledged)[len(ours) // 2]
    limit = statistics.median(bare)
    return {
        "bench": "fanout",
        "accounts": count,
        "latency_ms": latency_ms,
        "ratio": round(best.last_acknowledged / limit, 2),
        "ratio_durable": round(best.all_durable / limit, 2),
        "allowed": ALLOWED,
        "goal": GOAL,
        "bare_ms": round(limit * 1000),
        "last_ack_ms": round(best.last_acknowledged * 1000),
        "durable_ms": round(best.all_durable * 1000),
        "p50_ms": round(_percentile(best.acknowledged, 50) * 1000),
        "p95_ms": round(_percentile(best.acknowledged, 95) * 1000),
        "p99_ms": round(_percentile(best.acknowledged, 99) * 1000),
        "cpu_s": round(best.cpu, 2),
        "statements_per_order": round(best.statements_per_order, 2),
        "venue_cpu_us": round(best.venue_cpu_us),
        "workers_mb": round(idle_mb),
    }


def _bare(here: Rig, url: str) -> float:
    file = here.folder / "accounts.json"
    command = [sys.executable, "-m", "bench.bare", "--venue", url, "--accounts", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.5)  # both loops stand at their barrier
        running.stdin.write("go\n")
        running.stdin.flush()
        return float(json.loads(running.stdout.readline())["seconds"])


def _fan_out(channel: Any, url: str, pids: dict[str, int]) -> Measured:
    from django.db import connection, transaction

    from core.clock import now
    from execution.models import ExecutionLog
    from execution.outcomes import FINISHED
    from signals import services as signals

    before = ask_venue(url, "/admin/stats")
    calls, spent = _statements(connection), cpu_seconds(pids)
    terms = {"currency_pair": "BTC/USDT", "direction": "BUY", "order_type": "MARKET"}
    signal = signals.create_signal(
        channel=channel, data=terms, author=None, now=now(), source="bench", external_id=str(time.time_ns())
    )
    signals.approve(signal=signal, actor=None, now=now())
    with transaction.atomic():
        signals.publish(signal=signal, actor=None, now=now())
    published_at = now()
    rows = ExecutionLog.objects.filter(signal=signal)
    wait_until(lambda: rows.count() > 0 and not rows.exclude(status__in=FINISHED).exists(), "the fan-out", 120)
    # What was counted while waiting is our own looking, two statements a look.
    waits = sorted(
        (each - published_at).total_seconds() for each in rows.values_list("acknowledged_at", flat=True) if each
    )
    count = rows.count()
    if len(waits) != count:
        raise RuntimeError(f"{count - len(waits)} of {count} were not acknowledged.")
    durable = max(
        (each - published_at).total_seconds() for each in rows.values_list("finished_at", flat=True) if each
    )
    after = ask_venue(url, "/admin/stats")
    return Measured(
        last_acknowledged=waits[-1],
        all_durable=durable,
        acknowledged=waits,
        cpu=cpu_seconds(pids) - spent,
        statements_per_order=(_statements(connection) - calls) / count,
        venue_cpu_us=(after["cpu_s"] - before["cpu_s"]) * 1e6 / count if "cpu_s" in after else 0.0,
    )


def _statements(connection: Any) -> int:
    """Return how many transactions the database has ended so far; a stand-in until statements are counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _percentile(values: list[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)]
