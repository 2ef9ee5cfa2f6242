"""The two state tables as diagrams, as a table of event and state, and row by row."""

from collections.abc import Mapping
from types import ModuleType

from console.reference import sources
from console.reference.markdown import code, table, whole_page
from core.labels import Label
from core.machine import Event, State
from execution import machine, outcomes
from execution.labels import ORDER_STATES, OUTCOMES

_ORDERS = """
## An order

Written from `execution/machine.py`. An order that is SUBMITTED and not acknowledged is *in flight*; SUBMITTED and
acknowledged, it is *resting*. One whose outcome nobody knows stays where it is and is *in doubt*. The difference is in
columns of their own (`acknowledged_at`, `in_doubt`): an unknown outcome is no state. A fill that the table does not allow
is stored all the same, and the order is flagged for a person.
"""
_LOGS = """
## An execution

What becomes of one signal on one connection, written from `execution/outcomes.py`. Why it ended so is its reason:
[reason-codes.md](reason-codes.md).
"""


def page() -> str:
    """Return order-states.md."""
    return whole_page(
        "States of orders and executions",
        _ORDERS,
        *_machine(machine, machine.OrderState, machine.OrderEvent, machine.TABLE, ORDER_STATES),
        _LOGS,
        *_machine(outcomes, outcomes.LogStatus, outcomes.LogEvent, outcomes.TABLE, OUTCOMES),
    )


def _machine(
    module: ModuleType,
    states: type[State],
    events: type[Event],
    rows: Mapping[tuple[State, Event], State],
    labels: Mapping[str, Label],
) -> list[str]:
    found = sources.comments(module)
    legal = f"{len(rows)} of {len(states) * len(events)} pairs are legal; an empty cell raises."
    return [
        _diagram(states, rows),
        table(
            ["state", "on pages", "means"],
            [[code(s), labels[s].text, sources.member_comment(found, s) or labels[s].hint] for s in states],
        ),
        legal,
        table(["", *map(code, events)], [[code(s), *(_after(rows, s, e) for e in events)] for s in states]),
        table(
            ["from", "event", "to", "why"],
            [
                [code(s), code(e), code(after), sources.row_comment(found, s, e, after)]
                for (s, e), after in rows.items()
            ],
        ),
    ]


def _after(rows: Mapping[tuple[State, Event], State], state: State, event: Event) -> str:
    after = rows.get((state, event))
    return "same" if after is state else str(after or "")


def _diagram(states: type[State], rows: Mapping[tuple[State, Event], State]) -> str:
    joined: dict[tuple[State, State], list[str]] = {}
    for (state, event), after in rows.items():
        joined.setdefault((state, after), []).append(str(event))
    first = next(iter(states))
    lasting = [state for state in states if all(state is not before for before, _ in rows)]
    lines = [
        "stateDiagram-v2",
        f"[*] --> {first}",
        *(f"{before} --> {after}: {', '.join(names)}" for (before, after), names in joined.items()),
        *(f"{state} --> [*]" for state in lasting),
    ]
    return "\n".join(["```mermaid", lines[0], *(f"    {line}" for line in lines[1:]), "```"])
