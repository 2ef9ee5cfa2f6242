"""A USD-M position: signed quantity and what it cost, so that profit is exact to the last digit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from venue.engine.decimals import ZERO, floor_atom
from venue.engine.terms import Side


@dataclass(slots=True)
class Position:
    symbol: str
    #: BOTH in one-way mode, LONG or SHORT in hedge mode.
    side: str
    amount: Decimal = ZERO
    #: Signed quote paid for the amount: entry price times amount, kept as a sum to avoid rounding.
    cost: Decimal = ZERO
    #: Margin set aside while the symbol is isolated.
    isolated_margin: Decimal = ZERO
    updated_at: int = 0

    @property
    def entry_price(self) -> Decimal:
        return self.cost / self.amount if self.amount else ZERO

    def notional(self, mark: Decimal) -> Decimal:
        return self.amount * mark

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.amount * mark - self.cost

    def closes(self, side: Side) -> Decimal:
        """This function will say how much an order of a side could close: zero if it would add."""
        return abs(self.amount) if self.amount * side.sign < 0 else ZERO

    def apply(self, side: Side, quantity: Decimal, price: Decimal, now: int) -> Decimal:
        """This function will book a trade and return the realized profit.

        A trade beyond the held amount closes it and opens the rest on the other side.
        """
        self.updated_at = now
        closing = min(self.closes(side), quantity)
        realized = ZERO
        if closing:
            part = self.cost if closing == abs(self.amount) else floor_atom(self.cost * closing / abs(self.amount))
            # Proceeds carry the sign of the closed amount, so a short earns when it buys back lower.
            realized = -side.sign * closing * price - part
            self.cost -= part
            self.amount += side.sign * closing
        opening = quantity - closing
        self.amount += side.sign * opening
        self.cost += side.sign * opening * price
        return realized
