"""The pages of `docs/` that are written from the tables the code runs on, so that they cannot disagree with it."""

from collections.abc import Callable, Mapping

from console.reference import capabilities, kinds, machines, reasons

#: what a page holds, by its name below `docs/`
PAGES: Mapping[str, Callable[[], str]] = {
    "capabilities.md": capabilities.page,
    "events.md": kinds.page,
    "order-states.md": machines.page,
    "reason-codes.md": reasons.page,
}
