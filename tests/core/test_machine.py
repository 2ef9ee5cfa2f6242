from enum import StrEnum

import pytest

from core.machine import IllegalTransition, next_state


class Door(StrEnum):
    OPEN = "OPEN"
    SHUT = "SHUT"


class Push(StrEnum):
    CLOSE = "CLOSE"
    OPEN = "OPEN"


TABLE = {(Door.OPEN, Push.CLOSE): Door.SHUT, (Door.SHUT, Push.OPEN): Door.OPEN}


class TestNextState:
    def test_reads_the_row(self) -> None:
        assert next_state(TABLE, Door.OPEN, Push.CLOSE) is Door.SHUT

    def test_refuses_a_pair_without_a_row(self) -> None:
        with pytest.raises(IllegalTransition, match=r"Event OPEN is not legal in state OPEN\.") as refused:
            next_state(TABLE, Door.OPEN, Push.OPEN)

        assert (refused.value.state, refused.value.event) == (Door.OPEN, Push.OPEN)
