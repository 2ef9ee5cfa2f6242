"""Closing accounts whose margin no longer covers the maintenance: simple, but every cent is accounted for.

Unlike Binance, which shrinks step by step, everything of the failing pot is closed at market at once. What the
wallet then lacks is paid by the insurance fund and shown as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from venue.engine.accounts import Account
from venue.engine.margin import margin_of
from venue.engine.matching import Mischief
from venue.engine.orders import Spec
from venue.engine.positions import Position
from venue.engine.terms import Market, Side, Status

if TYPE_CHECKING:
    from venue.engine.usdm import UsdmEngine


def liquidate(engine: UsdmEngine, account: Account) -> None:
    """This function will close what an account can no longer carry at the current marks."""
    margin = margin_of(account, engine.listings)
    failing = margin.isolated_failures()
    if margin.must_liquidate:
        failing += [row.position for row in margin.positions if not row.isolated]
    for position in failing:
        _close(engine, account, position)
    if failing and account.usdm_balance() < 0:
        deficit = -account.usdm_balance()
        engine.insurance -= deficit
        engine.credit(account, "INSURANCE_CLEAR", deficit)
        engine.listener.positions(account, (), "INSURANCE_CLEAR")


def _close(engine: UsdmEngine, account: Account, position: Position) -> None:
    for order in account.orders[Market.USDM].open_of(position.symbol):
        engine.end(order, Status.EXPIRED)
    side = Side.SELL if position.amount > 0 else Side.BUY
    listing = engine.listings[position.symbol]
    # The book may be thin; the house takes what it cannot.
    engine.refill(listing)
    spec = Spec(
        position.symbol,
        side,
        "LIQUIDATION",
        f"autoclose-{engine.clock()}",
        abs(position.amount),
        position_side=position.side,
        reduce_only=True,
    )
    order = engine.place_unchecked(account, spec, Mischief(hold=True))
    if order.is_open:
        engine.force_fill(order, order.remaining, listing.mark)
