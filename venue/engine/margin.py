"""How much margin an account has, how much is tied up, and where a position would be liquidated.

Sources: https://www.binance.com/en/support/faq/360033162192 (maintenance and brackets) and
https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93 (liquidation price)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from venue.engine.decimals import ZERO
from venue.engine.positions import Position
from venue.engine.terms import Market, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from venue.engine.accounts import Account
    from venue.engine.listing import Listing


@dataclass(frozen=True, slots=True)
class Intent:
    """An order that does not exist yet, to see what margin it would need."""

    symbol: str
    side: Side
    position_side: str
    notional: Decimal


@dataclass(slots=True)
class PositionMargin:
    position: Position
    notional: Decimal
    unrealized: Decimal
    initial: Decimal
    maintenance: Decimal
    isolated: bool


@dataclass(slots=True)
class Margin:
    """An account's USD-M state at the current marks."""

    wallet: Decimal
    positions: list[PositionMargin] = field(default_factory=list)
    order_initial: Decimal = ZERO

    def _sum(self, name: str, *, isolated: bool | None = None) -> Decimal:
        rows = (row for row in self.positions if isolated is None or row.isolated is isolated)
        return sum((getattr(row, name) for row in rows), ZERO)

    @property
    def unrealized(self) -> Decimal:
        return self._sum("unrealized")

    @property
    def cross_unrealized(self) -> Decimal:
        return self._sum("unrealized", isolated=False)

    @property
    def position_initial(self) -> Decimal:
        return self._sum("initial")

    @property
    def maintenance(self) -> Decimal:
        return self._sum("maintenance")

    @property
    def cross_wallet(self) -> Decimal:
        isolated = (row.position.isolated_margin for row in self.positions if row.isolated)
        return self.wallet - sum(isolated, ZERO)

    @property
    def free(self) -> Decimal:
        """What a new order could use; negative when losses ate into what is tied up."""
        tied = self._sum("initial", isolated=False) + self.order_initial
        return self.cross_wallet + self.cross_unrealized - tied

    @property
    def available(self) -> Decimal:
        return max(self.free, ZERO)

    @property
    def must_liquidate(self) -> bool:
        """Cross positions share one pot; isolated ones are judged alone (see `isolated_failures`)."""
        maintenance = self._sum("maintenance", isolated=False)
        return maintenance > 0 and self.cross_wallet + self.cross_unrealized < maintenance

    def isolated_failures(self) -> list[Position]:
        return [
            row.position
            for row in self.positions
            if row.isolated and row.position.isolated_margin + row.unrealized < row.maintenance
        ]


def margin_of(account: Account, listings: Mapping[str, Listing], intent: Intent | None = None) -> Margin:
    """This function will value an account's positions and open orders, with an intended order if given."""
    margin = Margin(account.usdm_balance())
    exposures = _open_notionals(account, intent)
    for key, position in account.positions.items():
        if position.amount:
            margin.positions.append(_position_margin(account, position, listings[key[0]]))
            exposures.setdefault(key, (ZERO, ZERO))
    held = {(row.position.symbol, row.position.side): row.notional for row in margin.positions}
    for key, (bids, asks) in exposures.items():
        leverage = account.settings_of(key[0]).leverage
        margin.order_initial += _order_exposure(key[1], held.get(key, ZERO), bids, asks) / leverage
    return margin


def _open_notionals(account: Account, intent: Intent | None) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Notional of resting buys and sells that may open or add, per symbol and position side."""
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    rows = [
        (order.symbol, order.spec.position_side, order.side, order.remaining * (order.price or ZERO))
        for order in account.orders[Market.USDM].open
        if not order.spec.reduce_only
    ]
    if intent is not None:
        rows.append((intent.symbol, intent.position_side, intent.side, intent.notional))
    for symbol, position_side, side, notional in rows:
        bids, asks = sums.get((symbol, position_side), (ZERO, ZERO))
        buys = side is Side.BUY
        sums[symbol, position_side] = (bids + notional, asks) if buys else (bids, asks + notional)
    return sums


def _order_exposure(position_side: str, held: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """The notional that open orders could add to what is held, in the worse of both directions."""
    if position_side == "LONG":
        return bids
    if position_side == "SHORT":
        return asks
    return max(abs(held), abs(held + bids), abs(held - asks)) - abs(held)


def _position_margin(account: Account, position: Position, listing: Listing) -> PositionMargin:
    settings = account.settings_of(position.symbol)
    notional = position.notional(listing.mark)
    bracket = listing.rules.bracket_of(abs(notional))
    return PositionMargin(
        position,
        notional,
        position.unrealized(listing.mark),
        abs(notional) / settings.leverage,
        abs(notional) * bracket.rate - bracket.deduction,
        settings.isolated,
    )


def liquidation_price(row: PositionMargin, margin: Margin, listing: Listing) -> Decimal:
    """This function will solve for the mark at which the margin equals the maintenance; 0 if there is none."""
    position = row.position
    bracket = listing.rules.bracket_of(abs(row.notional))
    if row.isolated:
        pot = position.isolated_margin
    else:
        others = [other for other in margin.positions if other is not row and not other.isolated]
        pot = margin.cross_wallet + sum((other.unrealized - other.maintenance for other in others), ZERO)
    price = (position.cost - pot - bracket.deduction) / (position.amount - bracket.rate * abs(position.amount))
    return max(price, ZERO)
