"""What a symbol allows: steps, limits and margin brackets, under the names Binance's filters use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from venue.engine.decimals import ZERO, places
from venue.engine.terms import Market


@dataclass(frozen=True, slots=True)
class Bracket:
    """A notional range with its highest leverage and its maintenance rate."""

    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    rate: Decimal
    #: Deduction that makes the maintenance margin continuous across brackets.
    deduction: Decimal


def brackets(*rows: tuple[int, str, str]) -> tuple[Bracket, ...]:
    """This function will build brackets from (leverage, notional cap, maintenance rate) rows."""
    result: list[Bracket] = []
    floor, deduction, last_rate = ZERO, ZERO, ZERO
    for number, (leverage, cap, rate_text) in enumerate(rows, start=1):
        rate = Decimal(rate_text)
        deduction += floor * (rate - last_rate)
        result.append(Bracket(number, leverage, floor, Decimal(cap), rate, deduction))
        floor, last_rate = Decimal(cap), rate
    return tuple(result)


@dataclass(slots=True)
class SymbolRules:
    """One symbol on one market.

    Source: https://developers.binance.com/docs/binance-spot-api-docs/filters
    """

    market: Market
    symbol: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    market_max_qty: Decimal
    min_notional: Decimal
    #: Price at which the book opens.
    start: Decimal
    min_price: Decimal = ZERO
    max_price: Decimal = Decimal("10000000")
    max_notional: Decimal = Decimal("9000000")
    #: A limit price may be this many times the reference price, up and down (PERCENT_PRICE filters).
    up: Decimal = Decimal(5)
    down: Decimal = Decimal("0.2")
    max_orders: int = 200
    max_algo_orders: int = 5
    #: TRADING, or HALT / BREAK when nobody may trade.
    status: str = "TRADING"
    brackets: tuple[Bracket, ...] = ()
    #: The house's quotes: full spread, levels a side, distance between levels (basis points of the price),
    #: and quote amount a level.
    spread_bps: Decimal = Decimal(1)
    levels: int = 10
    level_bps: Decimal = Decimal(1)
    level_notional: Decimal = Decimal(250000)
    #: Walk of the driver per tick; None takes the driver's own.
    volatility_bps: Decimal | None = None

    @property
    def price_places(self) -> int:
        return places(self.tick)

    @property
    def qty_places(self) -> int:
        return places(self.step)

    def bracket_of(self, notional: Decimal) -> Bracket:
        return next((row for row in self.brackets if notional <= row.cap), self.brackets[-1])
