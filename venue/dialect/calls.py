"""What a request handler is given, and the table of handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from venue.dialect.params import Params
from venue.engine.accounts import Account
from venue.engine.matching import CALM, Mischief
from venue.engine.orders import AlgoOrder, Order
from venue.engine.terms import Market

if TYPE_CHECKING:
    from venue.engine.exchange import Exchange
    from venue.state import Venue

Json = dict[str, Any] | list[Any]


class Security(Enum):
    """What a route asks for: nothing, a key in the header, or a key and a signature."""

    NONE = "none"
    KEY = "key"
    SIGNED = "signed"


@dataclass(slots=True)
class Call:
    """One request, authenticated and ready to be worked."""

    venue: Venue
    params: Params
    #: Set wherever the route asks for a key.
    _account: Account | None = None
    #: When the request was read off the wire, in nanoseconds.
    arrival_ns: int = 0
    #: What faults want done to the order this request places.
    mischief: Mischief = CALM
    #: A fault fills orders just before this request cancels them.
    races: bool = False
    #: Orders this request placed or canceled, for faults that act on them afterwards.
    placed: list[Order | AlgoOrder] = field(default_factory=list)

    @property
    def exchange(self) -> Exchange:
        return self.venue.exchange

    @property
    def account(self) -> Account:
        assert self._account is not None
        return self._account

    @property
    def now(self) -> int:
        return self.venue.clock.now()

    def before_cancel(self, order: Order | AlgoOrder) -> None:
        """This function will note an order about to be canceled, and let a race fault fill it first."""
        self.placed.append(order)
        if not self.races or not order.is_open:
            return
        if isinstance(order, Order):
            self.exchange.engines[order.market].force_fill(order, order.remaining)
        else:
            self.exchange.usdm.algos.fire_now(order)


Handler = Callable[[Call], Json]
Weight = int | Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    market: Market
    handler: Handler
    security: Security
    weight: Weight
    #: How many orders the request counts as, for the order limits.
    orders: int = 0
    #: Needs the right to trade on the market.
    trades: bool = False

    def weigh(self, params: Params) -> int:
        return self.weight if isinstance(self.weight, int) else self.weight(params)


ROUTES: dict[tuple[str, str], Route] = {}
Decorated = TypeVar("Decorated", bound=Handler)


def route(
    method: str,
    *paths: str,
    weight: Weight = 1,
    security: Security = Security.NONE,
    orders: int = 0,
    trades: bool = False,
) -> Callable[[Decorated], Decorated]:
    """This function will enter a handler into the table under one or more paths."""

    def enter(handler: Decorated) -> Decorated:
        for path in paths:
            market = Market.USDM if path.startswith("/fapi/") else Market.SPOT
            ROUTES[method, path] = Route(method, path, market, handler, security, weight, orders, trades)
        return handler

    return enter


def by_symbol(one: int, every: int, name: str = "symbol") -> Callable[[Params], int]:
    """This function will weigh a request that is dearer without a symbol."""
    return lambda params: one if name in params else every
