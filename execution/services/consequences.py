"""What follows from recorded answers: the "why" row moves, costs are kept, events are written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connections.contract import Side
from connections.models import ExecutionConnection
from core.decimals import to_plain
from core.machine import IllegalTransition, next_state
from events import services as events
from events.catalogue import Kind
from execution import bulk
from execution.machine import OPEN, OrderState
from execution.models import Fill, Order
from execution.outcomes import TABLE, LogEvent, LogStatus, Reason
from execution.services.tracked import Tracked
from execution.slippage import Slippage, slippage_of
from marketdata import selectors as marketdata
from marketdata.symbols import pip_of
from positions.models import ExecutionPosition, PositionStatus

_KINDS = {
    LogStatus.EXECUTED: Kind.EXECUTION_EXECUTED,
    LogStatus.REJECTED: Kind.EXECUTION_REJECTED,
    LogStatus.FAILED: Kind.EXECUTION_FAILED,
    LogStatus.SKIPPED: Kind.EXECUTION_SKIPPED,
}


def note(tracked: Iterable[Tracked], booked: Mapping[UUID, ExecutionPosition], *, now: datetime) -> None:
    """Write what follows, in the caller's transaction. Cost: at most five statements for any number of orders."""
    said = [each for each in tracked if each.answer is not None]
    changes = [change for each in said if (change := _log_change(each, now)) is not None]
    moved = bulk.change_logs(changes)
    fresh = [
        change
        for change in changes
        if change.log_id in moved and change.before is not change.after and change.after in _KINDS
    ]
    new_events = [
        *_log_events(said, fresh, booked, now),
        *_order_events(said, now),
        *_position_events(said, booked, now),
    ]
    new_events += _keep_costs(said, now)
    events.append_many(new_events)


def _log_change(each: Tracked, now: datetime) -> bulk.LogChange | None:
    if not each.is_entry:
        return None
    before = LogStatus(each.order.log.status)
    event, reason, numbers = _log_outcome(each)
    if event is None:
        return _resting(each, before)
    after = before if before is LogStatus.EXECUTED else _moved(before, event)
    if after is None:
        return None
    is_filled = after is LogStatus.EXECUTED
    return bulk.LogChange(
        log_id=each.order.log_id,
        before=before,
        after=after,
        reason=reason,
        numbers=numbers,
        acknowledged_at=each.answered_at if each.view.is_acknowledged else None,
        executed_at=each.answered_at if is_filled else None,
        finished_at=now if each.view.state not in OPEN or each.doubt.is_held else None,
    )


def _log_outcome(each: Tracked) -> tuple[LogEvent | None, Reason, dict[str, Any]]:
    view, answer = each.view, each.answer
    assert answer is not None
    if view.filled > 0:
        reason = Reason.FILLED if view.state is OrderState.FILLED else Reason.PARTLY_FILLED
        return LogEvent.EXECUTE, reason, _fill_numbers(each)
    if answer.reason is None:
        return None, Reason.RESTING, {}
    event = LogEvent.FAIL if answer.doubt.is_held or view.state is OrderState.FAILED else LogEvent.SKIP
    if view.state is OrderState.REJECTED:
        event = LogEvent.REJECT
    return event, answer.reason, {"error": answer.error, "error_code": answer.error_code}


def _fill_numbers(each: Tracked) -> dict[str, Any]:
    average = each.view.average_price
    return {"filled": to_plain(each.view.filled), "average_price": to_plain(average) if average else ""}


def _resting(each: Tracked, before: LogStatus) -> bulk.LogChange | None:
    is_new = each.view.is_acknowledged and each.order.acknowledged_at is None
    after = before if before is LogStatus.SUBMITTED else _moved(before, LogEvent.SUBMIT)
    if not is_new or after is None or each.view.state not in OPEN:
        return None
    return bulk.LogChange(
        log_id=each.order.log_id,
        before=before,
        after=after,
        reason=Reason.RESTING,
        numbers={},
        acknowledged_at=each.answered_at,
    )


def _moved(before: LogStatus, event: LogEvent) -> LogStatus | None:
    try:
        return next_state(TABLE, before, event)
    except IllegalTransition:
        return None  # it ended before, and this adds nothing


def _log_events(
    said: Iterable[Tracked],
    changes: Iterable[bulk.LogChange],
    booked: Mapping[UUID, ExecutionPosition],
    now: datetime,
) -> list[events.NewEvent]:
    orders = {each.order.log_id: each.order for each in said if each.is_entry}
    found = []
    for change in changes:
        order = orders[change.log_id]
        position = booked.get(order.pk)
        data = {
            "reason": change.reason,
            "numbers": change.numbers,
            "pair": order.log.signal.currency_pair,
            "symbol": order.symbol,
            "side": order.side,
            "connection": order.connection.name,
            "position": str(position.pk) if position else None,
        }
        found.append(_event(_KINDS[change.after], "execution.executionlog", order.log_id, order, now, data))
    return found


def _order_events(said: Iterable[Tracked], now: datetime) -> list[events.NewEvent]:
    found = []
    for each in said:
        kind = _order_kind(each)
        if kind is not None:
            data = _order_data(each.order) | {"error": each.answer.error if each.answer else ""}
            found.append(_event(kind, "execution.order", each.order.pk, each.order, now, data))
    return found


def _order_kind(each: Tracked) -> Kind | None:
    order = each.order
    if each.doubt.in_doubt and not order.in_doubt:
        return Kind.ORDER_IN_DOUBT
    if order.in_doubt and not each.doubt.in_doubt:
        return Kind.ORDER_RESOLVED
    if each.view.is_flagged and not order.is_flagged:
        return Kind.ORDER_FLAGGED
    if not each.is_entry and each.view.state is OrderState.REJECTED and each.before is not OrderState.REJECTED:
        return Kind.ORDER_REJECTED
    return None


def _position_events(
    said: Iterable[Tracked], booked: Mapping[UUID, ExecutionPosition], now: datetime
) -> list[events.NewEvent]:
    reduced = {
        position.pk: (position, each.order)
        for each in said
        if (position := booked.get(each.order.pk)) is not None and position.closed_quantity
    }
    return [position_event(position, order.connection, now, order) for position, order in reduced.values()]


def position_event(
    position: ExecutionPosition, connection: ExecutionConnection, now: datetime, order: Order | None = None
) -> events.NewEvent:
    """Return the event that says how much of a position is left, or that it is closed; ``order`` did it, if ours."""
    is_closed = position.status == PositionStatus.CLOSED
    exit_price = position.ledger().average_close(position.terms())
    return events.NewEvent(
        kind=Kind.POSITION_CLOSED if is_closed else Kind.POSITION_REDUCED,
        subject_type="positions.executionposition",
        subject_id=str(position.pk),
        owner_id=connection.owner_id,
        occurred_at=now,
        data={
            "symbol": position.symbol,
            "side": position.side,
            "reason": position.closing_reason,
            "quantity": to_plain(abs(position.quantity)),
            "closed_quantity": to_plain(position.closed_quantity),
            "exit_price": to_plain(exit_price),
            "order": str(order.pk) if order else "",
            "role": order.role if order else "",
            "net": to_plain(position.net_profit),
            "currency": position.settle,
            "connection": connection.name,
        },
    )


def _keep_costs(said: Iterable[Tracked], now: datetime) -> list[events.NewEvent]:
    ended = [
        each
        for each in said
        if each.fills and each.view.state not in OPEN and each.order.expected_price and each.view.average_price
    ]
    if not ended:
        return []
    fees = {each.order.pk: _fees_of(each) for each in ended} | _fees(
        [each.order.pk for each in ended if each.order.filled]
    )
    rows, alerts = [], []
    for each in ended:
        slippage = _slippage(each)
        rows.append(_cost_row(each, slippage, fees.get(each.order.pk, {})))
        alerts += _slippage_alert(each, slippage, now)
    bulk.put_costs(rows, now=now)
    return alerts


def _slippage(each: Tracked) -> Slippage:
    order = each.order
    assert order.expected_price is not None
    assert each.view.average_price is not None
    instrument = marketdata.instruments_of(order.connection.venue_key).get(order.symbol)
    tick = instrument.price_tick if instrument and instrument.price_tick else Decimal("0.0001")
    return slippage_of(
        side=Side(order.side),
        expected=order.expected_price,
        fill=each.view.average_price,
        quantity=each.view.filled,
        pip=pip_of(order.symbol.partition("/")[2].partition(":")[0], tick),
    )


def _cost_row(each: Tracked, slippage: Slippage, fees: dict[str, str]) -> bulk.NewCost:
    assert each.order.expected_price is not None
    assert each.view.average_price is not None
    return bulk.NewCost(
        order_id=each.order.pk,
        expected_price=each.order.expected_price,
        fill_price=each.view.average_price,
        quantity=each.view.filled,
        slippage=slippage.per_unit,
        slippage_bps=slippage.bps,
        slippage_pips=slippage.pips,
        amount=slippage.amount,
        fees=fees,
    )


def _slippage_alert(each: Tracked, slippage: Slippage, now: datetime) -> list[events.NewEvent]:
    threshold = each.order.log.preset.get("slippage_alert_bps")
    if threshold is None or slippage.bps <= Decimal(threshold):
        return []
    data = _order_data(each.order) | {"slippage_bps": to_plain(slippage.bps), "allowed_bps": threshold}
    return [_event(Kind.ORDER_SLIPPED, "execution.order", each.order.pk, each.order, now, data)]


def _fees_of(each: Tracked) -> dict[str, str]:
    """Return the fees of an order that had no fill before."""
    return _totals((fill.fee_currency, fill.fee) for fill in each.fills if fill.fee)


def _fees(order_ids: list[UUID]) -> dict[UUID, dict[str, str]]:
    """Return the fees of orders of which some fills were stored before."""
    if not order_ids:
        return {}
    found: dict[UUID, list[tuple[str, Decimal]]] = {key: [] for key in order_ids}
    rows = Fill.objects.filter(order_id__in=order_ids).exclude(fee=0)
    for key, currency, fee in rows.values_list("order_id", "fee_currency", "fee"):
        found[key].append((currency, fee))
    return {key: _totals(fees) for key, fees in found.items()}


def _totals(fees: Iterable[tuple[str, Decimal]]) -> dict[str, str]:
    totals: dict[str, Decimal] = {}
    for currency, fee in fees:
        totals[currency] = totals.get(currency, Decimal(0)) + fee
    return {currency: to_plain(fee) for currency, fee in totals.items()}


def _order_data(order: Order) -> dict[str, Any]:
    return {
        "role": order.role,
        "symbol": order.symbol,
        "side": order.side,
        "quantity": to_plain(order.quantity),
        "client_order_id": order.client_order_id,
        "connection": order.connection.name,
    }


def _event(
    kind: Kind, subject_type: str, subject_id: UUID, order: Order, now: datetime, data: dict[str, Any]
) -> events.NewEvent:
    return events.NewEvent(
        kind=kind,
        subject_type=subject_type,
        subject_id=str(subject_id),
        owner_id=order.connection.owner_id,
        occurred_at=now,
        data=data,
    )
