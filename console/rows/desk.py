"""What a provider sees of the accounts behind a signal. Of subscribers only outcome and reason, never who or how much."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from connections.labels import ENVIRONMENTS
from core.decimals import to_plain
from core.labels import Label, Tone
from execution.labels import OUTCOMES
from execution.models import ExecutionLog
from execution.outcomes import in_short, sentence
from execution.services.preview import Foreseen, Outlook

OUTLOOKS: Mapping[str, Label] = {
    Outlook.ENTER: Label("Would enter", Tone.GOOD, "An order would leave."),
    Outlook.CLOSE: Label("Would close", Tone.INFO, "The sale would close what the account holds."),
    Outlook.SKIPPED: Label("Would skip", Tone.QUIET),
    Outlook.DENIED: Label("Would be denied", Tone.WARN),
    Outlook.FAILED: Label("Would fail", Tone.BAD),
}
#: Outlooks in which something is sent.
TRADING = frozenset({Outlook.ENTER, Outlook.CLOSE})
SUBSCRIBER = "A subscriber"


@dataclass(frozen=True, slots=True)
class ForeseenRow:
    account: str
    outlook: Label
    reason: str
    order: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A preview in numbers and rows."""

    total: int
    trading: int
    counts: Sequence[tuple[Label, int]]
    reasons: Sequence[tuple[str, int]]
    rows: Sequence[ForeseenRow]


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    account: str
    environment: Label | None
    outcome: Label
    reason: str
    at: datetime
    #: None where the reader may see no more
    execution_id: UUID | None


def preview_row(foreseen: Sequence[Foreseen], user: User) -> PreviewRow:
    """Return a preview as this reader may see it."""
    counts = Counter(each.outlook for each in foreseen)
    reasons = Counter(in_short(each.reason) for each in foreseen if each.outlook not in TRADING)
    return PreviewRow(
        total=len(foreseen),
        trading=sum(counts[each] for each in TRADING),
        counts=[(OUTLOOKS[each], counts[each]) for each in Outlook if counts[each]],
        reasons=reasons.most_common(),
        rows=[_foreseen_row(each, user) for each in foreseen],
    )


def outcome_rows(logs: Iterable[ExecutionLog], user: User) -> list[OutcomeRow]:
    """Return outcomes as this reader may see them. Needs the connections."""
    return [_outcome_row(each, user) for each in logs]


def _foreseen_row(each: Foreseen, user: User) -> ForeseenRow:
    if not _may_see(each.owner_id, user):
        return ForeseenRow(SUBSCRIBER, OUTLOOKS[each.outlook], in_short(each.reason), "")
    order = f"{to_plain(each.ticket.quantity)} {each.symbol}" if each.ticket else ""
    reason = sentence(each.reason, each.numbers) if each.reason else ""
    return ForeseenRow(each.connection_name, OUTLOOKS[each.outlook], reason, order)


def _outcome_row(log: ExecutionLog, user: User) -> OutcomeRow:
    if not _may_see(log.connection.owner_id, user):
        return OutcomeRow(SUBSCRIBER, None, OUTCOMES[log.status], in_short(log.reason), log.created_at, None)
    connection = log.connection
    environment = ENVIRONMENTS[connection.environment]
    return OutcomeRow(connection.name, environment, OUTCOMES[log.status], log.explanation, log.created_at, log.pk)


def _may_see(owner_id: UUID | None, user: User) -> bool:
    return user.is_administrator or owner_id is None or owner_id == user.pk
