"""Events as other apps write them, for the tests of telling people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from accounts.models import User
from events import services
from events.catalogue import Kind
from events.models import Event, Notification
from events.notices import Happening
from events.notifying import notify
from tests.people import NOON

EXECUTED = {
    "reason": "FILLED", "numbers": {"filled": "0.1", "average_price": "50000"}, "pair": "BTCUSDT",
    "symbol": "BTC/USDT", "side": "BUY", "connection": "Main",
}  # fmt: skip
FAILED = {
    "reason": "VENUE_REJECTED",
    "numbers": {"error": "No."},
    "pair": "BTC/USDT",
    "side": "BUY",
    "connection": "Main",
}
CLOSED = {
    "symbol": "BTC/USDT", "side": "BUY", "reason": "SL", "quantity": "0", "closed_quantity": "0.1",
    "exit_price": "49000.5", "order": "o-1", "role": "stop", "net": "-101.237", "currency": "USDT",
    "connection": "Main",
}  # fmt: skip
SUBJECTS = {"execution": "execution.executionlog", "order": "execution.order",
            "position": "positions.executionposition", "connection": "connections.executionconnection"}  # fmt: skip


def happening(
    kind: Kind, data: Mapping[str, Any], *, subject_id: str = "s-1", uid: str = "u-1", is_ours: bool = True
) -> Happening:
    """An event as the rules see it."""
    return Happening(uid, kind, subject_id, NOON, data, is_ours)


def make_event(
    kind: Kind = Kind.EXECUTION_FAILED,
    data: Mapping[str, Any] = FAILED,
    *,
    owner: User | None,
    actor: User | None = None,
    subject_id: str = "",
    at: datetime = NOON,
) -> int:
    """A committed event of an account; without an owner the house's. Return its id."""
    return services.append(
        services.NewEvent(
            kind=kind,
            subject_type=SUBJECTS.get(kind.partition(".")[0], ""),
            subject_id=subject_id or str(uuid4()),
            occurred_at=at,
            owner_id=owner.pk if owner else None,
            actor_id=actor.pk if actor else None,
            data=dict(data),
        )
    )


def told(user: User, *, at: datetime = NOON, **fields: Any) -> Notification:
    """A notification that a failed execution made for the user; ``fields`` are put over it."""
    notify(event_ids=[make_event(owner=user, at=at)], now=at)
    made = Notification.objects.filter(user=user).latest("pk")
    for name, value in fields.items():
        setattr(made, name, value)
    made.save()
    return made


def events_about(user: User) -> int:
    """How often open pages were told that this user was told something."""
    return Event.objects.filter(kind=Kind.NOTIFICATION_CREATED, owner=user).count()
