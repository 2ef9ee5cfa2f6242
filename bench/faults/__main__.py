"""`make faults`: nothing lost, nothing doubled, whatever fails and whoever dies. Exits 0 only if that held."""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.faults import drill, matrix, report
from bench.faults.catalogue import CRASHES, FAULTS, LINEAR, QUICK_CRASHES, QUICK_FAULTS, SPOT, cells
from bench.faults.ground import ground
from bench.keys import key_of


def main(arguments: list[str]) -> int:
    """Return 1 if anything was lost, doubled, left behind or bare."""
    given = _parser().parse_args(arguments)
    begun = time.monotonic()
    code = _drill(given) if given.random else _matrix(given)
    _say(f"Took {time.monotonic() - begun:.0f} s.")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few faults and places only")
    parser.add_argument("--no-page", action="store_true", help="leave docs/fault-matrix.md as it is")
    parser.add_argument("--random", action="store_true", help="faults, kills and prices at random instead")
    parser.add_argument("--seed", type=int, default=1, help="of what happens at random (default 1)")
    parser.add_argument("--orders", type=int, default=1000, help="end after so many orders (default 1000)")
    parser.add_argument("--accounts", type=int, default=60, help="accounts that trade at random (default 60)")
    return parser


def _drill(given: argparse.Namespace) -> int:
    names = [(f"account{number:03}", SPOT if number % 2 else LINEAR) for number in range(given.accounts)]
    _say(f"{given.accounts} accounts, {given.orders} orders, seed {given.seed}.")
    with ground(_opened([name for name, _ in names], drill.MONEY)) as here:
        return _tell(drill.run(here, names, given.seed, given.orders, _say))


def _matrix(given: argparse.Namespace) -> int:
    faults = QUICK_FAULTS if given.quick else FAULTS
    chosen = cells(QUICK_CRASHES if given.quick else list(CRASHES), faults)
    _say(f"{len(faults)} faults on {len({each.place for each in chosen})} deaths: {len(chosen)} accounts.")
    with ground(_opened([each.name for each in chosen], matrix.MONEY)) as here:
        results = matrix.run(chosen, here, _say)
    _say(report.text("what goes wrong", report.by_fault(results)) + "\n")
    _say(report.text("where a worker dies", report.by_place(results)) + "\n")
    if not (given.quick or given.no_page):
        report.write(results)
    return _tell([finding for each in results for finding in each.faults])


def _opened(names: Sequence[str], money: str) -> list[dict[str, Any]]:
    """Return the accounts as the venue is told of them, in the order of their numbers."""
    return [
        {
            "name": name,
            "api_key": key_of(number, "key"),
            "secret": key_of(number, "secret"),
            "spot": {"USDT": money},
            "usdm": {"USDT": money},
        }
        for number, name in enumerate(names)
    ]


def _tell(findings: Sequence[str]) -> int:
    for finding in findings[:50]:
        _say(finding)
    _say("Nothing lost, nothing doubled." if not findings else f"{len(findings)} findings.")
    return 1 if findings else 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
