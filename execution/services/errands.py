"""Orders as errands: what leaves with an order, what is set at the venue before it, and until when it may leave."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connections.contract import MarketType, OrderTicket, PairTicket
from execution.courier import LEAVES_WITHIN, Account, Errand, ErrandKind
from execution.models import Order
from execution.roles import OrderRole

#: Leverage and margin mode.
Preparation = tuple[Decimal, str]


def submit(
    order: Order, account: Account, *, preparation: Preparation | None = None, delay_s: float = 0.0
) -> Errand:
    """Return the errand that sends an order."""
    return Errand(
        ErrandKind.SUBMIT,
        account,
        (order.pk,),
        ticket=order.ticket(),
        prepare=preparation,
        delay_s=delay_s,
        leave_by=_leave_by(order),
        attempt=order.sends,
        is_entry=order.role == OrderRole.ENTRY,
    )


def enter(
    order_id: UUID, ticket: OrderTicket, account: Account, *, sent_at: datetime, preparation: Preparation | None
) -> Errand:
    """Return the errand that sends an entry for the first time."""
    return Errand(
        ErrandKind.SUBMIT,
        account,
        (order_id,),
        ticket=ticket,
        prepare=preparation,
        leave_by=sent_at + LEAVES_WITHIN,
        attempt=1,
        is_entry=True,
    )


def submit_pair(target: Order, stop: Order, account: Account, *, delay_s: float = 0.0) -> Errand:
    """Return the errand that sends a target and a stop of which one cancels the other."""
    return Errand(
        ErrandKind.PAIR,
        account,
        (target.pk, stop.pk),
        pair=PairTicket(target.ticket(), stop.ticket(), target.pair_id),
        delay_s=delay_s,
        leave_by=_leave_by(target),
        attempt=target.sends,
    )


def preparation_of(account: Account, preset: Mapping[str, Any], done: str | None) -> Preparation | None:
    """Return what must be set for a symbol before its next order; None when that is done, or on spot.

    ``preset`` holds the values that were effective, ``done`` what ``as_done`` said of the symbol last time.
    """
    if account.access.market is MarketType.SPOT:
        return None
    wanted = (Decimal(preset["leverage"]), str(preset["margin_mode"]).lower())
    return None if as_done(wanted) == done else wanted


def as_done(preparation: Preparation) -> str:
    """Return how the account's snapshot remembers what was set."""
    leverage, margin_mode = preparation
    return f"{leverage}:{margin_mode}"


def _leave_by(order: Order) -> datetime | None:
    return None if order.last_sent_at is None else order.last_sent_at + LEAVES_WITHIN
