"""One symbol as it trades: rules, book, tape, waiting triggers and the house's quotes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from venue.engine.book import Book
from venue.engine.numbers import Numbers
from venue.engine.orders import Order
from venue.engine.quotes import Quote, quote_around
from venue.engine.rules import SymbolRules
from venue.engine.tape import Tape
from venue.engine.terms import Side
from venue.engine.triggers import TriggerBook

CONTRACT_PRICE = "CONTRACT_PRICE"
MARK_PRICE = "MARK_PRICE"


class Listing:
    def __init__(self, rules: SymbolRules, clock: Callable[[], int], first_order_id: int) -> None:
        self.rules = rules
        self.book = Book()
        self.tape = Tape(rules.start, clock())
        self.quote: Quote = quote_around(rules, rules.start)
        #: The mark price is the price the house quotes around; there is no separate index.
        self.mark: Decimal = rules.start
        self.triggers = {CONTRACT_PRICE: TriggerBook(), MARK_PRICE: TriggerBook()}
        self.house: list[Order] = []
        #: House quotes that were hit since the last refill.
        self.hit: list[Order] = []
        self.order_ids = Numbers(first_order_id)

    @property
    def symbol(self) -> str:
        return self.rules.symbol

    @property
    def last(self) -> Decimal:
        return self.tape.last

    def price_of(self, working_type: str) -> Decimal:
        return self.mark if working_type == MARK_PRICE else self.last

    def best(self, side: Side) -> tuple[Decimal, Decimal]:
        """This function will give the best price of a side with its quantity, zeros if the side is empty."""
        levels = self.book.sides[side].levels(1)
        return levels[0] if levels else (Decimal(0), Decimal(0))
