"""Listen keys: tickets to an account's user data stream, valid for an hour unless kept alive.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.terms import Market

VALID_MS = 3_600_000


@dataclass(slots=True)
class ListenKey:
    text: str
    account: Account
    market: Market
    valid_until: int


class ListenKeys:
    def __init__(self) -> None:
        self._keys: dict[str, ListenKey] = {}
        self._by_owner: dict[tuple[Account, Market], ListenKey] = {}

    def open(self, account: Account, market: Market, now: int) -> str:
        """This function will give the account's key, the one it has if it has one, valid for another hour."""
        key = self._by_owner.get((account, market))
        if key is None:
            key = ListenKey(secrets.token_hex(32), account, market, 0)
            self._keys[key.text] = self._by_owner[account, market] = key
        key.valid_until = now + VALID_MS
        return key.text

    def keep(self, text: str, account: Account, now: int) -> None:
        self._own(text, account).valid_until = now + VALID_MS

    def keep_of(self, account: Account, market: Market, now: int) -> str:
        """USD-M keeps the account's key alive without naming it."""
        key = self._by_owner.get((account, market))
        if key is None:
            raise errors.no_listen_key()
        key.valid_until = now + VALID_MS
        return key.text

    def close(self, text: str, account: Account) -> None:
        self._drop(self._own(text, account))

    def close_of(self, account: Account, market: Market) -> None:
        key = self._by_owner.get((account, market))
        if key is not None:
            self._drop(key)

    def find(self, text: str) -> ListenKey | None:
        return self._keys.get(text)

    def take_expired(self, now: int) -> list[ListenKey]:
        """This function will drop the keys whose hour is over and return them."""
        expired = [key for key in self._keys.values() if key.valid_until <= now]
        for key in expired:
            self._drop(key)
        return expired

    def expire(self, account: Account) -> None:
        """This function will let all keys of an account run out now."""
        for key in self._keys.values():
            if key.account is account:
                key.valid_until = 0

    def _own(self, text: str, account: Account) -> ListenKey:
        key = self._keys.get(text)
        if key is None or key.account is not account:
            raise errors.no_listen_key()
        return key

    def _drop(self, key: ListenKey) -> None:
        del self._keys[key.text]
        del self._by_owner[key.account, key.market]
