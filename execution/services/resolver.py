"""Orders whose answer is overdue or in doubt: ask the venue until they are proven present or absent.

It never guesses. Found: the report is recorded like any other. Proven absent: an entry is decided again under its old
id, an exit is planned anew. Neither: it is asked again, later each time, for as long as it takes; after a while the
order is shown as unresolved to its owner and the administrators.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from connections import registry
from connections.contract import MarketType
from connections.errors import OutcomeUnknown
from core import crash
from core.clock import Clock
from core.crash import Place
from core.machine import next_state
from events import operational
from events import services as events
from events.catalogue import Kind
from execution import bulk, doubt
from execution import courier as couriers
from execution.answers import MOST_SENDS
from execution.context import accounts_of
from execution.courier import Courier, Errand, ErrandKind, Outbox, Outcome
from execution.folding import fail
from execution.machine import OPEN, OrderState
from execution.models import Order
from execution.outcomes import TABLE, LogEvent, LogStatus, Reason
from execution.services import fills
from execution.services.pump import Pump
from execution.services.tracked import Recorded, Tracked
from positions import services as positions

logger = logging.getLogger(__name__)

#: A request that left this long ago has arrived or never will: its turn in the budget, our own time-out, and some more.
ON_ITS_WAY = timedelta(seconds=20)
#: What a venue has acknowledged was there. Its lists may lag far behind its answers, so only after this is it believed
#: that the order is gone; it may have traded, and then the position would have no stop.
VANISHES_AFTER = timedelta(minutes=1)
SEARCH_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Resolved:
    """What a round of searching leaves to do."""

    recorded: Recorded = field(default_factory=Recorded)
    #: entries that are to be decided again
    retry: list[UUID] = field(default_factory=list)


def resolve_due(
    *, clock: Clock, limit: int = 100, order_ids: Sequence[UUID] | None = None, courier: Courier = couriers.courier
) -> Resolved:
    """Search for orders whose time has come, or for the named ones, and record what the venues say."""
    orders = _take(clock(), limit, order_ids)
    if not orders:
        return Resolved()
    accounts = accounts_of({order.connection_id for order in orders})
    outbox = Outbox()
    errands = [
        Errand(ErrandKind.EXAMINE, accounts[order.connection_id], (order.pk,), ref=order.ref()) for order in orders
    ]
    courier.send(errands, outbox)
    resolved, answered = Resolved(), 0
    while answered < len(errands):
        # Judged as they come, so that a slow venue holds up nobody but its own accounts.
        outcomes = couriers.take(outbox, at_most=len(errands), wait_s=SEARCH_TIMEOUT_S)
        if not outcomes:
            break
        answered += len(outcomes)
        _judge_all(outcomes, resolved, clock)
    return resolved


@transaction.atomic
def _take(now: datetime, limit: int, order_ids: Sequence[UUID] | None) -> list[Order]:
    """Return orders to search for; nobody else searches for them meanwhile. What was in flight is in doubt now.

    Named orders are searched for although they are over: the venue may have shown a trade of one since.
    """
    is_open = Q(state__in=OPEN, is_held=False)
    wanted = is_open & Q(reconcile_after__lte=now) if order_ids is None else Q(pk__in=list(order_ids))
    waiting = Order.objects.filter(wanted).select_related("connection")
    orders = list(waiting.select_for_update(of=("self",), skip_locked=True)[:limit])
    news, working = [], [order for order in orders if order.state in OPEN and not order.is_held]
    for order in working:
        order.reconcile_after = now + timedelta(seconds=SEARCH_TIMEOUT_S)
        if order.acknowledged_at is None and not order.in_doubt:
            order.in_doubt, order.doubt_since = True, now
            news.append(_event(Kind.ORDER_IN_DOUBT, order, now, error="Its answer is overdue."))
    Order.objects.bulk_update(working, ["reconcile_after", "in_doubt", "doubt_since"])
    events.append_many(news)
    return orders


def _judge_all(outcomes: Sequence[Outcome], resolved: Resolved, clock: Clock) -> None:
    found = [each for each in outcomes if each.reports]
    if found:
        resolved.recorded.merge(fills.record(found, now=clock()))
    for outcome in outcomes:
        if not outcome.reports:
            try:
                _judge(outcome, resolved, clock())
            except Exception:
                logger.exception("The search for order %s was not recorded.", outcome.errand.order_ids)


@transaction.atomic
def _judge(outcome: Outcome, resolved: Resolved, now: datetime) -> None:
    order = Order.objects.select_for_update().get(pk=outcome.errand.order_ids[0])
    if OrderState(order.state) not in OPEN or order.is_held:
        return  # a late answer, or another search, was quicker
    kept = [*order.evidence, *doubt.as_rows(outcome.evidence, error=_words(outcome), now=now)]
    order.evidence = kept[-doubt.MOST_KEPT :]
    order.doubt_attempts += 1
    if _is_absent(order, outcome):
        _settle_absent(order, resolved, now)
        return
    order.reconcile_after = now + doubt.next_wait(order.doubt_attempts)
    order.updated_at = now
    order.save(update_fields=["evidence", "doubt_attempts", "reconcile_after", "updated_at"])
    _tell_unresolved(order, now)


def _is_absent(order: Order, outcome: Outcome) -> bool:
    if outcome.error is not None:
        return False
    connection = order.connection
    able = registry.capabilities(connection.type, connection.exchange_name, MarketType(connection.market))
    sent_at = order.last_sent_at or order.created_at
    return doubt.is_absent(
        outcome.evidence,
        # What the venue acknowledged while it was asked was not absent.
        last_sent_at=max(sent_at, order.acknowledged_at or sent_at),
        consistency_delay=able.consistency_delay,
        patience=_still_on_its_way(order),
    )


def _still_on_its_way(order: Order) -> timedelta:
    """Return how long after it was sent an order may still arrive."""
    if order.acknowledged_at is not None:
        return VANISHES_AFTER
    # Without any answer it may have waited here first, because its worker was busy or is dead.
    return ON_ITS_WAY if order.error_code else couriers.LEAVES_WITHIN + ON_ITS_WAY


def _settle_absent(order: Order, resolved: Resolved, now: datetime) -> None:
    tracked = Tracked.of(order)
    if order.acknowledged_at is not None:
        after, is_held = OrderState.CANCELLED, False  # it was there once, and is no more
    elif order.role == "entry" and order.filled == 0:
        after, is_held = OrderState.SUBMITTED, True
    else:
        after, is_held = fail(tracked.view).state, False
    change = bulk.OrderChange(
        order_id=order.pk,
        before=tracked.before,
        after=after,
        filled=order.filled,
        average_price=order.average_price,
        venue_order_id=order.venue_order_id,
        in_doubt=False,
        is_held=is_held,
        is_flagged=order.is_flagged,
        reconcile_after=None,
        doubt_since=None,
        cancel_requested_at=order.cancel_requested_at,
        acknowledged_at=None,
        finished_at=None if is_held else now,
        position_id=None,
        error_code="ABSENT",
        error="The venue proved that it does not have it.",
    )
    bulk.change_orders([change], now=now)
    Order.objects.filter(pk=order.pk).update(evidence=order.evidence, doubt_attempts=order.doubt_attempts)
    events.append(_event(Kind.ORDER_RESOLVED, order, now, error="The venue proved that it does not have it."))
    if order.role == "entry":
        _settle_entry(order, is_held, resolved, now)
    elif order.position_id:
        positions.note_change([order.position_id], now=now)
        resolved.recorded.positions.add(order.position_id)
    crash.passing(Place.INSIDE_VERDICT)


def _settle_entry(order: Order, is_held: bool, resolved: Resolved, now: datetime) -> None:
    if order.log.status != LogStatus.SUBMITTED:
        return
    goes_again = is_held and order.sends < MOST_SENDS
    event = LogEvent.RETRY if goes_again else LogEvent.FAIL if is_held else LogEvent.SKIP
    moved = bulk.change_logs(
        [
            bulk.LogChange(
                log_id=order.log_id,
                before=LogStatus.SUBMITTED,
                after=next_state(TABLE, LogStatus.SUBMITTED, event),
                reason="" if goes_again else Reason.NEVER_ARRIVED if is_held else Reason.ENTRY_UNFILLED,
                numbers={"evidence": _in_words(order), "error": "The venue no longer knows the order."},
                finished_at=None if goes_again else now,
            )
        ]
    )
    if goes_again and moved:
        resolved.retry.append(order.log_id)


def _tell_unresolved(order: Order, now: datetime) -> None:
    after = operational.value("execution.unresolved_after")
    if order.doubt_since is None or now - order.doubt_since < after:
        return
    if order.unresolved_at is None:
        Order.objects.filter(pk=order.pk).update(unresolved_at=now)
        events.append(_event(Kind.ORDER_UNRESOLVED, order, now, attempts=order.doubt_attempts))


def _words(outcome: Outcome) -> str:
    if outcome.error is None:
        return ""
    kind = "" if isinstance(outcome.error, OutcomeUnknown) else f"{type(outcome.error).__name__}: "
    return f"{kind}{outcome.error}"


def _in_words(order: Order) -> str:
    return "; ".join(f"{row['source']}: {row['found']}" for row in order.evidence[-doubt.SOURCES_NEEDED :])


def _event(kind: Kind, order: Order, now: datetime, **data: Any) -> events.NewEvent:
    return events.NewEvent(
        kind=kind,
        subject_type="execution.order",
        subject_id=str(order.pk),
        owner_id=order.connection.owner_id,
        occurred_at=now,
        data={
            "role": order.role,
            "symbol": order.symbol,
            "side": order.side,
            "client_order_id": order.client_order_id,
            "connection": order.connection.name,
            **data,
        },
    )


def follow_up(resolved: Resolved, *, clock: Clock) -> None:
    """Do what a round of searching leaves to do about exits."""
    pump = Pump(clock=clock)
    pump.advance(resolved.recorded.positions)
    pump.finish(patience=timedelta(seconds=45))
