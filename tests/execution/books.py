"""Both books side by side: what must hold between ours and the venue's, whatever has happened before."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from core.decimals import ZERO
from execution.machine import OPEN
from execution.models import ExecutionLog, Fill, Order
from execution.outcomes import FINISHED
from execution.roles import EXITS
from positions import services as positions
from positions.ledger import EntryKind
from positions.models import Entry, ExecutionPosition, PositionStatus
from tests.execution.stage import Account


def disagreements(account: Account) -> list[str]:
    """Return every sentence in which the two books contradict each other; none when all is well."""
    checks = (_sent_twice, _unknown_orders, _fills, _holdings, _orphans, _too_many_exits, _replays, _unexplained)
    return [sentence for check in checks for sentence in check(account)]


def _sent_twice(account: Account) -> list[str]:
    ids = Counter(row["client_order_id"] for row in account.at_the_venue())
    return [f"The venue has {count} orders {key}." for key, count in ids.items() if count > 1]


def _unknown_orders(account: Account) -> list[str]:
    """Orders that rest at the venue and that we take for over, and the other way round."""
    working = {row["client_order_id"] for row in account.resting()}
    settled = Order.objects.filter(connection=account.connection, in_doubt=False, is_held=False)
    ours = {order.client_order_id: order for order in settled}
    rests = [key for key in working & set(ours) if ours[key].state not in OPEN]
    gone = [key for key, each in ours.items() if each.state in OPEN and key not in working]
    return [f"{ours[key]} rests at the venue and is {ours[key].state} here." for key in rests] + [
        f"{ours[key]} is {ours[key].state} here and does not rest at the venue." for key in gone
    ]


def _fills(account: Account) -> list[str]:
    theirs = sorted(
        (
            row["side"],
            Decimal(row["quantity"]),
            Decimal(row["price"]),
            Decimal(row["commission"]),
            row["commission_asset"],
        )
        for row in account.venue_fills()
    )
    ours = sorted(
        (fill.side, fill.quantity, fill.price, fill.fee, fill.fee_currency)
        for fill in Fill.objects.filter(connection=account.connection)
    )
    return [] if ours == theirs else [f"The venue made the fills {theirs}, we have {ours}."]


def _holdings(account: Account) -> list[str]:
    rows = ExecutionPosition.objects.filter(connection=account.connection)
    ours = sum((row.quantity for row in rows), ZERO)
    dust = Entry.objects.filter(position__in=rows, kind=EntryKind.DUST)
    ours += sum((entry.quantity if entry.side == "SELL" else -entry.quantity for entry in dust), ZERO)
    theirs = account.held_at_the_venue()
    return [] if ours == theirs else [f"The venue holds {theirs}, our positions {ours}."]


def _orphans(account: Account) -> list[str]:
    if ExecutionPosition.objects.filter(connection=account.connection, status=PositionStatus.OPEN).exists():
        return []
    exits = Order.objects.filter(connection=account.connection, role__in=EXITS)
    ids = set(exits.values_list("client_order_id", flat=True))
    return [
        f"{row['type']} {row['client_order_id']} protects nothing."
        for row in account.resting()
        if row["client_order_id"] in ids
    ]


def _too_many_exits(account: Account) -> list[str]:
    """More stops, or more targets, than there is to close."""
    ids = {
        each.client_order_id: each for each in Order.objects.filter(connection=account.connection, role__in=EXITS)
    }
    mine = [row for row in account.resting() if row["client_order_id"] in ids]
    held = abs(account.held_at_the_venue())
    sums = Counter[str]()
    for row in mine:
        sums[ids[row["client_order_id"]].role] += Decimal(row["quantity"]) - Decimal(row["executed"])  # type: ignore[assignment]
    return [f"{role} orders for {total} rest against {held}." for role, total in sums.items() if total > held]


def _replays(account: Account) -> list[str]:
    rows = ExecutionPosition.objects.filter(connection=account.connection)
    return [f"{row} does not replay to itself." for row in rows if positions.rebuild(row) != row.ledger()]


def _unexplained(account: Account) -> list[str]:
    """Rows that are neither finished nor waiting for something that is written down."""
    found = []
    for log in ExecutionLog.objects.filter(connection=account.connection).exclude(status__in=FINISHED):
        orders: Sequence[Order] = list(log.orders.filter(role="entry"))
        waits = any(each.state in OPEN and (each.acknowledged_at or each.reconcile_after) for each in orders)
        if not waits:
            found.append(f"The row is {log.status} and nothing is under way.")
    return found
