"""The figures of a day, in one statement over entries and positions. docs/metrics.md says what each one means."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

#: So many days are written by one statement; more would hold its locks for long.
DAYS_AT_ONCE = 92

# Entries and trades are one stream of rows that is grouped once: the planner cannot foresee how many rows a part of
# this statement gives, and would join two of them in a loop.
_UPDATE = """
WITH steps AS (
    -- One step of money for each entry and currency: what it realised, and the fee it paid in that currency.
    SELECT p.connection_id, e.at, e.id, m.currency, m.profit, m.fee, m.is_settled,
           NULL::numeric AS net, NULL::interval AS duration
      FROM positions_entry AS e
      JOIN positions_executionposition AS p ON p.id = e.position_id
     CROSS JOIN LATERAL (VALUES
           (p.settle, e.realised + e.amount, CASE WHEN e.fee_currency = p.settle THEN e.fee ELSE 0 END, true),
           (e.fee_currency, 0, e.fee, false)) AS m (currency, profit, fee, is_settled)
     WHERE e.at >= %(since)s AND e.at < %(until)s AND {in_connections}
       AND (m.is_settled OR (e.fee <> 0 AND e.fee_currency <> p.settle))
    UNION ALL
    -- One row for each trade, which moves no money: its entries do.
    SELECT p.connection_id, p.closed_at, 0, p.settle, 0, 0, true,
           p.realised + p.funding - COALESCE((p.fees ->> p.settle)::numeric, 0), p.closed_at - p.opened_at
      FROM positions_executionposition AS p
     WHERE p.status = 'CLOSED' AND p.closed_at >= %(since)s AND p.closed_at < %(until)s AND {in_connections}
), dated AS (
    SELECT *, (at AT TIME ZONE 'UTC')::date AS day FROM steps
), figures AS (
    SELECT connection_id, day, currency, SUM(profit - fee) AS pnl, SUM(fee) AS fees, bool_or(is_settled) AS is_settled,
           array_agg(profit - fee ORDER BY at, id) AS changes, COUNT(net) AS trades,
           COUNT(net) FILTER (WHERE net > 0) AS wins, COUNT(net) FILTER (WHERE net < 0) AS losses,
           COALESCE(SUM(net) FILTER (WHERE net > 0), 0) AS gross_profit,
           COALESCE(-SUM(net) FILTER (WHERE net < 0), 0) AS gross_loss,
           ROUND(AVG(EXTRACT(EPOCH FROM duration))) AS average_duration_s
      FROM dated GROUP BY connection_id, day, currency
), measured AS (
    -- A snapshot says something about the day on which it was taken, and nothing about any other.
    SELECT f.*, c.market, s.equity AS stated, kept.balance AS kept_balance, kept.equity AS kept_equity,
           CASE WHEN s.connection_id IS NOT NULL
                THEN COALESCE((s.assets -> f.currency ->> 'total')::numeric, 0) END AS balance
      FROM figures AS f
      JOIN connections_executionconnection AS c ON c.id = f.connection_id
      LEFT JOIN connections_accountsnapshot AS s
             ON s.connection_id = f.connection_id AND (s.as_of AT TIME ZONE 'UTC')::date = f.day
      LEFT JOIN analytics_executionanalytic AS kept
             ON kept.connection_id = f.connection_id AND kept.day = f.day AND kept.currency = f.currency
), known AS (
    SELECT m.*,
           COALESCE(CASE WHEN market = 'SPOT' THEN balance + (
                              SELECT COALESCE(SUM(p.cost), 0) FROM positions_executionposition AS p
                               WHERE p.connection_id = m.connection_id AND p.status = 'OPEN' AND p.settle = m.currency)
                         WHEN is_settled AND balance IS NOT NULL THEN COALESCE(stated, balance)
                         ELSE balance END, kept_equity) AS equity
      FROM measured AS m
)
INSERT INTO analytics_executionanalytic AS a (
    connection_id, day, currency, trades, wins, losses, win_rate, gross_profit, gross_loss, profit_factor, total_pnl,
    fees, max_drawdown, balance, equity, average_duration_s, updated_at)
SELECT connection_id, day, currency, trades, wins, losses, ROUND(wins::numeric / NULLIF(trades, 0), 6), gross_profit,
       gross_loss, CASE WHEN gross_loss > 0 THEN LEAST(ROUND(gross_profit / gross_loss, 6), 99999999999999) END, pnl,
       fees, (SELECT ROUND(MIN(GREATEST((level - peak) / (equity - pnl + peak), -1)), 8)
                FROM (SELECT level, GREATEST(MAX(level) OVER (ORDER BY number), 0) AS peak
                        FROM (SELECT number, SUM(change) OVER (ORDER BY number) AS level
                                FROM unnest(changes) WITH ORDINALITY AS u (change, number)) AS path) AS curve
               WHERE equity - pnl + peak > 0),
       COALESCE(balance, kept_balance), equity, average_duration_s, %(now)s
  FROM known
 ORDER BY connection_id, day, currency  -- two updates at once lock the rows in the same order
    ON CONFLICT (connection_id, day, currency) DO UPDATE SET
       trades = EXCLUDED.trades, wins = EXCLUDED.wins, losses = EXCLUDED.losses, win_rate = EXCLUDED.win_rate,
       gross_profit = EXCLUDED.gross_profit, gross_loss = EXCLUDED.gross_loss,
       profit_factor = EXCLUDED.profit_factor, total_pnl = EXCLUDED.total_pnl, fees = EXCLUDED.fees,
       max_drawdown = EXCLUDED.max_drawdown, balance = EXCLUDED.balance, equity = EXCLUDED.equity,
       average_duration_s = EXCLUDED.average_duration_s, updated_at = EXCLUDED.updated_at
"""


def update(*, days: Sequence[date], connections: Sequence[UUID] | None, now: datetime) -> int:
    """Write the figures of these UTC days anew, and of no other; of all connections when none are named.

    Return how many rows were written. Doing it again gives the same numbers. Balance and equity come from the
    account's snapshot and cannot be computed again, so those of a past day stay as they were last measured.

    Cost: one statement for every run of at most 92 days, over the entries of these days.
    """
    return sum(_update(first, last, connections, now) for first, last in _runs(days))


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield first and last of days that follow each other."""
    run: list[date] = []
    for day in sorted(set(days)):
        if run and (day - run[-1] > timedelta(days=1) or len(run) == DAYS_AT_ONCE):
            yield run[0], run[-1]
            run = []
        run.append(day)
    if run:
        yield run[0], run[-1]


def _update(first: date, last: date, connections: Sequence[UUID] | None, now: datetime) -> int:
    named = "true" if connections is None else "p.connection_id = ANY(%(connections)s::uuid[])"
    values: dict[str, Any] = {
        "since": datetime.combine(first, time(), tzinfo=UTC),
        "until": datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC),
        "connections": None if connections is None else list(connections),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE.format(in_connections=named), values)
        return cursor.rowcount
