"""Exit orders: planning them, committing them before the wire, and measuring how long nobody held the stop.

``advance`` is asked after every answer about a position, by whoever got the answer, and by the sweeper for what
somebody left behind. It locks the position, compares what should be with what is (``execution.exit_plan``), writes
the next orders and cancels, and returns the errands to send once that is committed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from connections.contract import OrderType, Side, TimeInForce
from core.decimals import to_plain
from core.ids import client_order_id
from events import services as events
from events.catalogue import Kind
from execution.answers import PATIENCE
from execution.courier import Account, Errand, ErrandKind
from execution.exit_plan import ExitPlan, Placement, plan_exits
from execution.models import ExecutionLog, Order
from execution.roles import OrderRole
from execution.services import consequences, coverage, errands, refusals
from execution.services.exit_state import ExitState, load_states
from positions import services as positions
from positions.models import ExecutionPosition, PositionStatus


@dataclass(frozen=True, slots=True)
class _Written:
    orders: list[Order]
    errands: list[Errand]
    #: nothing was put off
    is_complete: bool


@transaction.atomic
def advance(position_ids: Iterable[UUID], *, now: datetime) -> list[Errand]:
    """Write the next exit orders and cancels of these positions; return what to send after the commit.

    Cost: some six statements for any number of positions.
    """
    states = load_states(position_ids)
    leaving: list[Errand] = []
    orders: list[Order] = []
    unwanted: dict[UUID, ExitState] = {}
    news: list[events.NewEvent] = []
    for state in states:
        news += refusals.judge(state, now=now)
        state.plan_targets()
        plan = plan_exits(state.view())
        if plan.dust:
            news.append(_leave_dust(state, now))
            continue
        written = _write(state, plan, now)
        orders += written.orders
        leaving += written.errands
        unwanted |= dict.fromkeys([*plan.cancels, *state.entries_to_cancel()], state)
        news += coverage.measure(state, is_covered=plan.is_covered, now=now)
        state.note_looked(written.is_complete, now=now)
    Order.objects.bulk_create(orders)
    leaving += _cancel(unwanted, now)
    positions.save([state.position for state in states if state.is_changed], now=now)
    _note_protected(states, now)
    events.append_many(news)
    return leaving


@transaction.atomic
def request_close(*, position_id: UUID, reason: str, now: datetime, actor_id: UUID | None = None) -> bool:
    """Ask for a position to be closed at market. ``advance`` then does it; until it is flat the sweeper sees to it.

    Asking again starts the attempts anew. Return False when it is closed already.
    """
    position = (
        ExecutionPosition.objects.select_for_update(of=("self",)).select_related("connection").get(pk=position_id)
    )
    if position.status == PositionStatus.CLOSED:
        return False
    position.close_requested_at = position.look_at = now
    position.closing_reason = reason
    position.attention = ""
    positions.save([position], now=now)
    events.append(
        events.NewEvent(
            kind=Kind.POSITION_CLOSING,
            subject_type="positions.executionposition",
            subject_id=str(position.pk),
            owner_id=position.connection.owner_id,
            actor_id=actor_id,
            occurred_at=now,
            data={"reason": reason, "symbol": position.symbol, "quantity": to_plain(abs(position.quantity))},
        )
    )
    return True


@transaction.atomic
def close_again(*, position_id: UUID, now: datetime) -> bool:
    """Try once more to close a position that the venue has refused to close; what was told about it stays.

    Return False when it is over, or nobody wants it closed any more.
    """
    position = ExecutionPosition.objects.select_for_update().get(pk=position_id)
    if position.status == PositionStatus.CLOSED or position.close_requested_at is None:
        return False
    position.close_requested_at = position.look_at = now
    positions.save([position], now=now)
    return True


@transaction.atomic
def note_target_due(*, position_id: UUID, piece: int, now: datetime) -> bool:
    """Note that a watched target was reached. Return False when it was noted before, or nothing is left of it."""
    position = ExecutionPosition.objects.select_for_update().get(pk=position_id)
    if position.status == PositionStatus.CLOSED or not 0 < piece <= len(position.targets):
        return False
    target = position.targets[piece - 1]
    left = Decimal(target.get("quantity", "0")) - Decimal(target.get("filled", "0"))
    if target.get("due_at") or left <= 0:
        return False
    target["due_at"] = now.isoformat()
    position.look_at = now
    positions.save([position], now=now)
    return True


def _write(state: ExitState, plan: ExitPlan, now: datetime) -> _Written:
    orders, leaving = [], []
    due = [each for each in plan.placements if not state.is_cooling(each, now=now)]
    for placement in due:
        mine = _orders_of(state, placement, now)
        orders += mine
        leaving += _errands(state.account, mine, placement)
    return _Written(orders, leaving, is_complete=len(due) == len(plan.placements))


def _cancel(unwanted: Mapping[UUID, ExitState], now: datetime) -> list[Errand]:
    """Commit cancels and return their errands."""
    # Who records an answer holds the order and waits for its position, which is ours. So what somebody else holds is
    # left to him: he asks for the plan again when he is done.
    free = Order.objects.filter(pk__in=list(unwanted)).order_by("pk").select_for_update(skip_locked=True)
    ids = list(free.values_list("pk", flat=True))
    Order.objects.filter(pk__in=ids).update(
        cancel_requested_at=now, reconcile_after=now + PATIENCE, updated_at=now
    )
    return [_way_out(unwanted[key], unwanted[key].orders_by_id[key]) for key in ids]


def _way_out(state: ExitState, order: Order) -> Errand:
    """Return the errand that ends an order: of half a pair the venue has usually done so itself."""
    kind = ErrandKind.FIND if state.is_unseen_since_its_twin_ended(order) else ErrandKind.CANCEL
    return Errand(kind, state.account, (order.pk,), ref=order.ref())


def _orders_of(state: ExitState, placement: Placement, now: datetime) -> list[Order]:
    if placement.is_close:
        return [_order(state, placement, OrderRole.CLOSE, now)]
    orders = []
    if placement.target_price is not None:
        orders.append(_order(state, placement, OrderRole.TARGET, now))
    if placement.stop_price is not None:
        orders.append(_order(state, placement, OrderRole.STOP, now))
    if placement.is_pair:
        pair_id = client_order_id(settings.SIGNALBOX_INSTALLATION, state.log_id, "pair", orders[0].sequence)
        for order in orders:
            order.pair_id = pair_id
    return orders


def _order(state: ExitState, placement: Placement, role: OrderRole, now: datetime) -> Order:
    sequence = state.next_sequence(role, placement.piece)
    is_target, is_stop = role is OrderRole.TARGET, role is OrderRole.STOP
    kind = OrderType.LIMIT if is_target else OrderType.STOP if is_stop else OrderType.MARKET
    return Order(
        log_id=state.log_id,
        connection_id=state.position.connection_id,
        position_id=state.position.pk,
        role=role,
        sequence=sequence,
        piece=placement.piece,
        client_order_id=client_order_id(settings.SIGNALBOX_INSTALLATION, state.log_id, role, sequence),
        symbol=state.position.symbol,
        side=Side(state.position.side).opposite,
        order_type=kind,
        quantity=placement.quantity,
        price=placement.target_price if is_target else None,
        stop_price=placement.stop_price if is_stop else None,
        time_in_force=TimeInForce.GTC,
        reduce_only=state.is_derivative,
        expected_price=state.expected_price(placement, role),
        state="SUBMITTED",
        sends=1,
        created_at=now,
        submitted_at=now,
        last_sent_at=now,
        reconcile_after=now + PATIENCE,
        updated_at=now,
    )


def _errands(account: Account, orders: Sequence[Order], placement: Placement) -> list[Errand]:
    if placement.is_pair:
        target, stop = orders
        return [errands.submit_pair(target, stop, account)]
    # The stop leaves before the target: protected first.
    return [errands.submit(order, account) for order in reversed(orders)]


def _leave_dust(state: ExitState, now: datetime) -> events.NewEvent:
    closed = positions.leave_dust(
        position_id=state.position.pk, reason=state.position.closing_reason or "TP", now=now
    )
    state.is_changed = False
    return consequences.position_event(closed, state.position.connection, now)


def _note_protected(states: Sequence[ExitState], now: datetime) -> None:
    fresh = [state.log_id for state in states if state.was_protected_now]
    if fresh:
        ExecutionLog.objects.filter(pk__in=fresh, protected_at__isnull=True).update(protected_at=now)
