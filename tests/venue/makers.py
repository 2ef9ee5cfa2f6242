"""The cast of the venue's tests and what they trade with; tests name only what matters to them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from venue.engine.accounts import Account
from venue.engine.catalogue import default_rules
from venue.engine.events import Listener
from venue.engine.exchange import Exchange
from venue.engine.matching import CALM, Mischief
from venue.engine.orders import AlgoOrder, Order, Spec
from venue.engine.rules import SymbolRules
from venue.engine.terms import Market, Side
from venue.engine.wallets import Balance

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
BTC = "BTCUSDT"
#: Everything opens at this price in tests.
PRICE = D(50000)


class TestClock:
    """Stands still until told otherwise."""

    __test__ = False

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


def make_rules(**changes: Any) -> list[SymbolRules]:
    """This function will list BTCUSDT and BNBUSDT on spot and BTCUSDT on USD-M, with changes to BTCUSDT."""
    wanted = {(Market.SPOT, BTC), (Market.SPOT, "BNBUSDT"), (Market.USDM, BTC)}
    rows = [row for row in default_rules() if (row.market, row.symbol) in wanted]
    return [replace(row, start=PRICE, **changes) if row.symbol == BTC else row for row in rows]


def make_exchange(**changes: Any) -> Exchange:
    return Exchange(make_rules(**changes), TestClock(), Listener())


def make_account(
    exchange: Exchange, name: str, usdt: str = "100000", btc: str = "2", usdm: str = "10000"
) -> Account:
    account = Account(name, f"{name}key", f"{name}secret")
    account.spot.balances = {"USDT": Balance(D(usdt)), "BTC": Balance(D(btc))}
    account.usdm = {"USDT": D(usdm)}
    exchange.add(account)
    return account


class Trader:
    """An account with short ways to trade BTCUSDT."""

    def __init__(self, exchange: Exchange, account: Account) -> None:
        self.exchange = exchange
        self.account = account
        self._count = 0

    def spec(self, side: Side, quantity: str | None, price: str | None = None, **more: Any) -> Spec:
        self._count += 1
        more.setdefault("client_id", f"{self.account.name}-{self._count}")
        more.setdefault("type", "MARKET" if price is None else "LIMIT")
        stop = more.pop("stop", None)
        return Spec(
            symbol=more.pop("symbol", BTC),
            side=side,
            quantity=None if quantity is None else D(quantity),
            price=None if price is None else D(price),
            stop_price=None if stop is None else D(stop),
            **more,
        )

    def spot(
        self, side: Side, quantity: str | None, price: str | None = None, mischief: Mischief = CALM, **more: Any
    ) -> Order:
        return self.exchange.spot.place(self.account, self.spec(side, quantity, price, **more), mischief)

    def usdm(
        self, side: Side, quantity: str | None, price: str | None = None, mischief: Mischief = CALM, **more: Any
    ) -> Order:
        return self.exchange.usdm.place(self.account, self.spec(side, quantity, price, **more), mischief)

    def algo(self, side: Side, quantity: str | None, price: str | None = None, **more: Any) -> AlgoOrder:
        more.setdefault("type", "STOP_MARKET" if price is None else "STOP")
        return self.exchange.usdm.algos.place(self.account, self.spec(side, quantity, price, **more), CALM)

    def free(self, asset: str) -> Decimal:
        return self.account.spot.free(asset)

    def locked(self, asset: str) -> Decimal:
        return self.account.spot.of(asset).locked

    def position(self, side: str = "BOTH") -> Decimal:
        return self.account.position(BTC, side).amount
