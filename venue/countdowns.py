"""The dead man's switch: an account's open orders of a symbol are canceled unless it reports in time."""

from __future__ import annotations

from venue.engine.accounts import Account
from venue.engine.exchange import Exchange
from venue.engine.terms import Market


class Countdowns:
    def __init__(self) -> None:
        self._due: dict[tuple[Account, str], int] = {}

    def set(self, account: Account, symbol: str, due_at: int) -> None:
        """This function will start or restart the switch; 0 takes it off."""
        self._due.pop((account, symbol), None)
        if due_at:
            self._due[account, symbol] = due_at

    def rows(self) -> list[tuple[Account, str, int]]:
        return [(account, symbol, due_at) for (account, symbol), due_at in self._due.items()]

    def run(self, exchange: Exchange, now: int) -> None:
        """This function will cancel what is due."""
        for account, symbol in [key for key, due_at in self._due.items() if due_at <= now]:
            del self._due[account, symbol]
            for order in account.orders[Market.USDM].open_of(symbol):
                exchange.usdm.cancel(order)
