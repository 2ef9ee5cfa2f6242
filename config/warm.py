"""What a trading process loads before it takes work: adapters and the lists of markets they share."""

import logging

from connections import registry
from connections.access import public_access_of
from connections.errors import BrokerError, Misconfigured
from connections.models import DataConnection
from core.loop import background

logger = logging.getLogger(__name__)

LOAD_TIMEOUT_S = 30.0


def warm_up() -> None:
    """Import every adapter and load the markets of the known venues. A venue that does not answer is skipped."""
    for kind in registry.KINDS:
        registry.adapter_class(kind)
    for source in DataConnection.objects.filter(is_active=True):
        try:
            adapter = registry.build(source.type, public_access_of(source))
            background.run(adapter.instruments(), timeout_s=LOAD_TIMEOUT_S)
        except (BrokerError, Misconfigured, TimeoutError) as error:
            logger.warning("The markets of %s are not loaded yet: %s", source.venue_key, error)
