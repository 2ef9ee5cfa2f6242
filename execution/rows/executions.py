"""What the pages show of an execution: what became of a signal on an account, why, and when each step happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from connections.labels import SIDES
from core.labels import Label, Tone
from execution.labels import OUTCOMES
from execution.models import ExecutionLog
from execution.outcomes import FINISHED, RETRYABLE, TEXTS, LogStatus, Reason
from execution.rows.accounts import AccountRow, account_row
from execution.rows.orders import OrderRow

#: Numbers that the sentence of the reason, or a table of its own, says already.
_SAID_ELSEWHERE = frozenset({"checks"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way from the signal to its outcome. ``at`` is None for what has not happened yet."""

    name: str
    at: datetime | None
    detail: str = ""
    tone: Tone = Tone.GOOD
    #: since the first step; None for what has not happened
    after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    id: UUID
    signal_id: UUID
    signal_version: int
    account: AccountRow
    pair: str
    symbol: str
    leg: str
    side: Label
    outcome: Label
    is_finished: bool
    reason: str
    #: who or what decided
    decided_by: str
    explanation: str
    advice: str
    is_retryable: bool
    #: in units of the base currency; None when nothing was filled
    filled: Decimal | None
    base: str
    average_price: Decimal | None
    created_at: datetime
    finished_at: datetime | None


def execution_row(log: ExecutionLog, user: User) -> ExecutionRow:
    """Return what a page shows. Needs the signal, and the connection with its owner."""
    text = TEXTS.get(Reason(log.reason)) if log.reason in set(Reason) else None
    return ExecutionRow(
        id=log.pk,
        signal_id=log.signal_id,
        signal_version=log.signal_version,
        account=account_row(log.connection, user),
        pair=log.signal.currency_pair,
        symbol=log.symbol,
        leg=log.leg,
        side=SIDES[log.side],
        outcome=OUTCOMES[log.status],
        is_finished=log.status in FINISHED,
        reason=log.reason,
        decided_by=str(text.group) if text else "",
        explanation=log.explanation,
        advice=text.advice if text else "",
        is_retryable=log.status == LogStatus.FAILED and log.reason in RETRYABLE,
        filled=_decimal(log.numbers.get("filled")),
        base=log.signal.currency_pair.partition("/")[0],
        average_price=_decimal(log.numbers.get("average_price")),
        created_at=log.created_at,
        finished_at=log.finished_at,
    )


def steps_of(log: ExecutionLog, orders: Sequence[OrderRow], *, naked_ms: int | None = None) -> list[Step]:
    """Return the why-timeline: what happened when, and what is still to come."""
    entry = next((order for order in orders if order.role.text == "Entry"), None)
    sent = f"Client order id {entry.client_order_id}" if entry else ""
    venue = f"Venue order id {entry.venue_order_id}" if entry and entry.venue_order_id else ""
    if entry and entry.in_doubt:
        venue = "No answer. The venue is asked until the order is proven present or absent; it is not sent again."
    filled = " at ".join(
        filter(None, [str(log.numbers.get("filled", "")), str(log.numbers.get("average_price", ""))])
    )
    protected = f"{naked_ms} ms after the first fill" if naked_ms is not None else ""
    happened = [
        ("Signal received", log.created_at, f"Version {log.signal_version}", Tone.INFO),
        ("Taken up by a worker", log.claimed_at, "", Tone.INFO),
        ("Decided", log.decided_at, _decision(log), Tone.INFO),
        ("Sent", log.submitted_at, sent, Tone.INFO),
        ("Acknowledged by the venue", log.acknowledged_at, venue, Tone.GOOD),
        ("Filled", log.executed_at, filled, Tone.GOOD),
        ("Protected", log.protected_at, protected, Tone.GOOD),
    ]
    is_over = log.status in FINISHED
    steps = [
        Step(name, at, detail if at else "", tone, _after(log.created_at, at))
        for name, at, detail, tone in happened
        if at is not None or _is_to_come(log, name, is_over)
    ]
    if is_over and log.status != LogStatus.EXECUTED:
        outcome = OUTCOMES[log.status]
        at = log.finished_at or log.decided_at or log.created_at
        steps.append(Step(outcome.text, at, log.explanation, outcome.tone, _after(log.created_at, at)))
    return steps


def numbers_of(log: ExecutionLog) -> list[tuple[str, str]]:
    """Return the numbers that decided, in words and plain text."""
    return [
        (name.replace("_", " ").capitalize(), _plain(value))
        for name, value in sorted(log.numbers.items())
        if name not in _SAID_ELSEWHERE and value not in ("", None, [], {})
    ]


def checks_of(log: ExecutionLog) -> list[tuple[str, bool, str]]:
    """Return every risk check: its name, whether it passed, and the reason code if it did not."""
    checks: Mapping[str, Any] = log.numbers.get("checks", {})
    return [
        (name.replace("_", " ").capitalize(), answer == "passed", "" if answer == "passed" else str(answer))
        for name, answer in checks.items()
    ]


def counts_in_words(counts: Iterable[tuple[str, int]]) -> list[tuple[Label, int]]:
    """Return counts by status with their labels, what was executed first."""
    order = list(OUTCOMES)
    ranked = sorted(counts, key=lambda pair: (pair[0] != LogStatus.EXECUTED, order.index(pair[0])))
    return [(OUTCOMES[status], count) for status, count in ranked]


def _decimal(text: object) -> Decimal | None:
    return Decimal(str(text)) if text else None


def _decision(log: ExecutionLog) -> str:
    quantity, symbol = log.numbers.get("quantity"), log.symbol
    if log.submitted_at is None or not quantity:
        return ""
    cap = log.numbers.get("cap")
    capped = f", cut by {str(cap).replace('_', ' ')}" if cap else ""
    return f"{quantity} {symbol} by {str(log.numbers.get('sizing_mode', '')).replace('_', ' ').lower()}{capped}"


def _is_to_come(log: ExecutionLog, name: str, is_over: bool) -> bool:
    if name == "Protected":
        return log.status == LogStatus.EXECUTED and log.leg == "entry" and log.signal.sl is not None
    return not is_over


def _after(start: datetime, at: datetime | None) -> int | None:
    return int((at - start).total_seconds() * 1000) if at else None


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    text = str(value)
    # Choices are stored as codes, such as PERCENT_OF_BALANCE.
    return text.replace("_", " ").lower() if text.isupper() and "_" in text else text
