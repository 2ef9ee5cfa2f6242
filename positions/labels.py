"""How a position is protected and why it closed, in words."""

from collections.abc import Mapping

from core.labels import Label, Tone
from positions.exits import ClosingReason, Protection

PROTECTION: Mapping[str, Label] = {
    Protection.NONE: Label("No stop", Tone.WARN, "The signal has no stop."),
    Protection.UNPROTECTED: Label("Naked", Tone.BAD, "It has a stop that nobody holds yet."),
    Protection.NATIVE: Label("Protected", Tone.GOOD, "The venue holds the stop."),
    Protection.WATCHED: Label(
        "Watched", Tone.INFO, "The stop is watched here, price by price, and sent when due."
    ),
}
CLOSING_REASONS: Mapping[str, Label] = {
    ClosingReason.SL: Label("Stop hit", Tone.BAD),
    ClosingReason.TP: Label("Target reached", Tone.GOOD),
    ClosingReason.TRAILING: Label("Trailing stop hit", Tone.INFO),
    ClosingReason.BREAKEVEN: Label("Closed at break-even", Tone.INFO),
    ClosingReason.TIME: Label("Time was over", Tone.QUIET),
    ClosingReason.MANUAL: Label("Closed by hand", Tone.INFO),
    ClosingReason.OPPOSITE: Label("Opposite signal", Tone.INFO),
    ClosingReason.EXTERNAL: Label("Closed at the venue", Tone.WARN, "Somebody closed it outside of Signalbox."),
    ClosingReason.KILL: Label("Kill switch", Tone.BAD),
    ClosingReason.WITHDRAWN: Label("Signal withdrawn", Tone.WARN),
}
