"""What the engines tell the outside as it happens; listeners read the state at once, for it moves on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from venue.engine.accounts import Account
    from venue.engine.listing import Listing
    from venue.engine.orders import AlgoOrder, Fill, Order, OrderList
    from venue.engine.positions import Position
    from venue.engine.tape import PublicTrade


class Listener:
    """Hears everything and does nothing; the stream hub overrides what it passes on."""

    def order(self, order: Order, execution: str, fill: Fill | None = None) -> None:
        """An order was NEW, had a TRADE, or was CANCELED, EXPIRED or AMENDED."""

    def balances(self, account: Account, assets: Iterable[str]) -> None:
        """Spot balances changed."""

    def positions(self, account: Account, positions: Iterable[Position], reason: str) -> None:
        """The USD-M wallet, and perhaps positions, changed."""

    def algo(self, algo: AlgoOrder, status: str) -> None:
        """A USD-M conditional order moved to a status."""

    def order_list(self, order_list: OrderList, status: str) -> None:
        """An OCO began (EXEC_STARTED) or ended (ALL_DONE)."""

    def trade(self, listing: Listing, trade: PublicTrade) -> None:
        """A public trade was printed."""

    def quotes(self, listing: Listing) -> None:
        """The book may have changed."""
