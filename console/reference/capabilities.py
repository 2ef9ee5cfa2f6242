"""What each adapter can do at each exchange and market, from its declared capabilities."""

from collections.abc import Iterator

from connections import registry
from connections.contract import Capabilities, MarketType, OrderType, ProtectionStyle, TimeInForce
from connections.registry import AdapterKind
from console.reference.markdown import code, table, whole_page

_INTRO = """
What an adapter declares is what it is held to: the numbered contract tests skip a card only where a capability is missing,
and a signal that asks for more than a venue can do ends as `UNSUPPORTED_ORDER` on that account, before the wire.

| column | yes means |
|---|---|
| stop | the venue holds stop and stop-limit orders, so a position is protected there; else its stop is watched here |
| pair | a stop and a target as one cancelling pair (OCO) |
| IOC, FOK, GTD | this time in force; GTC is had everywhere |
| by our id | an order is found by the id we gave it, which settles a doubt in one request; else lists are searched |
| cancel | an order is cancelled by that id too, before the venue named its own |
| amend | an order is changed in one request |
| reduce | orders that only make a position smaller |
| leverage | leverage and margin mode are set here |
| fills | the answer to an order carries its executions |

Every row is what ccxt states of the exchange, joined with our own table of dialects
([adapters-ccxt.md](adapters-ccxt.md)). The rows of `binance` are also proven by the contract against the simulated
exchange. A stop is declared only where it was seen to leave as a stop, to be found again and to be cancelled: to many
exchanges ccxt passes one on in a form that they take for a market order. Where ccxt states nothing more for a market, only market and limit orders until cancelled remain, the stop is
watched here, and there is no row.
"""
_HEADS = [
    "exchange", "market", "stop", "pair", "IOC", "FOK", "GTD", "by our id", "cancel", "amend", "reduce", "leverage",
    "fills",
]  # fmt: skip
_PLAIN_ORDERS = frozenset({OrderType.MARKET, OrderType.LIMIT})
_PLAIN_TIMES = frozenset({TimeInForce.GTC})


def page() -> str:
    """Return capabilities.md. Cost: imports every exchange's module, some seconds."""
    return whole_page("Capabilities", _INTRO, *(_kind(kind) for kind in registry.KINDS.values()))


def _kind(kind: AdapterKind) -> str:
    rows = list(_rows(kind))
    named = {exchange for exchange, *_ in rows}
    plain = ", ".join(exchange for exchange in kind.exchanges() if code(exchange) not in named)
    return f"## {kind.kind}: {kind.label}\n\n{table(_HEADS, rows)}\n\nPlain orders only: {plain or 'none'}."


def _rows(kind: AdapterKind) -> Iterator[list[str]]:
    for exchange in kind.exchanges():
        for market in kind.markets:
            stated = registry.capabilities(kind.kind, exchange, market)
            if stated.order_types != _PLAIN_ORDERS or stated.times_in_force != _PLAIN_TIMES:
                yield [code(exchange), str(market).lower(), *_cells(stated, market)]


def _cells(stated: Capabilities, market: MarketType) -> list[str]:
    answers = [
        stated.protection is not ProtectionStyle.NONE,
        stated.oco,
        *(each in stated.times_in_force for each in (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD)),
        stated.find_by_client_id,
        stated.cancel_by_client_id,
        stated.amend,
        stated.reduce_only,
        stated.leverage,
        stated.fills_in_ack,
    ]
    return ["yes" if answer else "-" for answer in answers]
