"""The life of an order, as a table.

States are the seven an operator talks about. *In flight* is SUBMITTED and not yet acknowledged, *resting* is
SUBMITTED and acknowledged; the difference is the column ``acknowledged_at``, not a state.
"""

from enum import StrEnum

from core.machine import next_state

__all__ = ["OPEN", "TABLE", "TERMINAL", "OrderEvent", "OrderState", "next_state"]


class OrderState(StrEnum):
    PENDING = "PENDING"  # decided, not yet committed to leave
    SUBMITTED = "SUBMITTED"  # committed to leave: it may be on the wire, in doubt, or resting at the venue
    PARTIALLY_FILLED = "PARTIALLY_FILLED"  # some of it is filled, and the rest still may be
    FILLED = "FILLED"  # all of it
    CANCELLED = "CANCELLED"  # by us, by the venue, or expired; what was filled before stays filled
    REJECTED = "REJECTED"  # the venue said no
    FAILED = "FAILED"  # known not to be at the venue


class OrderEvent(StrEnum):
    SUBMIT = "SUBMIT"
    ACK = "ACK"
    PARTIAL_FILL = "PARTIAL_FILL"
    FILL = "FILL"
    CANCEL = "CANCEL"
    REJECT = "REJECT"
    FAIL = "FAIL"


_S = OrderState
_E = OrderEvent

TABLE: dict[tuple[OrderState, OrderEvent], OrderState] = {
    (_S.PENDING, _E.SUBMIT): _S.SUBMITTED,
    (_S.PENDING, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING, _E.FAIL): _S.FAILED,
    (_S.SUBMITTED, _E.ACK): _S.SUBMITTED,
    (_S.SUBMITTED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,  # the first word may be a fill
    (_S.SUBMITTED, _E.FILL): _S.FILLED,
    (_S.SUBMITTED, _E.CANCEL): _S.CANCELLED,
    (_S.SUBMITTED, _E.REJECT): _S.REJECTED,
    (_S.SUBMITTED, _E.FAIL): _S.FAILED,  # only with proof that the venue never had it
    (_S.PARTIALLY_FILLED, _E.ACK): _S.PARTIALLY_FILLED,  # fills overtook the acknowledgement
    (_S.PARTIALLY_FILLED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,
    (_S.PARTIALLY_FILLED, _E.FILL): _S.FILLED,
    (_S.PARTIALLY_FILLED, _E.CANCEL): _S.CANCELLED,  # an IOC remainder, an expired market order
    (_S.CANCELLED, _E.PARTIAL_FILL): _S.CANCELLED,  # a late fill: booked, the order stays over
    (_S.CANCELLED, _E.FILL): _S.FILLED,  # the fill won the race against the cancel
    (_S.FAILED, _E.PARTIAL_FILL): _S.PARTIALLY_FILLED,  # the proof was wrong: the venue had it
    (_S.FAILED, _E.FILL): _S.FILLED,
}

#: May still change the position without our doing.
OPEN = frozenset({_S.SUBMITTED, _S.PARTIALLY_FILLED})

#: Nothing more is expected, though a late fill may still come.
TERMINAL = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.FAILED})
