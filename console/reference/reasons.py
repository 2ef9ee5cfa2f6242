"""Every reason code: its words, what may be done about it, and where it comes from."""

from collections.abc import Sequence

from console.reference import sources
from console.reference.markdown import code, table, whole_page
from execution.outcomes import RETRYABLE, TEXTS, Group, Reason
from positions.exits import ClosingReason
from positions.labels import CLOSING_REASONS

_INTRO = """
Every execution that ended says why, by a code that never changes its meaning. It stands in `reason` of
`/api/v1/executions/`, on the page of the execution, and in the events `execution.*`. The numbers that decided, which stand in
braces below, are in `numbers`.

*Retry* means that a person may ask for another attempt, because nothing of it ever reached the venue: the same row, the
same client order id. *From* names the module of `execution` that decides; *reserved* is what nothing gives out in this
version.
"""
_GROUPS = {
    Group.DONE: "The order was accepted; nothing went wrong.",
    Group.SIGNAL: "The signal was over, or the market had left it behind.",
    Group.ACCOUNT: "The account cannot trade as it stands.",
    Group.CHOICE: "The owner's settings say so.",
    Group.RISK: "A check of the sized order said no.",
    Group.SIZE: "The size came out too small, or could not be computed.",
    Group.VENUE: "The venue said no, or could not be reached.",
    Group.SYSTEM: "Something is broken here.",
}
_CLOSING = """
## Why a position closed

`closing_reason` of `/api/v1/positions/`.
"""


def page() -> str:
    """Return reason-codes.md."""
    return whole_page("Reason codes", _INTRO, *(_group(group) for group in Group), _CLOSING, _closing())


def _group(group: Group) -> str:
    rows = [_row(reason) for reason in Reason if TEXTS[reason].group is group]
    return f"## {group}\n\n{_GROUPS[group]}\n\n" + table(
        ["code", "says", "what you can do", "retry", "from"], rows
    )


def _row(reason: Reason) -> Sequence[str]:
    text = TEXTS[reason]
    modules = sources.givers("Reason", "execution.outcomes").get(reason.name, ())
    where = ", ".join(code(module.removeprefix("execution.")) for module in modules) or "reserved"
    return code(reason), text.text, text.advice, "yes" if reason in RETRYABLE else "", where


def _closing() -> str:
    given = sources.givers("ClosingReason", "positions.exits")
    rows = [
        [
            code(reason),
            CLOSING_REASONS[reason].text,
            CLOSING_REASONS[reason].hint,
            _where(given.get(reason.name, ())),
        ]
        for reason in ClosingReason
    ]
    return table(["code", "says", "means", "from"], rows)


def _where(modules: Sequence[str]) -> str:
    return ", ".join(map(code, modules)) or "reserved"
