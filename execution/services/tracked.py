"""One order on its way through a recording, and what the recording leaves to do."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from connections.contract import FillReport
from execution.answers import Answer, Doubt
from execution.folding import OrderView
from execution.machine import OrderState
from execution.models import Order
from execution.roles import OrderRole


@dataclass(slots=True)
class Recorded:
    """What a recording leaves to do."""

    #: positions whose exits must be looked at
    positions: set[UUID] = field(default_factory=set)
    #: orders to send again under the same id, with the seconds to wait first
    send_again: dict[UUID, float] = field(default_factory=dict)
    #: orders to look up, with the seconds to wait first
    find: dict[UUID, float] = field(default_factory=dict)
    #: orders that came into doubt now
    doubts: set[UUID] = field(default_factory=set)
    #: accounts whose balance has changed
    connections: set[UUID] = field(default_factory=set)

    def merge(self, other: "Recorded") -> None:
        """Take in what another recording leaves to do."""
        self.positions |= other.positions
        self.send_again |= other.send_again
        self.find |= other.find
        self.doubts |= other.doubts
        self.connections |= other.connections


@dataclass(slots=True)
class Tracked:
    """One locked order, as it was and as it becomes."""

    order: Order
    before: OrderState
    view: OrderView
    doubt: Doubt
    #: None while nothing was said about it
    answer: Answer | None = None
    #: executions that were not stored before
    fills: list[FillReport] = field(default_factory=list)
    #: set when its fills are booked
    position_id: UUID | None = None
    answered_at: datetime | None = None
    #: when the attempt that was answered had left; None when the answer is to something else
    sent_at: datetime | None = None

    @classmethod
    def of(cls, order: Order) -> "Tracked":
        """Return an order as its row says it is."""
        view = OrderView(
            state=OrderState(order.state),
            quantity=order.quantity,
            filled=order.filled,
            average_price=order.average_price,
            is_acknowledged=order.acknowledged_at is not None,
            is_flagged=order.is_flagged,
        )
        return cls(order, view.state, view, Doubt(order.in_doubt, order.doubt_since, order.is_held))

    @property
    def is_entry(self) -> bool:
        return self.order.role == OrderRole.ENTRY
