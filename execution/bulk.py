"""Set-based writes of the hot path: one statement for any number of rows.

Rows travel as one JSON text (``events.bulk``); that costs a fiftieth of ``bulk_update`` with its CASE per row
(docs/performance.md). Every UPDATE names the state it expects, so it is a compare-and-swap over many rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from events import bulk
from execution.machine import OrderState
from execution.models import ExecutionLog, Fill, Order, OrderCost
from execution.outcomes import LogStatus


@dataclass(frozen=True, slots=True)
class LogChange:
    """What becomes of one ExecutionLog row."""

    log_id: UUID
    before: LogStatus
    after: LogStatus
    reason: str
    #: merged into what the row has
    numbers: dict[str, Any]
    symbol: str = ""
    #: JSON, or a text that is JSON already; None leaves it
    preset: Any = None
    decided_at: datetime | None = None
    submitted_at: datetime | None = None
    acknowledged_at: datetime | None = None
    executed_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What becomes of one Order row."""

    order_id: UUID
    before: OrderState
    after: OrderState
    filled: Decimal
    average_price: Decimal | None
    venue_order_id: str
    in_doubt: bool
    is_held: bool
    is_flagged: bool
    reconcile_after: datetime | None
    doubt_since: datetime | None
    cancel_requested_at: datetime | None
    acknowledged_at: datetime | None
    finished_at: datetime | None
    position_id: UUID | None
    error_code: str = ""
    error: str = ""
    #: when its latest attempt really left; None when nothing is new about that
    last_sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewLog:
    """One row of a fan-out."""

    log_id: UUID
    connection_id: UUID
    subscription_id: UUID
    status: LogStatus
    reason: str
    numbers: dict[str, Any]


def insert_logs(
    rows: Sequence[NewLog], *, signal_id: UUID, version: int, side: str, leg: str, now: datetime
) -> set[UUID]:
    """Add the rows of a fan-out and return the ids of those that were not there before. Cost: one statement."""
    same = {
        "signal_id": signal_id, "signal_version": version, "leg": leg, "side": side, "symbol": "", "preset": {},
        "attempts": 0, "created_at": now,
    }  # fmt: skip
    added = bulk.insert(
        ExecutionLog,
        [
            {
                "id": row.log_id,
                "connection_id": row.connection_id,
                "subscription_id": row.subscription_id,
                "status": row.status,
                "reason": row.reason,
                "numbers": row.numbers,
                "finished_at": None if row.status is LogStatus.PENDING else now,
                **same,
            }
            for row in rows
        ],
        then="ON CONFLICT (signal_id, connection_id, leg) DO NOTHING",
        returning="id",
    )
    return {row[0] for row in added}


def claim(ids: Sequence[UUID], *, token: UUID, now: datetime, lease_until: datetime) -> list[UUID]:
    """Take the rows that nobody works on, and return those that are ours now. Cost: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE execution_executionlog
               SET status = 'CLAIMED', lease_token = %(token)s, lease_until = %(lease_until)s,
                   claimed_at = COALESCE(claimed_at, %(now)s), attempts = attempts + 1
             WHERE id = ANY(%(ids)s)
               AND (status = 'PENDING' OR (status = 'CLAIMED' AND lease_until < %(now)s))
            RETURNING id
            """,
            {"ids": list(ids), "token": token, "now": now, "lease_until": lease_until},
        )
        return [row[0] for row in cursor.fetchall()]


_LOG_RECORD = (
    "id uuid, before text, after text, reason text, numbers jsonb, symbol text, preset jsonb, decided_at timestamptz, "
    "submitted_at timestamptz, acknowledged_at timestamptz, executed_at timestamptz, finished_at timestamptz"
)
_LOG_SET = """
    status = c.after, reason = c.reason, numbers = t.numbers || c.numbers,
    symbol = CASE WHEN c.symbol = '' THEN t.symbol ELSE c.symbol END, preset = COALESCE(c.preset, t.preset),
    decided_at = COALESCE(c.decided_at, t.decided_at), submitted_at = COALESCE(c.submitted_at, t.submitted_at),
    acknowledged_at = COALESCE(t.acknowledged_at, c.acknowledged_at),
    executed_at = COALESCE(t.executed_at, c.executed_at), finished_at = c.finished_at,
    lease_until = NULL, lease_token = NULL
"""


def change_logs(changes: Sequence[LogChange], *, token: UUID | None = None) -> set[UUID]:
    """Move log rows and return the ids of those that moved. With a token only rows under that lease move."""
    moved = bulk.update(
        ExecutionLog,
        [_renamed(each, each.log_id) for each in changes],
        record=_LOG_RECORD,
        set_=_LOG_SET,
        where="t.status = c.before AND (%s::uuid IS NULL OR t.lease_token = %s)",
        params=[token, token],
        returning="t.id",
    )
    return {row[0] for row in moved}


_ORDER_RECORD = (
    "id uuid, before text, after text, filled numeric, average_price numeric, venue_order_id text, in_doubt bool, "
    "is_held bool, is_flagged bool, reconcile_after timestamptz, doubt_since timestamptz, "
    "cancel_requested_at timestamptz, acknowledged_at timestamptz, finished_at timestamptz, position_id uuid, "
    "error_code text, error text, last_sent_at timestamptz"
)
_ORDER_SET = """
    state = c.after, filled = c.filled, average_price = c.average_price,
    venue_order_id = CASE WHEN c.venue_order_id = '' THEN t.venue_order_id ELSE c.venue_order_id END,
    in_doubt = c.in_doubt, is_held = c.is_held, is_flagged = c.is_flagged, reconcile_after = c.reconcile_after,
    doubt_since = c.doubt_since, unresolved_at = CASE WHEN c.in_doubt THEN t.unresolved_at END,
    doubt_attempts = CASE WHEN c.in_doubt THEN t.doubt_attempts ELSE 0 END,
    cancel_requested_at = c.cancel_requested_at, acknowledged_at = COALESCE(t.acknowledged_at, c.acknowledged_at),
    finished_at = c.finished_at, position_id = COALESCE(t.position_id, c.position_id), error_code = c.error_code,
    error = c.error, last_sent_at = COALESCE(c.last_sent_at, t.last_sent_at), updated_at = %s
"""


def change_orders(changes: Sequence[OrderChange], *, now: datetime) -> set[UUID]:
    """Move orders and return the ids of those that moved. Cost: one statement."""
    moved = bulk.update(
        Order,
        [_renamed(each, each.order_id) for each in changes],
        record=_ORDER_RECORD,
        set_=_ORDER_SET,
        where="t.state = c.before",
        params=[now],
        returning="t.id",
    )
    return {row[0] for row in moved}


@dataclass(frozen=True, slots=True)
class NewFill:
    """A fill to store."""

    connection_id: UUID
    #: None for a trade that no order of ours made
    order_id: UUID | None
    venue_trade_id: str
    venue_order_id: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    is_maker: bool | None
    traded_at: datetime


def insert_fills(fills: Sequence[NewFill], *, now: datetime) -> set[tuple[UUID, str]]:
    """Store fills and return connection and trade id of those that were not stored before. Cost: one statement."""
    added = bulk.insert(
        Fill,
        [{**_columns(each), "recorded_at": now} for each in fills],
        then="ON CONFLICT (connection_id, venue_trade_id) DO NOTHING",
        returning="connection_id, venue_trade_id",
    )
    return {(row[0], row[1]) for row in added}


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An entry that is about to leave for the first time."""

    id: UUID
    log_id: UUID
    connection_id: UUID
    role: str
    client_order_id: str
    symbol: str
    side: str
    order_type: str
    quantity: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    time_in_force: str
    expires_at: datetime | None
    expected_price: Decimal | None
    #: should this worker die before it hears the answer, the resolver asks then
    reconcile_after: datetime


def insert_orders(orders: Sequence[NewOrder], *, now: datetime) -> None:
    """Store entries as submitted, before they leave. Cost: one statement."""
    same = {
        "sequence": 1, "piece": 0, "pair_id": "", "venue_order_id": "", "reduce_only": False, "in_doubt": False,
        "doubt_attempts": 0, "evidence": [], "sends": 1, "is_held": False, "is_flagged": False, "filled": 0,
        "error_code": "", "error": "", "state": OrderState.SUBMITTED, "created_at": now, "submitted_at": now,
        "last_sent_at": now, "updated_at": now,
    }  # fmt: skip
    bulk.insert(Order, [{**_columns(each), **same} for each in orders])


@dataclass(frozen=True, slots=True)
class NewCost:
    """What an order cost against the price it was decided at."""

    order_id: UUID
    expected_price: Decimal
    fill_price: Decimal
    quantity: Decimal
    slippage: Decimal
    slippage_bps: Decimal
    slippage_pips: Decimal
    amount: Decimal
    fees: dict[str, str]


_COST_LATER = ", ".join(
    f"{name} = EXCLUDED.{name}"
    for name in ("fill_price", "quantity", "slippage", "slippage_bps", "slippage_pips", "amount", "fees")
)


def put_costs(costs: Sequence[NewCost], *, now: datetime) -> None:
    """Store costs, or replace them when an order has traded again. Cost: one statement."""
    rows = [{**_columns(each), "created_at": now} for each in costs]
    bulk.insert(OrderCost, rows, then=f"ON CONFLICT (order_id) DO UPDATE SET {_COST_LATER}")


def _columns(row: Any) -> dict[str, Any]:
    """Return a frozen row as columns; ``dataclasses.asdict`` would copy every value."""
    return {name: getattr(row, name) for name in row.__slots__}


def _renamed(row: Any, key: UUID) -> Mapping[str, Any]:
    return {**_columns(row), "id": key}
