"""Where a signal stands, in words."""

from collections.abc import Mapping

from core.labels import Label, Tone
from signals.rules import SignalStatus

STATUSES: Mapping[str, Label] = {
    SignalStatus.DRAFT: Label("Draft", Tone.QUIET, "Only its provider sees it."),
    SignalStatus.APPROVED: Label("Approved", Tone.INFO, "Ready to be published; nobody trades it yet."),
    SignalStatus.PUBLISHED: Label("Published", Tone.GOOD, "Sent to every account that follows the channel."),
    SignalStatus.WITHDRAWN: Label("Withdrawn", Tone.WARN, "Taken back: no new entries; positions stay."),
    SignalStatus.EXPIRED: Label("Expired", Tone.QUIET, "Its time is over: no new entries; positions stay."),
}
