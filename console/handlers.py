"""News from below: every committed event is told to open pages."""

from console.live import sink
from events import services as events
from events.catalogue import Kind


def register() -> None:
    """Make the sink known; the app calls it when it is ready."""
    events.register(sink.NAME, Kind, sink.publish, is_durable=False)
