"""What ccxt can honestly do on an exchange and market, from its own statement and our dialect table."""

from typing import Any

from connections.adapters.ccxt.dialects import Lookup, dialect_of
from connections.adapters.ccxt.exchanges import described
from connections.adapters.ccxt.library import has_streams
from connections.contract import Capabilities, MarketType, OrderType, ProtectionStyle, TimeInForce


def capabilities_of(exchange: str, market: MarketType) -> Capabilities:
    """Return the capabilities. Where ccxt states nothing for a market, only the plainest orders remain.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    described_exchange, dialect = described(exchange, market), dialect_of(exchange)
    features = _features(described_exchange, market)
    has = described_exchange.has
    has_stop = market in dialect.stops
    is_derivative = market is not MarketType.SPOT
    return Capabilities(
        order_types=frozenset(_order_types(has_stop)),
        times_in_force=frozenset(_times_in_force(features)),
        protection=ProtectionStyle.SEPARATE if has_stop else ProtectionStyle.NONE,
        oco=market in dialect.oco,
        find_by_client_id=dialect.find is not Lookup.SCAN,
        cancel_by_client_id=dialect.cancel_param is not None,
        amend=has.get("editOrder") is True and is_derivative,
        reduce_only=is_derivative,
        stop_locks_holding=not is_derivative,
        leverage=is_derivative and has.get("setLeverage") is True,
        stream_quotes=has_streams(exchange),
        fills_in_ack=market in dialect.fills_in_ack,
        client_id_unique_for_ever=market in dialect.unique_for_ever,
    )


def _features(exchange: Any, market: MarketType) -> dict[str, Any]:
    stated = exchange.features or {}
    if market is MarketType.SPOT:
        section = stated.get("spot")
    else:
        section = (stated.get("swap") or {}).get("linear" if market is MarketType.LINEAR else "inverse")
    return (section or {}).get("createOrder") or {}


def _order_types(has_stop: bool) -> list[OrderType]:
    plain = [OrderType.MARKET, OrderType.LIMIT]
    return [*plain, OrderType.STOP, OrderType.STOP_LIMIT] if has_stop else plain


def _times_in_force(features: dict[str, Any]) -> list[TimeInForce]:
    stated = features.get("timeInForce") or {}
    # ccxt passes a date only to Binance's derivatives in a form that we have seen work.
    return [TimeInForce.GTC, *(each for each in list(TimeInForce)[1:] if stated.get(str(each)))]
