"""What the demo promises, each checked against the venue's own books where the venue has a say."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from console.demo.cast import key_of, password
from console.demo.story import Told
from console.demo.venue import VenueAdmin
from core.decimals import ZERO
from events import sealing
from events.models import Delivery, DeliveryStatus, Event
from execution.models import ExecutionLog, Fill, Order
from execution.roles import OrderRole
from positions import services as positions
from positions.models import ExecutionPosition, PositionStatus

#: A healthy account beside a slow one has its answer well before the slow one's two seconds.
UNHURT = timedelta(milliseconds=1500)


@dataclass(frozen=True, slots=True)
class Promise:
    name: str
    #: empty when it was held; else what was wrong
    broken: str
    #: the figure that shows it
    shown: str = ""


def check(told: Told, venue: VenueAdmin, logs: Path) -> list[Promise]:
    """Return every promise with what was found."""
    checks: tuple[Callable[[Told, VenueAdmin], Promise], ...] = (
        _all_steps, _explained, _expected, _once, _no_doubt, _protected, _books_agree, _flat, _no_orphans, _unhurt,
        _exact, _chained, _delivered,
    )  # fmt: skip
    return [*(each(told, venue) for each in checks), _no_leak(told, logs)]


def _promise(name: str, faults: Iterable[str], shown: str) -> Promise:
    found = list(faults)
    return Promise(name, "; ".join(found[:4]), shown)


def _all_steps(told: Told, venue: VenueAdmin) -> Promise:
    return _promise("the story came to its end", told.unfinished, f"{sum(told.seconds.values()):.1f} s")


def _explained(told: Told, venue: VenueAdmin) -> Promise:
    rows = {row.connection.name: row for row in _rows(told)}
    missing = [f"{part.name} has no row" for part in told.seeded.parts if part.name not in rows]
    silent = [f"{name} says nothing" for name, row in rows.items() if not row.explanation]
    return _promise("every account explained", missing + silent, f"{len(rows)} rows, each with its reason")


def _expected(told: Told, venue: VenueAdmin) -> Promise:
    rows = {row.connection.name: row for row in _rows(told)}
    faults = [
        f"{part.name} was {rows[part.name].status} {rows[part.name].reason}, not {part.status} {part.reason}"
        for part in told.seeded.parts
        if part.name in rows and (rows[part.name].status, rows[part.name].reason) != (part.status, part.reason)
    ]
    counts = Counter(row.status for row in rows.values())
    return _promise(
        "every account as it should be", faults, ", ".join(f"{n} {s.lower()}" for s, n in counts.items())
    )


def _once(told: Told, venue: VenueAdmin) -> Promise:
    mine = _orders(told)
    ids = {order.client_order_id for order in mine}
    # A conditional order that triggered goes on as an order of the same id, so the two shelves are counted apart.
    shelves = (Counter(row["client_order_id"] for row in rows) for rows in (venue.orders(), venue.algos()))
    doubled = [
        f"{key} stands {count} times at the venue"
        for shelf in shelves
        for key, count in shelf.items()
        if count > 1 and key in ids
    ]
    entries = Counter(order.connection.name for order in mine if order.role == OrderRole.ENTRY)
    several = [f"{name} has {count} entries" for name, count in entries.items() if count > 1]
    return _promise("effectively once", doubled + several, f"{len(ids)} orders, none of them twice")


def _no_doubt(told: Told, venue: VenueAdmin) -> Promise:
    doubts = [f"{order.connection.name} {order.role} is in doubt" for order in _orders(told) if order.in_doubt]
    return _promise("nothing left in doubt", doubts, "0 orders")


def _protected(told: Told, venue: VenueAdmin) -> Promise:
    mine = _positions(told)
    faults = [f"{each.connection.name} was never protected" for each in mine if each.protected_at is None]
    slowest = max((each.unprotected_ms for each in mine), default=0)
    return _promise("protected first", faults, f"{len(mine)} positions, the slowest after {slowest} ms")


def _books_agree(told: Told, venue: VenueAdmin) -> Promise:
    theirs: dict[str, Decimal] = {}
    for row in venue.fills():
        value = Decimal(row["quantity"]) * Decimal(row["price"])
        theirs[row["account"]] = theirs.get(row["account"], ZERO) + value
    ours: dict[str, Decimal] = {}
    for fill in Fill.objects.filter(order__log__signal=told.signal).select_related("connection"):
        ours[fill.connection.name] = ours.get(fill.connection.name, ZERO) + fill.quantity * fill.price
    names = sorted({*ours, *theirs})
    faults = [
        f"{name}: {ours.get(name, ZERO)} here, {theirs.get(name, ZERO)} there"
        for name in names
        if ours.get(name, ZERO) != theirs.get(name, ZERO)
    ]
    total = sum(ours.values(), ZERO)
    return _promise("the books agree to the last digit", faults, f"{total:.2f} traded on {len(ours)} accounts")


def _flat(told: Told, venue: VenueAdmin) -> Promise:
    ours = [
        f"{each.connection.name} holds {each.quantity:f}"
        for each in _positions(told)
        if each.status != PositionStatus.CLOSED
    ]
    theirs = [f"{row['account']} holds {row['amount']} at the venue" for row in venue.positions()]
    return _promise("flat in the end, here and there", ours + theirs, f"{len(_positions(told))} positions closed")


def _no_orphans(told: Told, venue: VenueAdmin) -> Promise:
    left = [*venue.orders(open="true"), *venue.algos(open="true")]
    return _promise(
        "no order left behind", [f"{row['account']} {row['client_order_id']}" for row in left], "0 open orders"
    )


def _unhurt(told: Told, venue: VenueAdmin) -> Promise:
    slow = {part.name for part in told.seeded.parts if part.latency_ms}
    waits = [
        (row.acknowledged_at - row.created_at, row.connection.name)
        for row in _rows(told)
        if row.acknowledged_at and row.connection.name not in slow
    ]
    late = [f"{name} waited {wait.total_seconds():.2f} s" for wait, name in waits if wait > UNHURT]
    longest = max((wait for wait, _ in waits), default=timedelta(0))
    shown = f"the others were answered within {longest.total_seconds() * 1000:.0f} ms"
    return _promise("one account never hurts another", late, shown)


def _exact(told: Told, venue: VenueAdmin) -> Promise:
    faults = []
    for each in _positions(told):
        again, stored = positions.rebuild(each), each.ledger()
        if (again.quantity, again.realised, dict(again.fees)) != (
            stored.quantity,
            stored.realised,
            dict(stored.fees),
        ):
            faults.append(f"{each.connection.name} is {stored.realised} but its entries make {again.realised}")
    return _promise("money is exact", faults, "every position equals the replay of its entries")


def _chained(told: Told, venue: VenueAdmin) -> Promise:
    while sealing.seal():
        pass
    breaches = [each.message for each in sealing.verify() if isinstance(each, sealing.Breach)]
    return _promise("the log is sealed", breaches, f"{Event.objects.count()} events in one chain")


def _delivered(told: Told, venue: VenueAdmin) -> Promise:
    waiting = Delivery.objects.filter(sink="fanout").exclude(status=DeliveryStatus.DONE)
    return _promise("no event left behind", [str(each) for each in waiting], "every fan-out done")


def _no_leak(told: Told, logs: Path) -> Promise:
    secrets = {key_of(part.name, "secret"): part.name for part in told.seeded.parts} | {password(): "the people"}
    text = "\n".join(path.read_text(errors="replace") for path in sorted(logs.glob("*.log")))
    text += "\n".join(str(data) for data in Event.objects.values_list("data", flat=True))
    text += "\n".join(str(data) for data in ExecutionLog.objects.values_list("numbers", flat=True))
    found = [f"the secret of {name}" for secret, name in secrets.items() if secret in text]
    return _promise("keys never leak", found, f"{len(text)} characters of logs and events searched")


def _rows(told: Told) -> list[ExecutionLog]:
    rows = ExecutionLog.objects.filter(signal=told.signal).select_related("connection")
    return list(rows.order_by("connection__name"))


def _orders(told: Told) -> list[Order]:
    return list(Order.objects.filter(log__signal=told.signal).select_related("connection"))


def _positions(told: Told) -> list[ExecutionPosition]:
    rows = ExecutionPosition.objects.filter(signal=told.signal).select_related("connection")
    return list(rows.order_by("connection__name"))
