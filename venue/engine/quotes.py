"""The house's own quotes: levels around the price the driver says, so that there is always someone to trade with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from venue.engine.decimals import ceil_to, floor_to
from venue.engine.orders import Order, Spec
from venue.engine.rules import SymbolRules
from venue.engine.terms import Side

if TYPE_CHECKING:
    from venue.engine.accounts import Account

BASIS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Quote:
    """Where the market is: the best prices, and a trade to print if there was one."""

    bid: Decimal
    ask: Decimal
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    #: Price printed as the last trade.
    last: Decimal | None = None
    last_size: Decimal | None = None
    buyer_is_maker: bool = False
    #: The price meant, where it is known better than by the middle of two rounded quotes.
    price: Decimal | None = None

    @property
    def mark(self) -> Decimal:
        return (self.bid + self.ask) / 2 if self.price is None else self.price


def quote_around(rules: SymbolRules, price: Decimal, size: Decimal | None = None, sold: bool = False) -> Quote:
    """This function will put the symbol's usual spread around a price and print a trade there."""
    half = price * rules.spread_bps / BASIS / 2
    bid = max(floor_to(price - half, rules.tick), rules.tick)
    ask = max(ceil_to(price + half, rules.tick), bid + rules.tick)
    last = max(floor_to(price, rules.tick), rules.tick)
    return Quote(bid, ask, last=last, last_size=size, buyer_is_maker=sold, price=price)


def house_orders(rules: SymbolRules, house: Account, quote: Quote, now: int) -> list[Order]:
    """This function will lay out the house's orders for a quote, best price first on each side."""
    gap = max(rules.tick, floor_to(quote.mark * rules.level_bps / BASIS, rules.tick))
    orders = []
    for level in range(rules.levels):
        bid = floor_to(quote.bid - gap * level, rules.tick) if quote.bid > gap * level else Decimal(0)
        ask = ceil_to(quote.ask + gap * level, rules.tick)
        sizes = (quote.bid_size, quote.ask_size) if level == 0 else (None, None)
        for side, price, size in ((Side.BUY, bid, sizes[0]), (Side.SELL, ask, sizes[1])):
            if price > 0:
                orders.append(_house_order(rules, house, side, price, size, now))
    return orders


def _house_order(
    rules: SymbolRules, house: Account, side: Side, price: Decimal, size: Decimal | None, now: int
) -> Order:
    size = rules.level_notional / price if size is None else size
    quantity = max(floor_to(size, rules.step), rules.step)
    spec = Spec(rules.symbol, side, "LIMIT", "", quantity, price)
    return Order(0, house, spec, now, now, price=price, quantity=quantity)
