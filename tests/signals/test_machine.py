from itertools import product

import pytest

from core.machine import IllegalTransition, next_state
from signals.rules import TABLE, SignalEvent, SignalStatus

DRAFT, APPROVED, PUBLISHED, WITHDRAWN, EXPIRED = SignalStatus

LEGAL = {
    (DRAFT, SignalEvent.APPROVE): APPROVED,
    (DRAFT, SignalEvent.WITHDRAW): WITHDRAWN,
    (DRAFT, SignalEvent.EXPIRE): EXPIRED,
    (APPROVED, SignalEvent.PUBLISH): PUBLISHED,
    (APPROVED, SignalEvent.WITHDRAW): WITHDRAWN,
    (APPROVED, SignalEvent.EXPIRE): EXPIRED,
    (PUBLISHED, SignalEvent.WITHDRAW): WITHDRAWN,
    (PUBLISHED, SignalEvent.EXPIRE): EXPIRED,
}
ILLEGAL = sorted(set(product(SignalStatus, SignalEvent)) - set(LEGAL))


class TestSignalTable:
    @pytest.mark.parametrize(("pair", "state"), LEGAL.items())
    def test_moves(self, pair: tuple[SignalStatus, SignalEvent], state: SignalStatus) -> None:
        assert next_state(TABLE, *pair) is state

    @pytest.mark.parametrize(("state", "event"), ILLEGAL)
    def test_refuses_everything_else(self, state: SignalStatus, event: SignalEvent) -> None:
        with pytest.raises(IllegalTransition):
            next_state(TABLE, state, event)
