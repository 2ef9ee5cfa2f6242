"""A customer of the venue: keys, permissions, fees, money, orders and positions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from venue.engine.decimals import ZERO
from venue.engine.orders import AlgoOrder, Fill, Order, OrderList
from venue.engine.positions import Position
from venue.engine.terms import Market
from venue.engine.wallets import SpotWallet

Kept = TypeVar("Kept", Order, AlgoOrder)


@dataclass(slots=True)
class Permissions:
    """What the key may do, and what the account may do (`can_trade`)."""

    reading: bool = True
    spot: bool = True
    futures: bool = True
    withdrawals: bool = False
    can_trade: bool = True
    #: Addresses the key is tied to; empty means any.
    ips: tuple[str, ...] = ()


@dataclass(slots=True)
class Fees:
    spot_maker: Decimal = Decimal("0.001")
    spot_taker: Decimal = Decimal("0.001")
    usdm_maker: Decimal = Decimal("0.0002")
    usdm_taker: Decimal = Decimal("0.0005")
    #: Pay spot commission in BNB, a quarter cheaper, while there is BNB.
    burn_bnb: bool = False

    def rate(self, market: Market, is_maker: bool) -> Decimal:
        if market is Market.SPOT:
            return self.spot_maker if is_maker else self.spot_taker
        return self.usdm_maker if is_maker else self.usdm_taker


@dataclass(frozen=True, slots=True)
class Income:
    """A line of the USD-M ledger: REALIZED_PNL, COMMISSION, TRANSFER or INSURANCE_CLEAR."""

    id: int
    kind: str
    symbol: str
    asset: str
    amount: Decimal
    time: int
    trade_id: int | None = None


class OrderStore(Generic[Kept]):
    """All orders of one kind of one account, by number and by client id."""

    def __init__(self) -> None:
        self.all: list[Kept] = []
        # A dictionary for its order: the first placed comes first.
        self.open: dict[Kept, None] = {}
        self._by_id: dict[tuple[str, int], Kept] = {}
        self._by_client_id: dict[tuple[str, str], list[Kept]] = {}

    def add(self, order: Kept) -> None:
        self.all.append(order)
        self.open[order] = None
        self._by_id[order.symbol, order.id] = order
        self._by_client_id.setdefault((order.symbol, order.client_id), []).append(order)

    def close(self, order: Kept) -> None:
        self.open.pop(order, None)

    def by_id(self, symbol: str, number: int) -> Kept | None:
        return self._by_id.get((symbol, number))

    def by_client_id(self, symbol: str, client_id: str) -> Kept | None:
        """This function will return the latest order under a client id; ids may be used again."""
        found = self._by_client_id.get((symbol, client_id))
        return found[-1] if found else None

    def is_in_use(self, symbol: str, client_id: str) -> bool:
        """This function will tell whether an open order has the client id.

        Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints
        (newClientOrderId is unique among open orders only, so a re-sent market order fills again).
        """
        return any(order.is_open for order in self._by_client_id.get((symbol, client_id), ()))

    def open_of(self, symbol: str | None) -> list[Kept]:
        return [order for order in self.open if symbol is None or order.symbol == symbol]


@dataclass(slots=True)
class SymbolSettings:
    """USD-M settings an account has per symbol."""

    leverage: int = 20
    isolated: bool = False


@dataclass(slots=True, eq=False)
class Account:
    name: str
    api_key: str
    secret: str
    permissions: Permissions = field(default_factory=Permissions)
    fees: Fees = field(default_factory=Fees)
    #: Added to every answer, half before and half after the order is worked.
    latency_ms: float = 0
    revoked: bool = False
    hedge_mode: bool = False
    multi_assets: bool = False
    #: The house trades against customers: no limits, no fees, balances may go below zero.
    is_house: bool = False
    spot: SpotWallet = field(default_factory=SpotWallet)
    #: USD-M wallet balance per asset; what positions and orders tie up is computed, not stored.
    usdm: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    settings: dict[str, SymbolSettings] = field(default_factory=dict)
    orders: dict[Market, OrderStore[Order]] = field(
        default_factory=lambda: {market: OrderStore() for market in Market}
    )
    algos: OrderStore[AlgoOrder] = field(default_factory=OrderStore)
    lists: dict[int, OrderList] = field(default_factory=dict)
    fills: dict[Market, list[Fill]] = field(default_factory=lambda: {market: [] for market in Market})
    income: deque[Income] = field(default_factory=lambda: deque(maxlen=10_000))
    usdm_updated_at: int = 0

    def position(self, symbol: str, side: str) -> Position:
        return self.positions.setdefault((symbol, side), Position(symbol, side))

    def settings_of(self, symbol: str) -> SymbolSettings:
        return self.settings.setdefault(symbol, SymbolSettings())

    def usdm_balance(self, asset: str = "USDT") -> Decimal:
        return self.usdm.get(asset, ZERO)
