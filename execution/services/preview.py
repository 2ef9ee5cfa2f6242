"""What every account would do if a signal were published now. The same rules decide as will; nothing is written.

Two things may still differ then: the market moves on, and a balance older than its account's limit is read anew. The
outside decision service is not asked, because asking is what it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from connections.contract import OrderTicket
from core.clock import Clock
from core.machine import next_state
from execution import context
from execution.case import CloseHeld, Entry
from execution.context import Loaded
from execution.outcomes import TABLE, LogStatus
from execution.plan import decide
from execution.services.submission import outcome_of
from signals.models import Signal
from signals.rules import SignalStatus


class Outlook(StrEnum):
    """What an account would do."""

    ENTER = "ENTER"  # an order would leave
    CLOSE = "CLOSE"  # a sale on spot would close what is held
    SKIPPED = "SKIPPED"
    DENIED = "DENIED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One account and what it would do."""

    connection_id: UUID
    connection_name: str
    #: None when the house owns it
    owner_id: UUID | None
    outlook: Outlook
    #: why it would not trade; empty when it would
    reason: str
    numbers: Mapping[str, object]
    #: empty when the venue lists nothing for the pair
    symbol: str
    #: the order that would leave; None when none would
    ticket: OrderTicket | None
    #: when the balance was read that it is sized by; None when it never was
    balance_as_of: datetime | None


class NothingToPreview(Exception):
    """The signal was published before or is over, so its accounts have done what they do."""


def preview(*, signal: Signal, clock: Clock) -> list[Foreseen]:
    """Return what every follower of the signal's channel would do now, in the order of their subscriptions.

    Raises:
        NothingToPreview: the signal is neither a draft nor approved.

    Cost: five queries for any number of accounts, and a request to each venue whose price is not known.
    """
    if signal.status not in (SignalStatus.DRAFT, SignalStatus.APPROVED):
        raise NothingToPreview(f"The signal is {signal.status}; its executions tell what became of it.")
    loaded = context.load_unsaved(signal.pk, clock=clock)
    now = clock()
    return [_foreseen(each, now) for each in loaded]


def _foreseen(loaded: Loaded, now: datetime) -> Foreseen:
    case = loaded.case
    decision = decide(case, now=now)
    outlook, reason, ticket = Outlook.CLOSE, "", None
    if isinstance(decision, Entry):
        outlook, ticket = Outlook.ENTER, decision.ticket
    elif not isinstance(decision, CloseHeld):
        outlook = Outlook(next_state(TABLE, LogStatus.CLAIMED, outcome_of(decision)))
        reason = decision.reason
    return Foreseen(
        connection_id=case.account.connection_id,
        connection_name=loaded.connection_name,
        owner_id=loaded.owner_id,
        outlook=outlook,
        reason=reason,
        numbers=decision.numbers,
        symbol=case.instrument.symbol if case.instrument else "",
        ticket=ticket,
        balance_as_of=loaded.balance_as_of,
    )
