"""What an answer means for one order. Pure: the order before, the outcome, the order after and what to do next.

Final answers end it, provable non-arrival sends it again under the same id or holds it, and everything else is
doubt, which only the venue can lift.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connections.contract import FillReport, OrderReport
from connections.errors import (
    AuthFailed,
    BrokerError,
    Duplicate,
    InsufficientFunds,
    NotSent,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unsupported,
)
from execution.courier import ErrandKind
from execution.folding import OrderView, fail, fold, reject
from execution.machine import OPEN, OrderState
from execution.outcomes import Reason

#: The same ticket leaves at most this often by itself; then a person decides.
MOST_SENDS = 4
FIRST_WAIT = timedelta(milliseconds=300)
LONGEST_WAIT = timedelta(seconds=20)
#: An answer is overdue after this; then the order is looked up.
PATIENCE = timedelta(seconds=30)
#: A fresh doubt is looked into after this.
DOUBT_WAIT = timedelta(seconds=1)
#: Missing executions are asked for after this.
FILLS_WAIT = timedelta(milliseconds=150)
#: A resting order is looked at again at least this often, whatever the streams say.
RESTING_LOOK = timedelta(minutes=5)
#: One that has begun to trade usually goes on at once, and every part wants its protection.
TRADING_LOOK = timedelta(seconds=1)


_SENDING = frozenset({ErrandKind.SUBMIT, ErrandKind.PAIR})


class NextStep(StrEnum):
    NOTHING = "NOTHING"
    SEND_AGAIN = "SEND_AGAIN"  # provably not sent
    FIND = "FIND"  # executions are missing, or a cancel came too late


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is known about whether the venue has it."""

    in_doubt: bool
    since: datetime | None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The order after an outcome."""

    view: OrderView
    doubt: Doubt
    #: None when nothing is to be looked at any more
    look_again_at: datetime | None
    next_step: NextStep = NextStep.NOTHING
    wait: timedelta = timedelta(0)
    #: why it ended without a fill; None when it did not
    reason: Reason | None = None
    error_code: str = ""
    error: str = ""
    clears_cancel: bool = False


def read_report(
    view: OrderView, doubt: Doubt, report: OrderReport, new_fills: Sequence[FillReport], *, now: datetime
) -> Answer:
    """Return the order after a report about it. Whatever it says, it is no longer in doubt."""
    after = fold(view, report, new_fills)
    if after.needs_fills:
        return Answer(after, Doubt(False, None), now + FILLS_WAIT * 10, NextStep.FIND, FILLS_WAIT)
    is_open = after.state in OPEN
    is_trading = after.state is OrderState.PARTIALLY_FILLED
    reason = None
    if not is_open and after.filled == 0:
        reason = Reason.VENUE_REJECTED if after.state == "REJECTED" else Reason.ENTRY_UNFILLED
    return Answer(
        view=after,
        doubt=Doubt(False, None),
        look_again_at=now + _until_next_look(report, is_trading, now) if is_open else None,
        next_step=NextStep.FIND if is_trading and new_fills else NextStep.NOTHING,
        wait=FILLS_WAIT if is_trading else timedelta(0),
        reason=reason,
        error=report.reason,
        # It still rests: whoever wanted it cancelled may ask again.
        clears_cancel=is_open,
    )


def _until_next_look(report: OrderReport, is_trading: bool, now: datetime) -> timedelta:
    """Return how long an order may be left alone: as long again as it has not traded, within bounds."""
    if not is_trading:
        return RESTING_LOOK
    traded_at = max((fill.traded_at for fill in report.fills), default=now)
    return min(max(now - traded_at, TRADING_LOOK), RESTING_LOOK)


def read_error(
    view: OrderView,
    doubt: Doubt,
    kind: ErrandKind,
    error: BrokerError,
    *,
    sends: int,
    is_exit: bool,
    now: datetime,
) -> Answer:
    """Return the order after an errand about it failed."""
    if kind is ErrandKind.CANCEL:
        return _cancel_failed(view, doubt, error, now)
    if kind not in _SENDING:
        # A question that failed answers nothing, whatever kind of no it was; least of all may it send anything.
        return Answer(view, doubt, now + DOUBT_WAIT * 5, error_code=error.code, error=error.text)
    if isinstance(error, NotSent):
        return _not_sent(view, error, sends, is_exit, now)
    if isinstance(error, Duplicate | OutcomeUnknown):
        return Answer(
            view=view,
            doubt=Doubt(True, doubt.since or now),
            look_again_at=now + DOUBT_WAIT,
            error_code=error.code,
            error=error.text,
        )
    return Answer(
        view=reject(view),
        doubt=Doubt(False, None),
        look_again_at=None,
        reason=_reason_of(error),
        error_code=error.code,
        error=error.text,
    )


def _cancel_failed(view: OrderView, doubt: Doubt, error: BrokerError, now: datetime) -> Answer:
    if isinstance(error, NotSent):
        return Answer(view, doubt, now + DOUBT_WAIT, error_code=error.code, error=error.text, clears_cancel=True)
    # "Unknown order" to a cancel usually means that it filled a moment ago: look.
    return Answer(view, doubt, now + DOUBT_WAIT, NextStep.FIND, error_code=error.code, error=error.text)


def _not_sent(view: OrderView, error: NotSent, sends: int, is_exit: bool, now: datetime) -> Answer:
    wait = min(FIRST_WAIT * 3 ** (sends - 1), LONGEST_WAIT)
    if isinstance(error, Throttled) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    if sends < MOST_SENDS and wait <= LONGEST_WAIT:
        return Answer(
            view=view,
            doubt=Doubt(False, None),
            look_again_at=now + wait + PATIENCE,
            next_step=NextStep.SEND_AGAIN,
            wait=wait,
            error_code=error.code,
            error=error.text,
        )
    reason = Reason.VENUE_THROTTLED if isinstance(error, Throttled) else Reason.VENUE_UNREACHABLE
    # An exit is planned anew by whoever watches the position; an entry waits for a person, under its id.
    view, is_held = (fail(view), False) if is_exit else (view, True)
    return Answer(
        view=view,
        doubt=Doubt(False, None, is_held=is_held),
        look_again_at=None,
        reason=reason,
        error_code=error.code,
        error=error.text,
    )


def _reason_of(error: BrokerError) -> Reason:
    if isinstance(error, AuthFailed):
        return Reason.VENUE_KEY_REFUSED
    if isinstance(error, InsufficientFunds):
        return Reason.VENUE_INSUFFICIENT_FUNDS
    if isinstance(error, Unsupported | Refused):
        return Reason.UNSUPPORTED_ORDER
    return Reason.VENUE_REJECTED if isinstance(error, Rejected) else Reason.INTERNAL_ERROR


def give_up(view: OrderView) -> OrderView:
    """Return a held or disproven order as failed."""
    return replace(fail(view), needs_fills=False)
