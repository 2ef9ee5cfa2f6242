"""The matrix as a table, in the terminal and in docs/fault-matrix.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.faults.catalogue import CRASHES
from bench.faults.matrix import Result
from config.env import BASE_DIR

PAGE = BASE_DIR / "docs" / "fault-matrix.md"
HEAD = (
    "accounts", "orders at the venue", "orders known", "duplicates", "orphans", "unprotected s", "time to resolve s",
)  # fmt: skip

_INTRODUCTION = """# The fault matrix

Written by `make faults`. Every fault of the simulated venue meets every place at which a worker can be killed, on a
spot and on a derivatives account each; every signal's message comes three times, and every row's message once more,
out of order. The processes are real: database, broker, workers, clock, feed and venue; a kill is SIGKILL
(`core/crash.py` names the places). When all is quiet both books are compared, then every position is closed, by hand
or by the price, and they are compared again: orders by id, fills by every number, holdings, the replay of each ledger.

"Unprotected" is the longest that a position of the line was without its stop, "time to resolve" the longest from the
account's row to its outcome; both include the death of a worker, its lease, and the wait for proof of absence.
A refused entry has no position. The run fails on any duplicate, orphan, lost order or fill, or position left bare.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Some cells of the matrix, summed up."""

    name: str
    cells: Sequence[Result]

    def values(self) -> tuple[str, ...]:
        """Return what stands under HEAD."""
        return (
            str(len(self.cells)),
            str(sum(each.at_venue for each in self.cells)),
            str(sum(each.known for each in self.cells)),
            str(sum(each.doubled for each in self.cells)),
            str(sum(each.orphans for each in self.cells)),
            f"{max(each.unprotected_s for each in self.cells):.1f}",
            f"{max(each.resolved_s for each in self.cells):.1f}",
        )


def by_fault(results: Sequence[Result]) -> list[Line]:
    """Return a line for every fault, over all places."""
    return _lines(results, lambda each: f"{each.cell.fault.step}: {each.cell.fault.name}")


def by_place(results: Sequence[Result]) -> list[Line]:
    """Return a line for every place where a worker died, over all faults."""
    return _lines(results, lambda each: each.cell.place)


def text(title: str, lines: Sequence[Line]) -> str:
    """Return a table for a terminal."""
    width = max(len(title), *(len(line.name) for line in lines))
    rows = [
        f"{line.name:<{width}}  "
        + "  ".join(value.rjust(len(name)) for name, value in zip(HEAD, line.values(), strict=True))
        for line in lines
    ]
    return "\n".join([f"{title:<{width}}  {'  '.join(HEAD)}", *rows])


def write(results: Sequence[Result], page: Path = PAGE) -> None:
    """Write the page; a run that failed says so on it."""
    faults = [fault for each in results for fault in each.faults]
    total = Line("all", results).values()
    verdict = (
        f"{total[0]} accounts, {total[1]} orders at the venue, {total[2]} of them known; "
        f"{total[3]} duplicates, {total[4]} orphans."
    )
    parts = [
        _INTRODUCTION,
        f"**{verdict}**" if not faults else f"**Failed: {len(faults)} findings.** {verdict}",
        _markdown("what goes wrong", by_fault(results)),
        _markdown("where a worker dies", by_place(results)),
        "Passings: " + ", ".join(f"`{how}`" for how in CRASHES.values() if how) + ".\n",
    ]
    page.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n")


def _lines(results: Sequence[Result], name_of: Callable[[Result], str]) -> list[Line]:
    groups: dict[str, list[Result]] = {}
    for each in results:
        groups.setdefault(name_of(each), []).append(each)
    return [Line(name, cells) for name, cells in groups.items()]


def _markdown(title: str, lines: Sequence[Line]) -> str:
    rows = [f"| {line.name} | {' | '.join(line.values())} |" for line in lines]
    return "\n".join([f"| {title} | {' | '.join(HEAD)} |", f"|---|{'---:|' * len(HEAD)}", *rows])
