"""Settling differences between a venue's books and ours, by a person who has looked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from events import services as events
from events.catalogue import Kind
from execution.models import Break


class SettledBefore(Exception):
    """The books agree again, or somebody has settled it before."""


@transaction.atomic
def settle(*, break_id: UUID, resolution: str, actor: User | None, now: datetime) -> Break:
    """Note how a difference was settled. If the books still differ at the next comparison, that is a new one.

    Raises:
        SettledBefore: nothing is left to settle.
    """
    moved = Break.objects.filter(pk=break_id, status=Break.Status.OPEN).update(
        status=Break.Status.RESOLVED, resolution=resolution.strip()[:300], resolved_by=actor, resolved_at=now
    )
    if not moved:
        raise SettledBefore("This difference was settled before.")
    settled = Break.objects.select_related("connection").get(pk=break_id)
    events.append(
        events.NewEvent(
            kind=Kind.RECONCILIATION_RESOLVED,
            subject_type="connections.executionconnection",
            subject_id=str(settled.connection_id),
            owner_id=settled.connection.owner_id,
            actor_id=actor.pk if actor else None,
            occurred_at=now,
            data={
                "name": settled.connection.name,
                "symbol": settled.symbol,
                "resolution": settled.resolution,
            },
        )
    )
    return settled
