"""Money of one account: the spot wallet with free and locked amounts, and what an order has reserved."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from venue.engine.decimals import ZERO


@dataclass(slots=True)
class Balance:
    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.free + self.locked


@dataclass(slots=True)
class SpotWallet:
    balances: dict[str, Balance] = field(default_factory=dict)
    updated_at: int = 0

    def of(self, asset: str) -> Balance:
        return self.balances.setdefault(asset, Balance())

    def free(self, asset: str) -> Decimal:
        balance = self.balances.get(asset)
        return balance.free if balance else ZERO

    def add(self, asset: str, amount: Decimal) -> None:
        self.of(asset).free += amount

    def reserve(self, asset: str, amount: Decimal) -> Reservation:
        """This function will move an amount from free to locked; the caller has checked that it is there."""
        balance = self.of(asset)
        balance.free -= amount
        balance.locked += amount
        return Reservation(balance, asset, amount)


@dataclass(slots=True, eq=False)
class Reservation:
    """Locked money of one order, or shared by the two legs of an OCO."""

    balance: Balance
    asset: str
    amount: Decimal

    def spend(self, amount: Decimal) -> None:
        """This function will pay from the locked amount, and from free what the lock does not cover."""
        locked = min(amount, self.amount)
        self.amount -= locked
        self.balance.locked -= locked
        self.balance.free -= amount - locked

    def keep(self, amount: Decimal) -> None:
        """This function will release what exceeds an amount (a fill below the limit needs less)."""
        excess = self.amount - amount
        if excess > 0:
            self.amount = amount
            self.balance.locked -= excess
            self.balance.free += excess

    def release(self) -> None:
        self.keep(ZERO)
