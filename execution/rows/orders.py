"""What the pages show of an order: its life, its ids, and what was found while it was in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.dateparse import parse_datetime

from accounts.models import User
from connections.labels import ORDER_TYPES, SIDES
from core.labels import Label
from execution.labels import ROLES, order_label
from execution.models import Order
from execution.rows.accounts import AccountRow, account_row


@dataclass(frozen=True, slots=True)
class Evidence:
    at: datetime | None
    source: str
    found: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: UUID
    execution_id: UUID
    position_id: UUID | None
    account: AccountRow
    symbol: str
    role: Label
    side: Label
    type: Label
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    average_price: Decimal | None
    expected_price: Decimal | None
    state: Label
    in_doubt: bool
    is_flagged: bool
    client_order_id: str
    #: as much of it as tells two orders apart in a list
    short_id: str
    venue_order_id: str
    sends: int
    error: str
    error_code: str
    evidence: Sequence[Evidence]
    created_at: datetime
    submitted_at: datetime | None
    acknowledged_at: datetime | None
    finished_at: datetime | None
    doubt_since: datetime | None


def order_row(order: Order, user: User) -> OrderRow:
    """Return what a page shows. Needs the order's connection with its owner."""
    return OrderRow(
        id=order.pk,
        execution_id=order.log_id,
        position_id=order.position_id,
        account=account_row(order.connection, user),
        symbol=order.symbol,
        role=ROLES[order.role],
        side=SIDES[order.side],
        type=ORDER_TYPES[order.order_type],
        quantity=order.quantity,
        filled=order.filled,
        price=order.price,
        stop_price=order.stop_price,
        average_price=order.average_price,
        expected_price=order.expected_price,
        state=order_label(
            state=order.state,
            is_acknowledged=order.acknowledged_at is not None,
            in_doubt=order.in_doubt,
            is_unresolved=order.unresolved_at is not None,
            is_held=order.is_held,
        ),
        in_doubt=order.in_doubt,
        is_flagged=order.is_flagged,
        client_order_id=order.client_order_id,
        short_id=f"{order.client_order_id[:8]}…",
        venue_order_id=order.venue_order_id,
        sends=order.sends,
        error=order.error,
        error_code=order.error_code,
        evidence=[_evidence(each) for each in order.evidence],
        created_at=order.created_at,
        submitted_at=order.submitted_at,
        acknowledged_at=order.acknowledged_at,
        finished_at=order.finished_at,
        doubt_since=order.doubt_since,
    )


def _evidence(row: dict[str, str]) -> Evidence:
    return Evidence(parse_datetime(str(row.get("at", ""))), str(row.get("source", "")), str(row.get("found", "")))
