"""``make bench``: every bench, or one by name. Prints a table and a JSON line for each figure; ratios may fail it."""

import argparse
import json
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
    for row in rows:
        print(json.dumps(row))
    return 1 if any(row["ratio"] > row["allowed"] for row in rows if "allowed" in row) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
