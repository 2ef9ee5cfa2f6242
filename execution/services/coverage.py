"""How long a position is without a stop, measured on every position."""

from datetime import datetime
from typing import Any

from events import services as events
from events.catalogue import Kind
from execution.exit_plan import Style
from execution.roles import OrderRole
from execution.services.exit_state import ExitState
from positions.exits import Protection
from positions.models import PositionStatus


def measure(state: ExitState, *, is_covered: bool, now: datetime) -> list[events.NewEvent]:
    """Note on the position who holds its stop, since when nobody does, and return the news of it."""
    position = state.position
    if position.stop_price is None or position.status == PositionStatus.CLOSED or not state.held:
        return []
    if is_covered and position.unprotected_since is not None:
        return _covered(state, now)
    if not is_covered and position.unprotected_since is None:
        return _uncovered(state, now)
    return []


def _covered(state: ExitState, now: datetime) -> list[events.NewEvent]:
    position = state.position
    since = position.unprotected_since
    assert since is not None
    at = max(since, _covered_at(state, now))
    position.unprotected_ms += int((at - since).total_seconds() * 1000)
    position.unprotected_since = None
    is_watched = state.style is Style.WATCHED or bool(position.watched_pieces)
    position.protection = Protection.WATCHED if is_watched else Protection.NATIVE
    state.is_changed = True
    if position.protected_at is not None:
        return []  # it was protected before; the gap is in unprotected_ms
    position.protected_at = at
    state.was_protected_now = True
    return [
        _event(Kind.POSITION_PROTECTED, state, now, by=position.protection, unprotected_ms=position.unprotected_ms)
    ]


def _uncovered(state: ExitState, now: datetime) -> list[events.NewEvent]:
    state.position.unprotected_since = now
    state.position.protection = Protection.UNPROTECTED
    state.is_changed = True
    # While it is being closed, the gap is wanted; it is measured all the same.
    is_wanted = state.position.close_requested_at is not None
    return [] if is_wanted else [_event(Kind.POSITION_UNPROTECTED, state, now)]


def _covered_at(state: ExitState, now: datetime) -> datetime:
    stops = [order.acknowledged_at for order in state.live_exits if order.role == OrderRole.STOP]
    return max((each for each in stops if each is not None), default=now)


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
