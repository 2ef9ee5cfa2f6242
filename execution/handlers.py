"""News from below: a published signal starts its fan-out, one that ends cancels what still rests."""

from collections.abc import Mapping, Sequence
from typing import Any

from events import notifying
from events import services as events
from events.catalogue import Kind
from execution import tasks
from execution.outcomes import sentence

FAN_OUT = "fanout"
KINDS = (Kind.SIGNAL_PUBLISHED, Kind.SIGNAL_AMENDED, Kind.SIGNAL_WITHDRAWN, Kind.SIGNAL_EXPIRED)


def start_fan_out(event_ids: Sequence[int]) -> None:
    """Enqueue one job an event. The event stays due until the job has done its work."""
    for event_id in event_ids:
        tasks.run_fan_out_job.delay(event_id=event_id)


def why(data: Mapping[str, Any]) -> str:
    """Return the reason of an execution's event as people read it."""
    reason = str(data.get("reason") or "")
    return sentence(reason, data.get("numbers") or {}) if reason else ""


def register() -> None:
    """Make the handlers known; the app calls it when it is ready."""
    notifying.explain_with("execution.executionlog", why)
    events.register(FAN_OUT, KINDS, start_fan_out)
