"""Filling instruments and quotes through adapters."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from connections import registry
from connections.access import public_access_of
from connections.contract import Instrument as InstrumentValue
from connections.contract import Quote
from connections.errors import BrokerError, Misconfigured
from connections.models import DataConnection, ExecutionConnection
from core.clock import Clock
from core.loop import background
from marketdata import selectors
from marketdata.models import Instrument

logger = logging.getLogger(__name__)

LOAD_TIMEOUT_S = 60.0
QUOTE_TIMEOUT_S = 5.0
#: A stored quote younger than this needs no asking.
QUOTE_MAX_AGE = timedelta(seconds=2)

_FIELDS = [
    "venue_symbol", "base", "quote", "settle", "market", "price_tick", "quantity_step", "min_quantity", "max_quantity",
    "market_quantity_step", "market_min_quantity", "market_max_quantity", "min_notional", "max_notional", "min_price",
    "max_price", "contract_size", "max_leverage", "is_active",
]  # fmt: skip


def load_instruments(*, source: DataConnection | ExecutionConnection, now: datetime) -> int:
    """Ask a venue for all its instruments and keep them; what it lists no more becomes inactive.

    Raises:
        BrokerError, Misconfigured, TimeoutError: the venue could not be asked; what was known stays.
    """
    adapter = registry.build(source.type, public_access_of(source))
    found = background.run(adapter.instruments(), timeout_s=LOAD_TIMEOUT_S)
    save_instruments(venue_key=source.venue_key, instruments=found, now=now)
    return len(found)


@transaction.atomic
def save_instruments(*, venue_key: str, instruments: Sequence[InstrumentValue], now: datetime) -> None:
    """Keep instruments as the venue describes them. Cost: two statements."""
    rows = [_row(venue_key, value, now) for value in instruments]
    Instrument.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["venue_key", "symbol"],
        update_fields=[*_FIELDS, "updated_at"],
        batch_size=2000,
    )
    Instrument.objects.filter(venue_key=venue_key, updated_at__lt=now).update(is_active=False)
    transaction.on_commit(lambda: selectors.forget_instruments(venue_key))


def current_quotes(
    *, source: DataConnection | ExecutionConnection, symbols: Sequence[str], clock: Clock
) -> dict[str, Quote]:
    """Return quotes young enough to trade by: the stored ones, and the rest asked for now.

    A venue that does not answer leaves symbols out. Cost: one cache call, and one request when something is old.
    """
    stored = selectors.quotes_of(source.venue_key, symbols)
    moment = clock()
    fresh = {
        symbol: quote
        for symbol, quote in stored.items()
        if selectors.is_fresh(quote, now=moment, max_age=QUOTE_MAX_AGE)
    }
    missing = [symbol for symbol in symbols if symbol not in fresh]
    if not missing:
        return fresh
    try:
        adapter = registry.build(source.type, public_access_of(source))
        asked = background.run(adapter.quotes(missing), timeout_s=QUOTE_TIMEOUT_S)
    except (BrokerError, Misconfigured, TimeoutError) as error:
        logger.warning("No quotes of %s for %s: %s", source.venue_key, ", ".join(missing), error)
        return fresh
    selectors.store_quotes(source.venue_key, list(asked.values()))
    return fresh | asked


def _row(venue_key: str, value: InstrumentValue, now: datetime) -> Instrument:
    fields = {name: getattr(value, name) for name in _FIELDS}
    return Instrument(venue_key=venue_key, symbol=value.symbol, updated_at=now, **fields)
