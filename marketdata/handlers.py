"""News from below: what a new connection's venue lists is loaded at once, so that its first signal finds its symbol."""

from collections.abc import Sequence

from events import services as events
from events.catalogue import Kind
from marketdata import tasks


def load_instruments(event_ids: Sequence[int]) -> None:
    """Enqueue one job an event. The event stays due until the instruments are known."""
    for event_id in event_ids:
        tasks.run_load_first_instruments_job.delay(event_id=event_id)


def register() -> None:
    """Make the handler known; the app calls it when it is ready."""
    events.register(tasks.FIRST_INSTRUMENTS, (Kind.CONNECTION_CREATED,), load_instruments)
