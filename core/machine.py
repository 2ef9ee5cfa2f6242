"""State machines as tables.

A machine is a mapping ``(state, event) -> state`` and nothing else. A pair that is not in the mapping is
illegal, so the table is both the rule and its documentation.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


class IllegalTransition(ValueError):
    """The table has no row for this state and event."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"Event {event} is not legal in state {state}.")
        self.state = state
        self.event = event


def next_state(table: Mapping[tuple[State, Event], State], state: State, event: Event) -> State:
    """Return the state that ``event`` leads to.

    Raises:
        IllegalTransition: the table has no row for ``(state, event)``.
    """
    try:
        return table[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None
