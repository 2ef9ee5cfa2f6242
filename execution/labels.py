"""What became of a signal on an account, and of an order, in words."""

from collections.abc import Mapping

from core.labels import Label, Tone
from execution.machine import OrderState
from execution.outcomes import LogStatus
from execution.roles import OrderRole

OUTCOMES: Mapping[str, Label] = {
    LogStatus.PENDING: Label("Waiting", Tone.INFO, "A worker will take it up."),
    LogStatus.CLAIMED: Label("Deciding", Tone.INFO, "A worker has it."),
    LogStatus.SUBMITTED: Label(
        "Sent", Tone.INFO, "Its entry is on the wire or rests at the venue; nothing is filled."
    ),
    LogStatus.EXECUTED: Label("Executed", Tone.GOOD, "Something was filled."),
    LogStatus.SKIPPED: Label("Skipped", Tone.QUIET, "By a choice of the owner, or because the moment has passed."),
    LogStatus.DENIED: Label("Denied", Tone.WARN, "A risk check said no."),
    LogStatus.REJECTED: Label("Rejected", Tone.BAD, "The venue said no."),
    LogStatus.FAILED: Label("Failed", Tone.BAD, "It is known not to be at the venue."),
}
ORDER_STATES: Mapping[str, Label] = {
    OrderState.PENDING: Label("Pending", Tone.QUIET, "Decided, not yet sent."),
    OrderState.SUBMITTED: Label("Sent", Tone.INFO, "On the wire; the venue has not answered yet."),
    OrderState.PARTIALLY_FILLED: Label("Partly filled", Tone.INFO),
    OrderState.FILLED: Label("Filled", Tone.GOOD),
    OrderState.CANCELLED: Label("Cancelled", Tone.QUIET, "What was filled before stays filled."),
    OrderState.REJECTED: Label("Rejected", Tone.BAD, "The venue said no."),
    OrderState.FAILED: Label("Failed", Tone.BAD, "It is known not to be at the venue."),
}
RESTING = Label("Resting", Tone.INFO, "The venue holds it and waits for its price.")
IN_DOUBT = Label("In doubt", Tone.BAD, "Its outcome is unknown; the venue is asked until it is proven.")
UNRESOLVED = Label("Unresolved", Tone.BAD, "It has been in doubt for long; look at the exchange yourself.")
HELD = Label("Held", Tone.WARN, "Proven absent at the venue, and kept to be sent again under the same id.")
ROLES: Mapping[str, Label] = {
    OrderRole.ENTRY: Label("Entry"),
    OrderRole.STOP: Label("Stop"),
    OrderRole.TARGET: Label("Target"),
    OrderRole.CLOSE: Label("Close"),
    OrderRole.SLICE: Label("Slice"),
}


def order_label(*, state: str, is_acknowledged: bool, in_doubt: bool, is_unresolved: bool, is_held: bool) -> Label:
    """Return how an order stands; a doubt outweighs its state."""
    if in_doubt:
        return UNRESOLVED if is_unresolved else IN_DOUBT
    if is_held:
        return HELD
    if state == OrderState.SUBMITTED and is_acknowledged:
        return RESTING
    return ORDER_STATES[state]
