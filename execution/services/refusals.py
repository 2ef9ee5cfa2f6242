"""When a venue refuses an exit order: what kind of no it was, and what follows.

A price that is already beyond the stop means that the stop is due: close. A pair that is refused becomes a stop alone
with its target watched here. Where a venue takes no more stops, targets share one. Anything else is tried once more
and then follows the account's policy. A close that is refused again and again waits for a person, and is tried again
from time to time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connections.preset_specs import RefusalPolicy
from core.decimals import to_plain
from events import services as events
from events.catalogue import Kind
from execution.machine import OrderState
from execution.models import Order
from execution.roles import OrderRole
from execution.services.exit_state import ExitState
from positions.exits import ClosingReason

#: A stop alone is refused this often before the policy decides.
MOST_STOPS = 2
#: A close is refused this often before a person is asked.
MOST_CLOSES = 3
#: What a person was asked about is tried again after this, later each time.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
#: Codes and words that mean "the price is there already".
_BEYOND = ("-2021", "immediately", "51280")
#: Codes and words that mean "you have as many of these as you may have".
_TOO_MANY = ("MAX_NUM_ALGO_ORDERS", "MAX_NUM_ORDERS", "-4045")


def judge(state: ExitState, *, now: datetime) -> list[events.NewEvent]:
    """Note on the position what its refused exits lead to, and return the news of it."""
    if state.is_oversold:
        return _note_oversold(state, now)
    if not state.held or state.position.attention:
        return []
    news: list[events.NewEvent] = []
    for piece in sorted({order.piece for order in state.exits}):
        mine = [order for order in state.exits if order.piece == piece]
        _judge_target(state, piece, mine)
        news += _judge_stop(state, piece, mine, now)
    return news + _judge_close(state, now)


def wait_after(refusals: int) -> timedelta:
    """Return how long to wait before a close is tried again that was refused so often."""
    return min(FIRST_WAIT * 2 ** min(max(refusals - MOST_CLOSES, 0), 10), LONGEST_WAIT)


def _judge_target(state: ExitState, piece: int, orders: Sequence[Order]) -> None:
    targets = [order for order in orders if order.role == OrderRole.TARGET]
    if targets and targets[-1].state == OrderState.REJECTED and 0 < piece <= len(state.position.targets):
        target = state.position.targets[piece - 1]
        if not target.get("is_watched"):
            target["is_watched"] = True
            state.is_changed = True


def _judge_stop(state: ExitState, piece: int, orders: Sequence[Order], now: datetime) -> list[events.NewEvent]:
    stops = [order for order in orders if order.role == OrderRole.STOP]
    if not stops or stops[-1].state != OrderState.REJECTED or state.position.close_requested_at is not None:
        return []
    last = stops[-1]
    if _says(last, _BEYOND) and not last.pair_id:
        return _close(state, now, why="The price is beyond the stop already.")
    if _says(last, _TOO_MANY) and _share_a_stop(state, piece, stops):
        return []
    refused_alone = [order for order in stops if order.state == OrderState.REJECTED and not order.pair_id]
    if len(refused_alone) < MOST_STOPS or piece in state.position.watched_pieces:
        return []
    if state.refusal_policy is RefusalPolicy.FLATTEN:
        return _close(state, now, why=f"The venue refuses the stop: {last.error}")
    state.position.watched_pieces = sorted({*state.position.watched_pieces, piece})
    state.is_changed = True
    return []


def _says(order: Order, marks: Sequence[str]) -> bool:
    return any(mark in f"{order.error_code} {order.error}" for mark in marks)


def _share_a_stop(state: ExitState, piece: int, stops: Sequence[Order]) -> bool:
    """Let a target share the stop of the rest, so that there is one stop less. Return False when none is left to."""
    targets = state.position.targets
    if 0 < piece <= len(targets):
        return _share(state, targets[piece - 1], "refused")
    if piece != 0:
        return False
    # The stop of the rest itself found no room: for every such refusal the farthest target gives its place up.
    refusals = sum(1 for order in stops if order.state == OrderState.REJECTED and _says(order, _TOO_MANY))
    gave_way = sum(1 for target in targets if target.get("shares_stop") == "gave way")
    if gave_way >= refusals:
        return True
    alone = [target for target in targets if not target.get("shares_stop") and _left(target) > 0]
    return bool(alone) and _share(state, alone[-1], "gave way")


def _share(state: ExitState, target: dict[str, Any], why: str) -> bool:
    if not target.get("shares_stop"):
        target["shares_stop"], target["is_watched"] = why, True
        state.is_changed = True
    return True


def _left(target: dict[str, Any]) -> Decimal:
    return Decimal(target.get("quantity", "0")) - Decimal(target.get("filled", "0"))


def _judge_close(state: ExitState, now: datetime) -> list[events.NewEvent]:
    refused = state.refused_closes()
    if len(refused) < MOST_CLOSES:
        return []
    state.position.attention = f"The venue refuses to close it: {refused[-1].error}"[:300]
    state.is_changed = True
    return [_event(Kind.POSITION_UNPROTECTED, state, now, why=state.position.attention)]


def _note_oversold(state: ExitState, now: datetime) -> list[events.NewEvent]:
    if state.position.attention:
        return []
    excess = to_plain(abs(state.position.quantity))
    state.position.attention = (
        f"More has left than was held, by {excess}; the account's own holding has paid for it."
    )
    state.is_changed = True
    return [_event(Kind.POSITION_UNPROTECTED, state, now, why=state.position.attention)]


def _close(state: ExitState, now: datetime, *, why: str) -> list[events.NewEvent]:
    state.position.close_requested_at = now
    state.position.closing_reason = ClosingReason.SL
    state.is_changed = True
    return [_event(Kind.POSITION_CLOSING, state, now, reason=ClosingReason.SL, why=why[:300])]


def _event(kind: Kind, state: ExitState, now: datetime, **data: Any) -> events.NewEvent:
    position = state.position
    return events.NewEvent(
        kind=kind,
        subject_type="positions.executionposition",
        subject_id=str(position.pk),
        owner_id=position.connection.owner_id,
        occurred_at=now,
        data={"symbol": position.symbol, "connection": position.connection.name, **data},
    )
