"""News that people are told of: each committed batch of events becomes one job."""

import logging
import time
from collections.abc import Sequence
from decimal import Decimal

from kombu.exceptions import OperationalError

from events import notifying, services, tasks
from events.notices import KINDS
from events.operational import Declaration, SettingType, declare

logger = logging.getLogger(__name__)

#: After a failure the broker is left alone for this long: whoever trades must not wait for it at every commit. The
#: sweeper hands on again what was not sent.
SILENCE_S = 5.0

MAIL_WINDOW = Declaration(
    "notifications.mail_window",
    SettingType.DURATION,
    "Collect e-mails for",
    "Seconds from a person's first notification until all that came go out as one e-mail.",
    default=30,
    low=Decimal(0),
    high=Decimal(3600),
)

_silent_until = 0.0


def tell(event_ids: Sequence[int]) -> None:
    """Enqueue one job for all. The events stay due until it has done its work."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        tasks.run_notify_job.apply_async(kwargs={"event_ids": list(event_ids)}, retry=False)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + SILENCE_S
        logger.warning("%d events could not be handed on; the sweeper does it: %s", len(event_ids), error)


def register() -> None:
    """Make the sink and its setting known; the app calls it when it is ready."""
    services.register(notifying.SINK, KINDS, tell)
    declare(MAIL_WINDOW)
