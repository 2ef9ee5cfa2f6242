"""From the pair a provider writes to what a venue lists. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from connections.contract import Instrument, MarketType

#: Written in signals and listed by venues for the same money.
_SAME_MONEY: Mapping[str, tuple[str, ...]] = {"USD": ("USDT", "USDC"), "USDT": ("USDT",), "USDC": ("USDC",)}
_STATE_MONEY = frozenset({"USD", "EUR", "GBP", "CHF", "AUD", "NZD", "CAD", "SGD", "NOK", "SEK", "PLN"})
_SAME_COIN: Mapping[str, tuple[str, ...]] = {"BTC": ("XBT",), "XBT": ("BTC",), "DOGE": ("XDG",)}


def candidates(pair: str, market: MarketType) -> tuple[str, ...]:
    """Return the unified symbols that would trade this pair on this market, the most literal first.

    A pair that may already be a unified symbol, such as BTC/USDT:USDT, comes first as it is.
    """
    base, _, rest = pair.partition("/")
    quote = rest.partition(":")[0]
    spot = f"{base}/{quote}"
    if market is MarketType.SPOT:
        return (pair,) if pair == spot else (pair, spot)
    settle = quote if market is MarketType.LINEAR else base
    return (pair, f"{spot}:{settle}")


def resolve(
    pair: str, market: MarketType, *, aliases: Mapping[str, str], listed: Mapping[str, Instrument]
) -> Instrument | None:
    """Return the instrument that trades ``pair`` for one connection, or None when the venue lists nothing for it.

    A connection's own alias decides alone: it names a unified symbol or what the venue calls it. Without one the
    pair must be listed as written; USD is never taken for USDT by itself, because that is another currency.
    """
    alias = aliases.get(pair)
    if alias:
        return listed.get(alias) or _by_venue_symbol(alias, listed.values())
    for symbol in candidates(pair, market):
        if symbol in listed:
            return listed[symbol]
    return None


def suggestions(pair: str, listed: Mapping[str, Instrument]) -> tuple[str, ...]:
    """Return listed symbols that somebody who wrote ``pair`` may have meant, for an error message."""
    base, _, rest = pair.partition("/")
    quote = rest.partition(":")[0]
    bases = {base, *_SAME_COIN.get(base, ())}
    quotes = {quote, *_SAME_MONEY.get(quote, ())}
    found = (each.symbol for each in listed.values() if each.base in bases and each.quote in quotes)
    return tuple(sorted(found))[:5]


def pip_of(quote: str, price_tick: Decimal) -> Decimal:
    """Return the pip by the quote currency: 0.01 for yen, 0.0001 for other state money, one tick for the rest.

    Crypto has no pip that traders agree on, so its tick stands in; docs/metrics.md says so.
    """
    if quote == "JPY":
        return Decimal("0.01")
    return Decimal("0.0001") if quote in _STATE_MONEY else price_tick


def _by_venue_symbol(alias: str, instruments: Iterable[Instrument]) -> Instrument | None:
    return next((each for each in instruments if each.venue_symbol == alias), None)
