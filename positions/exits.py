"""When and how much of a position is due to close. Pure: (held, quote) in, decision out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from connections.contract import Quote, Side
from core.decimals import ONE, ZERO, Direction, round_to_step


class ClosingReason(StrEnum):
    SL = "SL"
    TP = "TP"
    TRAILING = "TRAILING"
    BREAKEVEN = "BREAKEVEN"
    TIME = "TIME"
    MANUAL = "MANUAL"
    OPPOSITE = "OPPOSITE"
    EXTERNAL = "EXTERNAL"  # somebody closed it at the venue
    KILL = "KILL"
    WITHDRAWN = "WITHDRAWN"


class Protection(StrEnum):
    """Who watches the stop of a position."""

    NONE = "NONE"  # the signal has no stop
    UNPROTECTED = "UNPROTECTED"  # it has one, and nobody holds it yet
    NATIVE = "NATIVE"  # the venue holds it
    WATCHED = "WATCHED"  # we watch the price


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A place to take profit, with the quantity that leaves there."""

    price: Decimal
    #: in base units; zero when the piece was merged into another
    quantity: Decimal
    is_reached: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """As much of a position as exit rules need."""

    side: Side
    #: absolute, in base units
    quantity: Decimal
    #: None when there is no stop
    stop_price: Decimal | None
    targets: tuple[PlannedTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class DueExit:
    """What must close now."""

    reason: ClosingReason
    quantity: Decimal
    #: the price that made it due
    trigger_price: Decimal


def due_exit(held: Held, quote: Quote) -> DueExit | None:
    """Return what the quote makes due, or None. A stop takes everything and comes before any target.

    A long position closes at the bid and a short one at the ask, so that is the price that counts; in a gap
    the exit is due at whatever the market then pays.
    """
    if held.quantity <= 0:
        return None
    price = quote.price_to(held.side.opposite)
    if held.stop_price is not None and (held.stop_price - price) * held.side.sign >= 0:
        return DueExit(ClosingReason.SL, held.quantity, held.stop_price)
    reached = [target for target in held.targets if _is_hit(target, price, held.side)]
    if not reached:
        return None
    quantity = min(sum((target.quantity for target in reached), ZERO), held.quantity)
    nearest = min(reached, key=lambda target: target.price * held.side.sign)
    return DueExit(ClosingReason.TP, quantity, nearest.price) if quantity > 0 else None


def plan_targets(
    *, quantity: Decimal, prices_and_shares: Sequence[tuple[Decimal, Decimal]], side: Side, step: Decimal,
    smallest: Decimal,
) -> tuple[PlannedTarget, ...]:  # fmt: skip
    """Return how a quantity leaves over its targets, nearest first, every piece large enough to trade alone.

    Pieces are rounded down to the step. A piece smaller than ``smallest`` joins the next one further out, and at
    the end the one before it; where all together are too small to trade, no target takes anything and the stop keeps
    everything. When the shares add up to one, the last piece takes what rounding left.
    """
    ordered = sorted(prices_and_shares, key=lambda pair: pair[0] * side.sign)
    pieces = [[price, round_to_step(quantity * share, step, Direction.DOWN)] for price, share in ordered]
    if pieces and sum((share for _, share in ordered), ZERO) >= ONE:
        pieces[-1][1] += quantity - sum((piece for _, piece in pieces), ZERO)
    carried = ZERO
    for piece in pieces:
        piece[1] += carried
        carried = piece[1] if piece[1] < smallest else ZERO
        piece[1] -= carried
    last = next((piece for piece in reversed(pieces) if piece[1] > 0), None)
    if last is not None:
        last[1] += carried
    return tuple(PlannedTarget(price, amount) for price, amount in pieces)


def _is_hit(target: PlannedTarget, price: Decimal, side: Side) -> bool:
    return not target.is_reached and target.quantity > 0 and (price - target.price) * side.sign >= 0
