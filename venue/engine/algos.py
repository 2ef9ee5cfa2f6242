"""USD-M conditional orders: they wait outside the book, unchecked for margin, until their price comes.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/New-Algo-Order
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.errors import VenueError
from venue.engine.listing import Listing
from venue.engine.numbers import Numbers
from venue.engine.orders import AlgoOrder, Order, Spec
from venue.engine.positions import Position
from venue.engine.terms import USDM_CONDITIONAL, AlgoStatus, Tif
from venue.engine.triggers import would_fire

if TYPE_CHECKING:
    from venue.engine.matching import Mischief
    from venue.engine.usdm import UsdmEngine

#: Conditional orders an account may have, over all symbols (change log of 2025-12-29).
MAX_ALGO_ORDERS = 200


class AlgoDesk:
    def __init__(self, engine: UsdmEngine) -> None:
        self.engine = engine
        # Far from the order numbers, as at Binance, so that mixing them up is noticed.
        self.ids = Numbers(1_000_000_000_000_001)

    def place(self, account: Account, spec: Spec, mischief: Mischief, arrival_ns: int = 0) -> AlgoOrder:
        """This function will accept a conditional order and let it wait."""
        engine = self.engine
        listing = engine.listing(spec.symbol)
        self.check(listing, account, spec)
        now = engine.clock()
        algo = AlgoOrder(self.ids.take(), account, spec, now, now, arrival_ns=arrival_ns)
        algo.hidden = mischief.hidden
        algo.visible_at = now + mischief.hide_ms if mischief.hide_ms else 0
        if mischief.ghost:
            return algo
        account.algos.add(algo)
        engine.note_date(algo)
        listing.triggers[spec.working_type].add(algo, listing.price_of(spec.working_type))
        engine.listener.algo(algo, "NEW")
        return algo

    def check(self, listing: Listing, account: Account, spec: Spec) -> None:
        self.engine.check_common(listing, account, spec)
        if account.algos.is_in_use(spec.symbol, spec.client_id):
            raise errors.client_id_duplicated()
        if len(account.algos.open) >= MAX_ALGO_ORDERS:
            raise errors.too_many_stops()
        if would_fire(AlgoOrder(0, account, spec, 0, 0), listing.price_of(spec.working_type)):
            raise errors.would_trigger()
        if spec.close_position and any(self._same_exit(spec, other.spec) for other in account.algos.open):
            raise errors.close_position_exists()

    def _same_exit(self, spec: Spec, other: Spec) -> bool:
        """One close-position stop and one target may wait per direction, not two of a kind."""
        return (
            other.close_position
            and (other.symbol, other.side, other.position_side) == (spec.symbol, spec.side, spec.position_side)
            and USDM_CONDITIONAL[other.type] == USDM_CONDITIONAL[spec.type]
        )

    def cancel(self, algo: AlgoOrder) -> None:
        self._end(algo, AlgoStatus.CANCELED)

    def expire(self, algo: AlgoOrder) -> None:
        self._end(algo, AlgoStatus.EXPIRED)

    def _end(self, algo: AlgoOrder, status: AlgoStatus, reason: str = "") -> None:
        algo.account.algos.close(algo)
        self.engine.listings[algo.symbol].triggers[algo.spec.working_type].remove(algo)
        algo.status, algo.reason, algo.updated_at = status, reason, self.engine.clock()
        self.engine.listener.algo(algo, status)

    def fire(self, listing: Listing, algo: AlgoOrder) -> None:
        """This function will turn a fired conditional into an order, or reject it with the reason."""
        algo.triggered_at = algo.updated_at = self.engine.clock()
        self.engine.listener.algo(algo, "TRIGGERING")
        spec = self._child(algo)
        try:
            self.engine.admit_working(listing, algo.account, spec)
        except VenueError as e:
            self._end(algo, AlgoStatus.REJECTED, e.message)
            return
        algo.account.algos.close(algo)
        algo.status = AlgoStatus.TRIGGERED
        order = self.engine.work_child(listing, algo, spec)
        # The order's own reports come first, then the conditional's: clients must bear that.
        self.engine.listener.algo(algo, "TRIGGERED")
        algo.announced = True
        if not order.is_open:
            self._finish(algo)

    def fire_now(self, algo: AlgoOrder) -> None:
        """This function will fire a conditional whatever the price (faults)."""
        listing = self.engine.listings[algo.symbol]
        listing.triggers[algo.spec.working_type].remove(algo)
        self.fire(listing, algo)
        self.engine.settle_triggers(listing)

    def _child(self, algo: AlgoOrder) -> Spec:
        spec = algo.spec
        position = algo.account.position(spec.symbol, spec.position_side)
        closing = spec.close_position
        return replace(
            spec,
            type="MARKET" if spec.price is None else "LIMIT",
            quantity=position.closes(spec.side) if closing else spec.quantity,
            reduce_only=spec.reduce_only or closing,
            stop_price=None,
            trail=None,
        )

    def after_trade(self, order: Order) -> None:
        if not order.is_open:
            self.after_end(order)

    def after_end(self, order: Order) -> None:
        """This function will finish a conditional once the order it became is done."""
        # While the order is still being worked its number is not announced yet; `fire` finishes it then.
        if order.algo is not None and order.algo.announced:
            self._finish(order.algo)

    def _finish(self, algo: AlgoOrder) -> None:
        if algo.status is AlgoStatus.TRIGGERED:
            algo.status, algo.updated_at = AlgoStatus.FINISHED, self.engine.clock()
            self.engine.listener.algo(algo, "FINISHED")

    def expire_with_position(self, account: Account, position: Position) -> None:
        """Conditionals tied to the position (GTE_GTC) go with it; all others stay, also as orphans."""
        for algo in account.algos.open_of(position.symbol):
            if algo.spec.tif is Tif.GTE_GTC and algo.spec.position_side == position.side:
                self.expire(algo)
