"""News from below: a published signal starts its fan-out, one that ends cancels what still rests."""

from collections.abc import Sequence

from events import services as events
from events.catalogue import Kind
from execution import tasks

FAN_OUT = "fanout"
KINDS = (Kind.SIGNAL_PUBLISHED, Kind.SIGNAL_AMENDED, Kind.SIGNAL_WITHDRAWN, Kind.SIGNAL_EXPIRED)


def start_fan_out(event_ids: Sequence[int]) -> None:
    """Enqueue one job an event. The event stays due until the job has done its work."""
    for event_id in event_ids:
        tasks.run_fan_out_job.delay(event_id=event_id)


def register() -> None:
    """Make the handlers known; the app calls it when it is ready."""
    events.register(FAN_OUT, KINDS, start_fan_out)
