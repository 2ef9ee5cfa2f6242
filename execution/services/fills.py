"""Recording what venues say: fills once, orders by the table, positions by the ledger, all in one transaction.

Any number of outcomes is some ten statements. Whoever records locks the orders first, so that a worker, the feed and
the resolver may all hear of one order at the same time.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connections import checking
from connections.contract import FillReport, OrderReport
from connections.errors import AuthFailed
from core import crash
from core.crash import Place
from execution import answers, bulk
from execution.answers import Answer, NextStep
from execution.courier import ErrandKind, Outcome
from execution.machine import OPEN
from execution.models import Order
from execution.roles import EXITS, OrderRole
from execution.services import bookings, consequences, errands
from execution.services.tracked import Recorded, Tracked
from positions import services as positions
from signals.models import Signal

logger = logging.getLogger(__name__)

#: What recording reads of an order, its row and its connection; each column more costs at every order.
_READ = (
    "log_id", "connection_id", "position_id", "role", "piece", "client_order_id", "venue_order_id", "symbol", "side",
    "order_type", "quantity", "expected_price", "state", "in_doubt", "doubt_since", "sends", "cancel_requested_at",
    "is_held", "is_flagged", "filled", "average_price", "submitted_at", "acknowledged_at", "finished_at",
    "log__signal_id", "log__status", "log__preset",
    "connection__owner_id", "connection__name", "connection__type", "connection__exchange_name", "connection__market",
    "connection__environment", "connection__base_url", "connection__is_active",
)  # fmt: skip
_SENDING = frozenset({ErrandKind.SUBMIT, ErrandKind.PAIR})


def record(outcomes: Sequence[Outcome], *, now: datetime) -> Recorded:
    """Record outcomes. A batch that fails is done again one by one, so that one bad row hurts one account."""
    try:
        return _record(outcomes, now)
    except Exception:
        if len(outcomes) == 1:
            logger.exception("An outcome of orders %s was not recorded.", outcomes[0].errand.order_ids)
            return Recorded()  # the row says that an answer is overdue, so the resolver will ask again
        logger.exception("A batch of %d outcomes was not recorded; recording one by one.", len(outcomes))
    recorded = Recorded()
    for outcome in outcomes:
        recorded.merge(record([outcome], now=now))
    return recorded


@transaction.atomic
def _record(outcomes: Sequence[Outcome], now: datetime) -> Recorded:
    tracked = _lock({key for outcome in outcomes for key in outcome.errand.order_ids})
    fresh = _store_fills(outcomes, tracked, now)
    recorded = Recorded()
    for outcome in outcomes:
        for key, report in _reports_by_order(outcome):
            if key in tracked:
                _read(tracked[key], outcome, report, fresh, now)
                _note_next(tracked[key], recorded)
    positions.note_change(_known_positions(tracked.values()), now=now)
    booked = bookings.book(tracked.values(), now=now)
    recorded.positions |= {position.pk for position in booked.values() if position.look_at is not None}
    _save(tracked.values(), now)
    consequences.note(tracked.values(), booked, now=now)
    recorded.positions |= {each.order.position_id for each in tracked.values() if each.order.position_id}
    recorded.connections |= {each.order.connection_id for each in tracked.values() if each.fills}
    _refuse_keys(outcomes, tracked, now)
    checking.note_prepared(done=_prepared(outcomes))
    crash.passing(Place.INSIDE_RECORDING)
    return recorded


def _lock(order_ids: Iterable[UUID]) -> dict[UUID, Tracked]:
    wanted = Order.objects.filter(pk__in=list(order_ids)).order_by("pk")
    locked = list(wanted.select_for_update().values_list("pk", flat=True))
    # Read in a statement of its own: one that waited for the lock sees new orders beside rows as they were before.
    rows = list(
        Order.objects.filter(pk__in=locked).select_related("log", "connection").only(*_READ).order_by("pk")
    )
    # Most are of one signal, so that is not read once an order.
    signals = Signal.objects.in_bulk({row.log.signal_id for row in rows})
    for row in rows:
        row.log.signal = signals[row.log.signal_id]
    return {row.pk: Tracked.of(row) for row in rows}


def _reports_by_order(outcome: Outcome) -> list[tuple[UUID, OrderReport | None]]:
    if outcome.error is not None or not outcome.reports:
        return [(key, None) for key in outcome.errand.order_ids]
    return list(zip(outcome.errand.order_ids, outcome.reports, strict=True))


def _store_fills(
    outcomes: Sequence[Outcome], tracked: dict[UUID, Tracked], now: datetime
) -> set[tuple[UUID, str]]:
    rows: dict[tuple[UUID, str], bulk.NewFill] = {}
    for outcome in outcomes:
        for key, report in _reports_by_order(outcome):
            for fill in report.fills if report is not None and key in tracked else ():
                order = tracked[key].order
                rows[order.connection_id, fill.venue_trade_id] = _fill_row(order, fill, report)
    return bulk.insert_fills(list(rows.values()), now=now)


def _fill_row(order: Order, fill: FillReport, report: OrderReport | None) -> bulk.NewFill:
    venue_order_id = fill.venue_order_id or (report.venue_order_id if report else None)
    return bulk.NewFill(
        connection_id=order.connection_id,
        order_id=order.pk,
        venue_trade_id=fill.venue_trade_id,
        venue_order_id=venue_order_id or "",
        symbol=order.symbol,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        is_maker=fill.is_maker,
        traded_at=fill.traded_at,
    )


def _read(
    each: Tracked, outcome: Outcome, report: OrderReport | None, fresh: set[tuple[UUID, str]], now: datetime
) -> None:
    order = each.order
    is_former = outcome.errand.kind in _SENDING and outcome.errand.attempt != order.sends
    if report is None and is_former:
        return  # that an attempt failed says nothing of the one that has left since
    each.answered_at = outcome.answered_at
    each.sent_at = outcome.sent_at if outcome.errand.kind in _SENDING and not is_former else None
    if report is not None:
        new = []
        for fill in report.fills:
            if (order.connection_id, fill.venue_trade_id) in fresh:
                fresh.discard((order.connection_id, fill.venue_trade_id))
                new.append(fill)
        each.answer = answers.read_report(each.view, each.doubt, report, new, now=now)
        each.fills.extend(new)
        order.venue_order_id = report.venue_order_id or order.venue_order_id
    elif outcome.error is not None:
        each.answer = answers.read_error(
            each.view,
            each.doubt,
            outcome.errand.kind,
            outcome.error,
            sends=order.sends,
            is_exit=OrderRole(order.role) in EXITS,
            now=now,
        )
    else:
        return  # looked for and not found: the resolver judges what that proves
    each.view, each.doubt = each.answer.view, each.answer.doubt


def _known_positions(tracked: Iterable[Tracked]) -> list[UUID]:
    """Return the positions of what was answered. They are locked in one go, before anything is booked."""
    return [each.order.position_id for each in tracked if each.answer is not None and each.order.position_id]


def _note_next(each: Tracked, recorded: Recorded) -> None:
    answer, key = each.answer, each.order.pk
    if answer is None:
        return
    recorded.send_again.pop(key, None)
    recorded.find.pop(key, None)
    if answer.next_step is NextStep.SEND_AGAIN:
        recorded.send_again[key] = answer.wait.total_seconds()
    elif answer.next_step is NextStep.FIND:
        recorded.find[key] = answer.wait.total_seconds()
    if answer.doubt.in_doubt:
        recorded.doubts.add(key)
    else:
        recorded.doubts.discard(key)


def _save(tracked: Iterable[Tracked], now: datetime) -> None:
    changes = [_change(each, each.answer, now) for each in tracked if each.answer is not None]
    moved = bulk.change_orders(changes, now=now)
    if len(moved) != len(changes):  # cannot be: the rows are locked
        raise RuntimeError(f"{len(changes) - len(moved)} locked orders did not move.")


def _change(each: Tracked, answer: Answer, now: datetime) -> bulk.OrderChange:
    order, view = each.order, each.view
    is_open = view.state in OPEN
    acknowledged_at = each.answered_at if view.is_acknowledged else None
    return bulk.OrderChange(
        order_id=order.pk,
        before=each.before,
        after=view.state,
        filled=view.filled,
        average_price=view.average_price,
        venue_order_id=order.venue_order_id,
        in_doubt=answer.doubt.in_doubt,
        is_held=answer.doubt.is_held,
        is_flagged=view.is_flagged,
        reconcile_after=answer.look_again_at,
        doubt_since=answer.doubt.since,
        cancel_requested_at=None if answer.clears_cancel else order.cancel_requested_at,
        acknowledged_at=acknowledged_at,
        finished_at=None if is_open else order.finished_at or now,
        position_id=each.position_id,
        error_code=answer.error_code[:40],
        error=answer.error[:500],
        last_sent_at=each.sent_at,
    )


def _prepared(outcomes: Sequence[Outcome]) -> dict[UUID, dict[str, str]]:
    """Return by connection and symbol what was set at the venue on the way to an order that it took."""
    done: dict[UUID, dict[str, str]] = {}
    for outcome in outcomes:
        errand = outcome.errand
        if errand.prepare is not None and errand.ticket is not None and outcome.reports:
            done.setdefault(errand.account.connection_id, {})[errand.ticket.symbol] = errands.as_done(
                errand.prepare
            )
    return done


def _refuse_keys(outcomes: Sequence[Outcome], tracked: dict[UUID, Tracked], now: datetime) -> None:
    refused: dict[UUID, str] = {}
    for outcome in outcomes:
        if isinstance(outcome.error, AuthFailed):
            for key in outcome.errand.order_ids:
                refused[key] = str(outcome.error)
    for key, words in refused.items():
        if key in tracked:
            checking.key_refused(connection=tracked[key].order.connection, words=words, now=now)
