"""``make bench``: every bench, or one by name. Prints a table and a JSON line for each figure; ratios may fail it."""

import argparse
import json
import signal
import sys
from types import ModuleType
from typing import Any

from bench import fanout

BENCHES: dict[str, ModuleType] = {"fanout": fanout}


def main(arguments: list[str]) -> int:
    """Return 1 if a ratio was above what is allowed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    chosen = parser.add_subparsers(dest="name", metavar="NAME")
    for name, bench in BENCHES.items():
        bench.add_arguments(chosen.add_parser(name, help=(bench.__doc__ or "").splitlines()[0]))
    given = parser.parse_args(arguments)
    names = [given.name] if given.name else list(BENCHES)
    rows: list[dict[str, Any]] = []
    for name in names:
        wanted = given if given.name else parser.parse_args([name])
        rows += BENCHES[name].run(wanted)
    print(_table(rows))
    for row in rows:
        print(json.dumps(row))
    return 1 if any(row["ratio"] > row["allowed"] for row in rows if "allowed" in row) else 0


def _table(rows: list[dict[str, Any]]) -> str:
    """Return what a person reads first; the lines below it have everything."""
    columns = {
        "bench": "bench",
        "accounts": "accounts",
        "latency_ms": "latency ms",
        "ratio": "ratio",
        "allowed": "allowed",
        "bare_ms": "bare ms",
        "last_ack_ms": "last ack ms",
        "durable_ms": "durable ms",
        "p95_ms": "p95 ms",
        "cpu_ms_per_order": "cpu ms/order",
        "statements_per_order": "SQL/order",
        "mb_per_account": "MB/account",
        "venue_cpu_us": "venue us",
    }
    lines = [list(columns.values()), *([str(row.get(name, "")) for name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


if __name__ == "__main__":
    # Whoever ends us ends what we have started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
