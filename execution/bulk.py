"""Set-based writes of the hot path: one statement for any number of rows.

Arrays travel as parameters and become rows with ``unnest``; that costs a tenth of ``bulk_update`` with its CASE
per row (docs/performance.md). Every UPDATE names the state it expects, so it is a compare-and-swap over many rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from execution.machine import OrderState
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
    preset: dict[str, Any] | None = None
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
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO execution_executionlog
                   (id, signal_id, connection_id, subscription_id, signal_version, leg, status, reason, numbers, preset,
                    symbol, side, attempts, created_at, finished_at)
            SELECT r.id, %(signal_id)s, r.connection_id, r.subscription_id, %(version)s, %(leg)s, r.status, r.reason,
                   r.numbers::jsonb, '{}'::jsonb, '', %(side)s, 0, %(now)s,
                   CASE WHEN r.status = 'PENDING' THEN NULL ELSE %(now)s::timestamptz END
              FROM unnest(%(id)s::uuid[], %(connection)s::uuid[], %(subscription)s::uuid[], %(status)s::text[],
                          %(reason)s::text[], %(numbers)s::text[])
                   AS r(id, connection_id, subscription_id, status, reason, numbers)
                ON CONFLICT (signal_id, connection_id, leg) DO NOTHING
            RETURNING id
            """,
            {
                "signal_id": signal_id, "version": version, "leg": leg, "side": side, "now": now,
                "id": [row.log_id for row in rows],
                "connection": [row.connection_id for row in rows],
                "subscription": [row.subscription_id for row in rows],
                "status": [str(row.status) for row in rows],
                "reason": [row.reason for row in rows],
                "numbers": [json.dumps(row.numbers) for row in rows],
            },
        )  # fmt: skip
        return {row[0] for row in cursor.fetchall()}


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


def change_logs(changes: Sequence[LogChange], *, token: UUID | None = None) -> set[UUID]:
    """Move log rows and return the ids of those that moved. With a token only rows under that lease move."""
    if not changes:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE execution_executionlog AS log
               SET status = c.after, reason = c.reason, numbers = log.numbers || c.numbers::jsonb,
                   symbol = CASE WHEN c.symbol = '' THEN log.symbol ELSE c.symbol END,
                   preset = COALESCE(c.preset::jsonb, log.preset),
                   decided_at = COALESCE(c.decided_at, log.decided_at),
                   submitted_at = COALESCE(c.submitted_at, log.submitted_at),
                   acknowledged_at = COALESCE(log.acknowledged_at, c.acknowledged_at),
                   executed_at = COALESCE(log.executed_at, c.executed_at),
                   finished_at = c.finished_at, lease_until = NULL, lease_token = NULL
              FROM unnest(%(ids)s::uuid[], %(before)s::text[], %(after)s::text[], %(reason)s::text[],
                          %(numbers)s::text[], %(symbol)s::text[], %(preset)s::text[],
                          %(decided_at)s::timestamptz[], %(submitted_at)s::timestamptz[],
                          %(acknowledged_at)s::timestamptz[], %(executed_at)s::timestamptz[],
                          %(finished_at)s::timestamptz[])
                   AS c(id, before, after, reason, numbers, symbol, preset, decided_at, submitted_at,
                        acknowledged_at, executed_at, finished_at)
             WHERE log.id = c.id AND log.status = c.before
               AND (%(token)s::uuid IS NULL OR log.lease_token = %(token)s)
            RETURNING log.id
            """,
            {
                "ids": [each.log_id for each in changes],
                "before": [str(each.before) for each in changes],
                "after": [str(each.after) for each in changes],
                "reason": [each.reason for each in changes],
                "numbers": [json.dumps(each.numbers) for each in changes],
                "symbol": [each.symbol for each in changes],
                "preset": [None if each.preset is None else json.dumps(each.preset) for each in changes],
                "decided_at": [each.decided_at for each in changes],
                "submitted_at": [each.submitted_at for each in changes],
                "acknowledged_at": [each.acknowledged_at for each in changes],
                "executed_at": [each.executed_at for each in changes],
                "finished_at": [each.finished_at for each in changes],
                "token": token,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def change_orders(changes: Sequence[OrderChange], *, now: datetime) -> set[UUID]:
    """Move orders and return the ids of those that moved. Cost: one statement."""
    if not changes:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE execution_order AS o
               SET state = c.after, filled = c.filled, average_price = c.average_price,
                   venue_order_id = CASE WHEN c.venue_order_id = '' THEN o.venue_order_id ELSE c.venue_order_id END,
                   in_doubt = c.in_doubt, is_held = c.is_held, is_flagged = c.is_flagged,
                   reconcile_after = c.reconcile_after, doubt_since = c.doubt_since,
                   unresolved_at = CASE WHEN c.in_doubt THEN o.unresolved_at END,
                   doubt_attempts = CASE WHEN c.in_doubt THEN o.doubt_attempts ELSE 0 END,
                   cancel_requested_at = c.cancel_requested_at,
                   acknowledged_at = COALESCE(o.acknowledged_at, c.acknowledged_at),
                   finished_at = c.finished_at, position_id = COALESCE(o.position_id, c.position_id),
                   error_code = c.error_code, error = c.error, updated_at = %(now)s,
                   last_sent_at = COALESCE(c.last_sent_at, o.last_sent_at)
              FROM unnest(%(ids)s::uuid[], %(before)s::text[], %(after)s::text[], %(filled)s::numeric[],
                          %(average_price)s::numeric[], %(venue_order_id)s::text[], %(in_doubt)s::bool[],
                          %(is_held)s::bool[], %(is_flagged)s::bool[], %(reconcile_after)s::timestamptz[],
                          %(doubt_since)s::timestamptz[], %(cancel_requested_at)s::timestamptz[],
                          %(acknowledged_at)s::timestamptz[], %(finished_at)s::timestamptz[],
                          %(position_id)s::uuid[], %(error_code)s::text[], %(error)s::text[],
                          %(last_sent_at)s::timestamptz[])
                   AS c(id, before, after, filled, average_price, venue_order_id, in_doubt, is_held, is_flagged,
                        reconcile_after, doubt_since, cancel_requested_at, acknowledged_at, finished_at, position_id,
                        error_code, error, last_sent_at)
             WHERE o.id = c.id AND o.state = c.before
            RETURNING o.id
            """,
            {
                "now": now,
                "ids": [each.order_id for each in changes],
                "before": [str(each.before) for each in changes],
                "after": [str(each.after) for each in changes],
                **{
                    name: [getattr(each, name) for each in changes]
                    for name in (
                        "filled", "average_price", "venue_order_id", "in_doubt", "is_held", "is_flagged",
                        "reconcile_after", "doubt_since", "cancel_requested_at", "acknowledged_at", "finished_at",
                        "position_id", "error_code", "error", "last_sent_at",
                    )
                },
            },
        )  # fmt: skip
        return {row[0] for row in cursor.fetchall()}


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
    if not fills:
        return set()
    columns = (
        "connection_id", "order_id", "venue_trade_id", "venue_order_id", "symbol", "side", "quantity", "price", "fee",
        "fee_currency", "is_maker", "traded_at",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO execution_fill (connection_id, order_id, venue_trade_id, venue_order_id, symbol, side, quantity,
                                        price, fee, fee_currency, is_maker, traded_at, recorded_at)
            SELECT f.*, %(now)s
              FROM unnest(%(connection_id)s::uuid[], %(order_id)s::uuid[], %(venue_trade_id)s::text[],
                          %(venue_order_id)s::text[], %(symbol)s::text[], %(side)s::text[], %(quantity)s::numeric[],
                          %(price)s::numeric[], %(fee)s::numeric[], %(fee_currency)s::text[], %(is_maker)s::bool[],
                          %(traded_at)s::timestamptz[]) AS f
                ON CONFLICT (connection_id, venue_trade_id) DO NOTHING
            RETURNING connection_id, venue_trade_id
            """,
            {"now": now, **{name: [getattr(each, name) for each in fills] for name in columns}},
        )
        return {(row[0], row[1]) for row in cursor.fetchall()}
