"""How exchanges differ, as one table.

ccxt unifies most of an exchange, but not where our own order id goes, how an order is found by it, or where
conditional orders are kept. Each row states what was seen on the wire with ccxt 4.5.90; an exchange without
a row gets ``DEFAULT``, which relies on nothing but listing orders and comparing ids.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from connections.contract import MarketType


class Lookup(StrEnum):
    """How one order is found, or cancelled, by the id we gave it."""

    CALL = "CALL"  # the unified call takes our id as a parameter
    LIST = "LIST"  # listing calls filter by our id
    SCAN = "SCAN"  # neither: list everything since it was sent, and compare


def _same(client_id: str) -> str:
    return client_id


def _to_hex(client_id: str) -> str:
    return "0x" + base64.b32decode(client_id.upper() + "======").hex()


def _from_hex(rendered: str) -> str:
    return base64.b32encode(bytes.fromhex(rendered.removeprefix("0x"))).decode().rstrip("=").lower()


def _to_gate(client_id: str) -> str:
    return f"t-{client_id}"


def _from_gate(rendered: str) -> str:
    return rendered.removeprefix("t-")


@dataclass(frozen=True, slots=True)
class Dialect:
    #: parameter of create_order that carries our id
    create_param: str = "clientOrderId"
    find: Lookup = Lookup.SCAN
    #: parameter of the finding call or listing calls
    find_param: str = "clientOrderId"
    #: None when orders can only be cancelled by the venue's id
    cancel_param: str | None = None
    #: our id as the venue wants it in create_order, and back; reversible and never shorter
    render: Callable[[str], str] = _same
    #: our id as finding and cancelling calls want it
    render_lookup: Callable[[str], str] = _same
    read: Callable[[str], str] = _same
    #: markets whose conditional orders live on a shelf of their own, reached with ``trigger: True``
    trigger_shelf: frozenset[MarketType] = frozenset()
    #: the answer to create_order carries the executions on these markets
    fills_in_ack: frozenset[MarketType] = frozenset()
    #: stop and target as one cancelling pair on these markets
    oco: frozenset[MarketType] = frozenset()
    #: markets where a stop was seen to be sent as one, found again and cancelled. Elsewhere ccxt may well pass
    #: stopLossPrice on to an exchange that ignores it, which makes a market order of a stop
    stops: frozenset[MarketType] = frozenset()
    #: markets where ccxt compares the amount with a number, which it cannot with text
    numeric_amount: frozenset[MarketType] = frozenset()
    #: a stop entry needs the direction in which the price must cross it
    trigger_direction: bool = False
    #: a re-used id is refused for ever on these markets
    unique_for_ever: frozenset[MarketType] = frozenset()
    #: texts or codes that mean "I have seen this id"
    duplicate_marks: tuple[str, ...] = ()
    #: questions are POST requests as well, so that an empty object is never an answer
    asks_by_post: bool = False
    #: executions on one page, where we know how to turn it; 0 where ccxt's own page is all we ask for
    trades_page: int = 0
    #: parameter of the listing of executions that continues after an execution's id; None: continue by time
    trades_from_id: str | None = None
    #: the longest span of time that one listing of executions covers, on these markets
    trades_span: Mapping[MarketType, timedelta] = field(default_factory=dict)
    #: what may be spent in a minute from one address, in ccxt's units; ccxt's own rate where a market is not named
    per_minute: Mapping[MarketType, float] = field(default_factory=dict)
    #: requests whose cost ccxt states per account and not per address: (section, method, path) -> units
    costs: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    #: requests that cost less when they name a parameter: (section, method, path, parameter) -> units
    costs_naming: Mapping[tuple[str, str, str, str], float] = field(default_factory=dict)
    #: ccxt options beyond those every exchange gets
    options: Mapping[str, Any] = field(default_factory=dict)


_ALL = frozenset(MarketType)
_SPOT = frozenset({MarketType.SPOT})
_DERIVATIVES = frozenset({MarketType.LINEAR, MarketType.INVERSE})

DEFAULT = Dialect()

DIALECTS: Mapping[str, Dialect] = {
    "binance": Dialect(
        find=Lookup.CALL,
        cancel_param="clientOrderId",
        trigger_shelf=_DERIVATIVES,
        fills_in_ack=_SPOT,
        oco=_SPOT,
        stops=_ALL,
        duplicate_marks=("Duplicate order sent", "-4116", "-4115"),
        trades_page=1000,
        trades_from_id="fromId",
        trades_span={MarketType.LINEAR: timedelta(days=7), MarketType.INVERSE: timedelta(days=7)},
        # Spot: 6,000 weights a minute, of which ccxt counts five as one. USD-M: 2,400, and an order weighs nothing
        # on the address. Source: developers.binance.com, "Limits" of both markets.
        per_minute={MarketType.SPOT: 1200, MarketType.LINEAR: 2400, MarketType.INVERSE: 2400},
        costs={("fapiPrivate", "POST", "order"): 0, ("dapiPrivate", "POST", "order"): 0},
        # Trades of one order weigh five, trades of a symbol twenty.
        costs_naming={("private", "GET", "myTrades", "orderId"): 1},
        options={
            "fetchCurrencies": False,
            "fetchMargins": False,
            "warnOnFetchOpenOrdersWithoutSymbol": False,
            # Stops as market orders: a stop-limit that is jumped over protects nobody.
            "newOrderRespType": {"market": "FULL", "limit": "FULL"},
        },
    ),
    "okx": Dialect(find=Lookup.CALL, cancel_param="clientOrderId", duplicate_marks=("51016",)),
    "kucoin": Dialect(
        find=Lookup.CALL, cancel_param="clientOrderId", numeric_amount=_DERIVATIVES, options={"uta": False}
    ),
    "bitget": Dialect(find=Lookup.CALL, cancel_param="clientOrderId", duplicate_marks=("40786", "43025")),
    "hyperliquid": Dialect(
        find=Lookup.CALL,
        cancel_param="clientOrderId",
        render=_to_hex,
        render_lookup=_to_hex,
        read=_from_hex,
        asks_by_post=True,
    ),
    "kraken": Dialect(
        find=Lookup.LIST, find_param="cl_ord_id", cancel_param="clientOrderId", asks_by_post=True, stops=_SPOT
    ),
    "bybit": Dialect(
        find=Lookup.LIST,
        find_param="orderLinkId",
        cancel_param="orderLinkId",
        trigger_direction=True,
        duplicate_marks=("110072", "170141"),
        unique_for_ever=_ALL,
    ),
    # ccxt puts the prefix on when creating and leaves it to the caller afterwards.
    "gate": Dialect(find=Lookup.CALL, cancel_param="clientOrderId", render_lookup=_to_gate, read=_from_gate),
    "coinbase": Dialect(create_param="client_order_id"),
}


def dialect_of(exchange: str) -> Dialect:
    """Return the row of an exchange, or the one that relies on least."""
    return DIALECTS.get(exchange, DEFAULT)
