"""Reading instruments, cached per process, and the latest quotes."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.cache import cache
from django.db.models import QuerySet
from redis.exceptions import RedisError

from accounts.models import User
from connections.contract import Instrument as InstrumentValue
from connections.contract import Quote
from core.clock import from_ms, to_ms
from marketdata.models import Instrument

logger = logging.getLogger(__name__)

#: How long a process trusts what it read of a venue's filters.
FRESH_FOR_S = 300.0
#: The feed writes quotes as they come; what it has not renewed in this time is no quote any more.
QUOTE_LIFE = timedelta(minutes=10)

_listed: dict[str, tuple[float, dict[str, InstrumentValue]]] = {}


def instruments_of(venue_key: str) -> Mapping[str, InstrumentValue]:
    """Return a venue's instruments by symbol; empty when it was never asked. Cost: one query per five minutes."""
    known = _listed.get(venue_key)
    if known is not None and time.monotonic() - known[0] < FRESH_FOR_S:
        return known[1]
    found = {row.symbol: row.value() for row in Instrument.objects.filter(venue_key=venue_key)}
    if found:
        _listed[venue_key] = (time.monotonic(), found)
    return found


def has_instruments(venue_key: str) -> bool:
    """Return whether it is known what a venue lists. Cost: one query."""
    return Instrument.objects.filter(venue_key=venue_key).exists()


def instruments_visible_to(user: User) -> QuerySet[Instrument]:
    """Return what staff may look up: everything, for it is public."""
    return Instrument.objects.all() if user.is_staff else Instrument.objects.none()


def forget_instruments(venue_key: str | None = None) -> None:
    """Read a venue's instruments anew at the next use; all venues' without a name."""
    if venue_key is None:
        _listed.clear()
    else:
        _listed.pop(venue_key, None)


def is_pair_listed(base: str, quote: str) -> bool | None:
    """Return whether any venue we know lists the pair; None when we know no venue at all. Cost: one or two queries."""
    if Instrument.objects.filter(base=base, quote=quote).exists():
        return True
    return False if Instrument.objects.exists() else None


def quotes_of(venue_key: str, symbols: Iterable[str]) -> dict[str, Quote]:
    """Return the latest stored quotes; none while the cache is away. Cost: one cache call."""
    keys = {_quote_key(venue_key, symbol): symbol for symbol in symbols}
    try:
        stored = cache.get_many(keys)
    except (RedisError, OSError) as error:
        # Exits are planned without a price too, and who needs one asks the venue.
        logger.warning("Stored quotes of %s cannot be read: %s", venue_key, error)
        return {}
    return {keys[key]: _decode(keys[key], text) for key, text in stored.items()}


def store_quotes(venue_key: str, quotes: Sequence[Quote]) -> None:
    """Keep the latest quotes, if the cache takes them. Cost: one cache call."""
    encoded = {_quote_key(venue_key, quote.symbol): _encode(quote) for quote in quotes}
    try:
        cache.set_many(encoded, timeout=QUOTE_LIFE.total_seconds())
    except (RedisError, OSError) as error:
        logger.warning("Quotes of %s cannot be stored: %s", venue_key, error)


def is_fresh(quote: Quote, *, now: datetime, max_age: timedelta) -> bool:
    """Return whether a quote is young enough to decide by."""
    return now - quote.quoted_at <= max_age


def _quote_key(venue_key: str, symbol: str) -> str:
    return f"quote|{venue_key}|{symbol}"


def _encode(quote: Quote) -> str:
    return f"{quote.bid}|{quote.ask}|{quote.last or ''}|{to_ms(quote.quoted_at)}"


def _decode(symbol: str, text: str) -> Quote:
    bid, ask, last, quoted_ms = text.split("|")
    return Quote(
        symbol=symbol,
        bid=Decimal(bid),
        ask=Decimal(ask),
        quoted_at=from_ms(int(quoted_ms)),
        last=Decimal(last) if last else None,
    )
