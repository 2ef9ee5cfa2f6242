"""The demo's tables, as text."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from analytics.models import ExecutionAnalytic
from console.demo.promises import Promise
from console.demo.story import Told
from core.decimals import to_plain
from execution.models import ExecutionLog
from positions.models import ExecutionPosition

_NUMBER = re.compile(r"-?[\d.]+%?( [A-Z]{3,5})?")


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table; numbers stand right."""
    widths = [max(len(str(row[place])) for row in [head, *rows]) for place in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            cell.rjust(width) if _is_number(cell) else cell.ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        ).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([f"\n{title}", line(head), rule, *(line(row) for row in rows)])


def accounts(told: Told) -> str:
    """Return what became of the signal on every account."""
    protected = dict(
        ExecutionPosition.objects.filter(signal=told.signal).values_list("connection_id", "unprotected_ms")
    )
    rows = (
        ExecutionLog.objects.filter(signal=told.signal).select_related("connection").order_by("connection__name")
    )
    return table(
        f"What became of {told.signal} on every account (times in ms, from publishing)",
        ("account", "market", "outcome", "reason", "quantity", "price", "acked", "naked", "in words"),
        [
            (
                row.connection.name,
                row.connection.market.lower(),
                row.status.lower(),
                row.reason,
                str(row.numbers.get("filled", "")),
                str(row.numbers.get("average_price", "")),
                _since(told.signal.published_at, row.acknowledged_at),
                str(protected.get(row.connection_id, "")),
                _shortened(row.explanation),
            )
            for row in rows
        ],
    )


def positions(told: Told) -> str:
    """Return the positions with how they ended."""
    rows = (
        ExecutionPosition.objects.filter(signal=told.signal)
        .select_related("connection")
        .order_by("connection__name")
    )
    return table(
        "Positions",
        ("account", "side", "opened", "average", "closed at", "ended by", "price profit", "fees", "net"),
        [
            (
                each.connection.name,
                each.side.lower(),
                to_plain(each.opened_quantity),
                _money(each.ledger().average_open(each.terms())),
                _money(each.ledger().average_close(each.terms())),
                each.closing_reason,
                _money(each.realised),
                " + ".join(f"{amount} {currency}" for currency, amount in each.fees.items()),
                f"{_money(each.net_profit)} {each.settle}",
            )
            for each in rows
        ],
    )


def analytics(told: Told) -> str:
    """Return the day's figures per account."""
    rows = ExecutionAnalytic.objects.select_related("connection").order_by(
        "connection__name", "-trades", "currency"
    )
    return table(
        "Analytics of the day",
        ("account", "day (UTC)", "trades", "wins", "losses", "win rate", "profit factor", "total P&L", "drawdown"),
        [
            (
                each.connection.name,
                each.day.isoformat(),
                str(each.trades),
                str(each.wins),
                str(each.losses),
                f"{each.win_rate:.0%}" if each.win_rate is not None else "",
                f"{each.profit_factor:.2f}" if each.profit_factor is not None else "",
                f"{_money(each.total_pnl)} {each.currency}",
                "" if each.max_drawdown is None else f"{each.max_drawdown:.3%}",
            )
            for each in rows
        ],
    )


def promises(found: Sequence[Promise]) -> str:
    """Return the promises, and the last line."""
    rows = [("broken" if each.broken else "held", each.name, each.broken or each.shown) for each in found]
    broken = sum(bool(each.broken) for each in found)
    return table("Promises", ("", "promise", "shown by"), rows) + (
        f"\n\npromises: {len(found) - broken} held, {broken} broken"
    )


def _since(start: datetime | None, end: datetime | None) -> str:
    return f"{(end - start).total_seconds() * 1000:.0f}" if start and end else ""


def _money(amount: Decimal) -> str:
    # Two decimals for ordinary prices, more for those of less than a unit.
    return f"{amount:.2f}" if abs(amount) >= 10 or amount == 0 else f"{amount:.6f}"


def _shortened(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:67]}..."


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))
