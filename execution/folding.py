"""An order is a fold over what its venue reports. Pure.

Fills are facts and come first; a status only counts once every fill it speaks of is here. So a report that says
"filled" without the executions changes nothing but the acknowledgement, and asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from connections.contract import FillReport, OrderReport, ReportStatus
from core.decimals import CONTEXT
from core.machine import IllegalTransition, next_state
from execution.machine import OPEN, TABLE, OrderEvent, OrderState


@dataclass(frozen=True, slots=True)
class OrderView:
    """As much of an order as folding needs."""

    state: OrderState
    quantity: Decimal
    filled: Decimal
    #: None before the first fill
    average_price: Decimal | None
    is_acknowledged: bool
    is_flagged: bool = False
    #: executions the venue spoke of and has not shown yet
    needs_fills: bool = False
    #: what happened, in order
    events: tuple[OrderEvent, ...] = ()


def fold(order: OrderView, report: OrderReport | None, new_fills: Sequence[FillReport]) -> OrderView:
    """Return the order after fills that were not booked before and a report about it."""
    for fill in new_fills:
        order = _fill(order, fill)
    return order if report is None else _status(order, report)


def reject(order: OrderView) -> OrderView:
    """Return the order after a final no."""
    return _apply(order, OrderEvent.REJECT)


def fail(order: OrderView) -> OrderView:
    """Return the order after proof that the venue never had it."""
    return _apply(order, OrderEvent.FAIL)


def _fill(order: OrderView, fill: FillReport) -> OrderView:
    filled = order.filled + fill.quantity
    event = OrderEvent.FILL if filled >= order.quantity else OrderEvent.PARTIAL_FILL
    with localcontext(CONTEXT):
        value = (order.average_price or Decimal(0)) * order.filled + fill.price * fill.quantity
        average = (value / filled).quantize(Decimal("1e-18"))
    return _apply(replace(order, filled=filled, average_price=average, is_acknowledged=True), event)


def _status(order: OrderView, report: OrderReport) -> OrderView:
    if report.filled > order.filled:
        return replace(_acknowledge(order), needs_fills=True)
    order = replace(order, needs_fills=False)
    if report.status is ReportStatus.REJECTED:
        return order if order.state is OrderState.REJECTED else _apply(order, OrderEvent.REJECT)
    if report.status in (ReportStatus.CANCELLED, ReportStatus.FILLED):
        # "Filled" with less than was ordered only says that it rests no longer.
        return _apply(order, OrderEvent.CANCEL) if order.state in OPEN else order
    return _acknowledge(order)


def _acknowledge(order: OrderView) -> OrderView:
    if order.is_acknowledged and order.state in OPEN:
        return order
    if order.state not in OPEN:
        # It lives at the venue although we thought it over. Somebody must look, and reconciliation will.
        over_without_trace = order.state in (OrderState.FAILED, OrderState.REJECTED)
        return replace(order, is_flagged=order.is_flagged or over_without_trace)
    return replace(_apply(order, OrderEvent.ACK), is_acknowledged=True)


def _apply(order: OrderView, event: OrderEvent) -> OrderView:
    try:
        state = next_state(TABLE, order.state, event)
    except IllegalTransition:
        return replace(order, is_flagged=True)
    return replace(order, state=state, events=(*order.events, event))
