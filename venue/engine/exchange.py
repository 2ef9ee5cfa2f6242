"""The whole exchange: both markets, all accounts, and the house that is on the other side of the quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from venue.engine.accounts import Account
from venue.engine.decimals import ZERO
from venue.engine.events import Listener
from venue.engine.matching import Engine
from venue.engine.quotes import Quote
from venue.engine.rules import SymbolRules
from venue.engine.spot import SpotEngine
from venue.engine.terms import Market
from venue.engine.usdm import ASSET, UsdmEngine

FIRST_SPOT_ORDER = 1_000_001
FIRST_USDM_ORDER = 8_000_000_001


class Exchange:
    def __init__(self, rules: Iterable[SymbolRules], clock: Callable[[], int], listener: Listener) -> None:
        listed = list(rules)
        self.clock = clock
        self.listener = listener
        self.house = Account("house", "", "", is_house=True)
        by_market = {market: [row for row in listed if row.market is market] for market in Market}
        self.spot = SpotEngine(by_market[Market.SPOT], self.house, clock, listener, FIRST_SPOT_ORDER)
        self.usdm = UsdmEngine(by_market[Market.USDM], self.house, clock, listener, FIRST_USDM_ORDER)
        self.engines: dict[Market, Engine] = {Market.SPOT: self.spot, Market.USDM: self.usdm}
        self.accounts: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}

    def add(self, account: Account) -> None:
        """This function will open an account.

        Raises: ValueError when its name or key is taken.
        """
        if account.name in self.accounts or account.api_key in self.by_key:
            raise ValueError(f"an account named {account.name!r}, or one with its key, exists already")
        self.accounts[account.name] = account
        self.by_key[account.api_key] = account

    def rekey(self, account: Account, api_key: str, secret: str) -> None:
        """This function will give an account another key; the former one is unknown from then on."""
        self.by_key.pop(account.api_key, None)
        account.api_key, account.secret = api_key, secret
        self.by_key[api_key] = account

    def transfer(self, account: Account, market: Market, asset: str, amount: Decimal) -> None:
        """This function will deposit an amount, or withdraw a negative one.

        Raises: ValueError when the account has less.
        """
        held = account.spot.free(asset) if market is Market.SPOT else account.usdm_balance(asset)
        if held + amount < 0:
            raise ValueError(f"{account.name} holds {held} {asset} but {-amount} was to be withdrawn")
        if market is Market.SPOT:
            account.spot.add(asset, amount)
            account.spot.updated_at = self.clock()
            self.listener.balances(account, (asset,))
        elif asset == ASSET:
            self.usdm.credit(account, "TRANSFER", amount)
            self.listener.positions(account, (), "DEPOSIT" if amount > 0 else "WITHDRAW")
        else:
            account.usdm[asset] = account.usdm_balance(asset) + amount

    def listed_in(self, symbol: str, market: Market | None = None) -> list[Engine]:
        """This function will name the engines that list a symbol, one or both."""
        engines = [engine for name, engine in self.engines.items() if market in (None, name)]
        return [engine for engine in engines if symbol in engine.listings]

    def tick(self, symbol: str, quote: Quote, market: Market | None = None) -> None:
        """This function will move a symbol to a new quote on one market or on both."""
        for engine in self.listed_in(symbol, market):
            engine.tick(symbol, quote)

    def move(self, symbol: str, price: Decimal, market: Market | None = None) -> None:
        """This function will set the price of a symbol on one market or on both."""
        for engine in self.listed_in(symbol, market):
            engine.move(symbol, price)

    def totals(self) -> dict[str, Decimal]:
        """This function will sum what everyone owns, the house and collected fees included.

        It never changes but by transfers: the law that the property tests check. Open positions count with what
        they cost, for the other side of every position has the opposite cost.
        """
        sums: dict[str, Decimal] = {}
        for account in (self.house, *self.accounts.values()):
            for asset, balance in account.spot.balances.items():
                sums[asset] = sums.get(asset, ZERO) + balance.total
            for asset, amount in account.usdm.items():
                sums[asset] = sums.get(asset, ZERO) + amount
            for position in account.positions.values():
                sums[ASSET] = sums.get(ASSET, ZERO) - position.cost
        sums[ASSET] = sums.get(ASSET, ZERO) + self.usdm.insurance
        for engine in self.engines.values():
            for asset, amount in engine.fees.items():
                sums[asset] = sums.get(asset, ZERO) + amount
        return sums
