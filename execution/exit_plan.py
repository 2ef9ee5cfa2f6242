"""Which exit orders a position should have, and the next steps from those it has. Pure.

A position is divided into *pieces*: one for each target that is left, and one for what no target takes. Each piece
has its own stop and, where the venue can hold it, its own target. So a target that fills takes its stop with it and
the others stay where they are: nothing is resized, and nothing is unprotected meanwhile.

The plan compares what should be with what is. It is asked again after every answer, until it has nothing to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from connections.contract import Capabilities, MarketType, ProtectionStyle, Side
from core.decimals import ZERO, Direction, round_to_step
from execution.roles import OrderRole

#: While an entry still fills, what it added gets stops of its own; their pieces count from here.
GROWTH_PIECE = 100
#: A venue takes so many stops and no more (Binance's spot takes five of a symbol), so an entry that fills in many
#: parts has at most this many, and one to spare.
MOST_GROWTH = 4


class Style(StrEnum):
    """What the venue can hold for us."""

    PAIRS = "PAIRS"  # stop and target cancel each other; a stop alone where there is no target
    SEPARATE = "SEPARATE"  # reduce-only stops and targets side by side
    STOPS = "STOPS"  # stops only; targets are watched
    WATCHED = "WATCHED"  # nothing


@dataclass(frozen=True, slots=True)
class ExitOrder:
    """An exit order that may still trade."""

    order_id: UUID
    role: OrderRole
    piece: int
    #: quantity not filled yet
    remaining: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    #: the venue has acknowledged it and nothing about it is in doubt
    is_working: bool
    #: a cancel is on its way
    is_leaving: bool


@dataclass(frozen=True, slots=True)
class TargetState:
    """One target of the position."""

    #: 1 for the nearest
    piece: int
    price: Decimal
    #: what leaves here, and what has left
    quantity: Decimal
    filled: Decimal
    #: the price was reached where nobody but us watches it
    is_due: bool = False
    #: the venue refused to hold it, so it is watched
    is_watched: bool = False
    #: the venue takes no more stops: it has none of its own, and the stop of the rest covers it
    shares_stop: bool = False

    @property
    def left(self) -> Decimal:
        return max(self.quantity - self.filled, ZERO)


@dataclass(frozen=True, slots=True)
class ExitView:
    """A position, its targets and its exit orders."""

    side: Side
    #: absolute, in base units
    held: Decimal
    #: None when there is no stop
    stop_price: Decimal | None
    targets: tuple[TargetState, ...]
    orders: tuple[ExitOrder, ...]
    style: Style
    #: resting orders lock the coins they would sell
    locks_holding: bool
    step: Decimal
    #: less than this cannot be traded
    smallest: Decimal
    #: more than this no close may ask for at once; zero where the venue states nothing
    largest: Decimal = ZERO
    wants_close: bool = False
    #: the account holds more of the symbol for other signals, so "reduce only" does not end at what is ours
    is_shared: bool = False
    #: the entry may still fill
    is_entry_working: bool = False
    #: pieces whose stop the venue refuses and which are watched instead
    watched_pieces: frozenset[int] = frozenset()
    #: the venue refuses to close it, and nothing new is sent until somebody asks again
    is_waiting: bool = False

    @property
    def closes_alone(self) -> bool:
        """Whether a close may leave only after everything that might close as well is gone."""
        return self.locks_holding or self.is_shared


@dataclass(frozen=True, slots=True)
class Piece:
    number: int
    quantity: Decimal
    #: None when nothing native is wanted
    stop_price: Decimal | None
    target_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Orders to send for one piece: a stop, a target, both (as a pair where ``is_pair``), or a close."""

    piece: int
    quantity: Decimal
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    is_pair: bool = False
    is_close: bool = False

    @property
    def roles(self) -> tuple[OrderRole, ...]:
        """The roles of its orders."""
        if self.is_close:
            return (OrderRole.CLOSE,)
        stop = (OrderRole.STOP,) if self.stop_price is not None else ()
        return (*stop, OrderRole.TARGET) if self.target_price is not None else stop


@dataclass(frozen=True, slots=True)
class ExitPlan:
    cancels: tuple[UUID, ...] = ()
    placements: tuple[Placement, ...] = ()
    #: every part of the position that can be protected is
    is_covered: bool = True
    #: a rest too small to trade, when nothing else is left to do
    dust: Decimal = field(default=ZERO)

    @property
    def is_idle(self) -> bool:
        return not self.cancels and not self.placements


def style_of(capabilities: Capabilities, market: MarketType) -> Style:
    """Return how exits are held at a venue with these capabilities."""
    if capabilities.protection is ProtectionStyle.NONE:
        return Style.WATCHED
    if market is not MarketType.SPOT:
        return Style.SEPARATE
    return Style.PAIRS if capabilities.oco else Style.STOPS


def plan_exits(view: ExitView) -> ExitPlan:
    """Return the next steps."""
    if view.held == 0:
        return ExitPlan(cancels=_cancellable(view.orders))
    if view.held < view.smallest and not view.orders and not view.is_entry_working:
        return ExitPlan(dust=view.held)
    if view.is_waiting:
        return ExitPlan(is_covered=_is_covered(view))
    if view.wants_close:
        return _plan_close(view)
    pieces = _growing_pieces(view) if view.is_entry_working else _pieces(view)
    due = {target.piece for target in view.targets if target.is_due}
    wanted = [piece for piece in pieces if piece.number not in due]
    placements = [*_missing(view, wanted), *_due_closes(view, [piece for piece in pieces if piece.number in due])]
    return ExitPlan(
        cancels=_cancellable(_unmatched(view, wanted)),
        placements=tuple(_within_capacity(view, placements)),
        is_covered=_is_covered(view),
    )


def _plan_close(view: ExitView) -> ExitPlan:
    others = [order for order in view.orders if order.role is not OrderRole.CLOSE]
    # Reduce-only stops may stay until the position is flat; what locks coins, or may close it too, goes first.
    first = others if view.closes_alone else [order for order in others if order.role is OrderRole.TARGET]
    live = _live(view.orders, {OrderRole.CLOSE})
    left = round_to_step(view.held - live, view.step, Direction.DOWN)
    if left < view.smallest and not live:
        first = others  # a rest too small to close is dust once nothing works for it any more
    blocked = view.closes_alone and bool(others)
    placements = (_close(view, 0, left),) if left >= view.smallest and not blocked else ()
    return ExitPlan(cancels=_cancellable(first), placements=placements, is_covered=_is_covered(view))


def _pieces(view: ExitView) -> list[Piece]:
    pieces, rest = [], view.held
    for target in view.targets:
        quantity = round_to_step(min(target.left, rest), view.step, Direction.DOWN)
        if not _can_trade(view, target.piece, quantity) or (target.shares_stop and not target.is_due):
            continue  # it stays with the rest, under the rest's stop
        rest -= quantity
        if target.shares_stop:
            continue  # its close takes it
        native = view.style in (Style.PAIRS, Style.SEPARATE) and not target.is_watched
        pieces.append(_piece(view, target.piece, quantity, target.price if native else None))
    remainder = round_to_step(rest, view.step, Direction.DOWN)
    if remainder >= view.smallest:
        pieces.append(_piece(view, 0, remainder, None))
    return pieces


def _can_trade(view: ExitView, number: int, quantity: Decimal) -> bool:
    """Whether a piece is worth an order of its own, or has one for just what is left of it."""
    has_order = any(order.piece == number and order.remaining == quantity for order in view.orders)
    return quantity >= view.smallest or (quantity > 0 and has_order)


def _piece(view: ExitView, number: int, quantity: Decimal, target_price: Decimal | None) -> Piece:
    is_watched = view.style is Style.WATCHED or number in view.watched_pieces
    return Piece(number, quantity, None if is_watched else view.stop_price, target_price)


def _growing_pieces(view: ExitView) -> list[Piece]:
    """Keep what is there and put a stop of its own under what came in since."""
    if view.style is Style.WATCHED or view.stop_price is None:
        return []
    stops = [order for order in view.orders if order.role is OrderRole.STOP and not order.is_leaving]
    pieces = [Piece(order.piece, order.remaining, order.stop_price, None) for order in stops]
    covered = sum((piece.quantity for piece in pieces), ZERO)
    uncovered = round_to_step(view.held - covered, view.step, Direction.DOWN)
    if uncovered < view.smallest:
        return pieces
    number = max([GROWTH_PIECE, *(order.piece for order in view.orders)]) + 1
    if len(pieces) >= MOST_GROWTH:
        # The smallest stop makes room for one that covers its part and the new one.
        least = min(pieces, key=lambda piece: piece.quantity)
        pieces.remove(least)
        uncovered += least.quantity
    return [*pieces, Piece(number, uncovered, view.stop_price, None)]


def _unmatched(view: ExitView, wanted: Sequence[Piece]) -> list[ExitOrder]:
    by_number = {piece.number: piece for piece in wanted}
    exits = [order for order in view.orders if order.role is not OrderRole.CLOSE]
    return [order for order in exits if not _fits(view, order, by_number.get(order.piece))]


def _fits(view: ExitView, order: ExitOrder, piece: Piece | None) -> bool:
    if piece is None or order.remaining != piece.quantity:
        return False
    if order.role is OrderRole.STOP and order.stop_price != piece.stop_price:
        return False
    if order.role is OrderRole.TARGET and order.price != piece.target_price:
        return False
    # Half a pair protects only half: when its twin is gone, the other one makes room for a new pair.
    is_pair = view.style is Style.PAIRS and piece.stop_price is not None and piece.target_price is not None
    return not is_pair or {each.role for each in view.orders if each.piece == piece.number} >= {
        OrderRole.STOP,
        OrderRole.TARGET,
    }


def _missing(view: ExitView, wanted: Iterable[Piece]) -> list[Placement]:
    placements = []
    for piece in wanted:
        mine = [order for order in view.orders if order.piece == piece.number]
        has_stop = any(order.role is OrderRole.STOP for order in mine)
        has_target = any(order.role is OrderRole.TARGET for order in mine)
        stop = None if has_stop else piece.stop_price
        target = None if has_target else piece.target_price
        if piece.quantity < view.smallest or (view.style is Style.PAIRS and mine):
            continue  # too small to send, or what is there leaves first
        if stop is not None or target is not None:
            is_pair = view.style is Style.PAIRS and stop is not None and target is not None
            placements.append(Placement(piece.number, piece.quantity, stop, target, is_pair))
    return placements


def _due_closes(view: ExitView, pieces: Iterable[Piece]) -> list[Placement]:
    placements = []
    for piece in pieces:
        mine = [order for order in view.orders if order.piece == piece.number]
        quantity = piece.quantity - _live(mine, {OrderRole.CLOSE})
        if quantity >= view.smallest and not (view.closes_alone and mine):
            placements.append(_close(view, piece.number, quantity))
    return placements


def _close(view: ExitView, piece: int, quantity: Decimal) -> Placement:
    """Return a close of as much as the venue takes at once; the rest follows when that is done."""
    most = round_to_step(view.largest, view.step, Direction.DOWN)
    return Placement(piece=piece, quantity=min(quantity, most) if most else quantity, is_close=True)


def _within_capacity(view: ExitView, placements: Sequence[Placement]) -> list[Placement]:
    """Return the placements that fit beside what is live: never more of a kind than is held."""
    stops = _live(view.orders, {OrderRole.STOP, OrderRole.CLOSE})
    targets = _live(view.orders, {OrderRole.TARGET, OrderRole.CLOSE})
    if view.style is Style.PAIRS:
        locked = max(stops, targets)
        stops = targets = max(locked, _locked_by_pieces(view.orders))
    fitting = []
    for each in sorted(placements, key=lambda placement: not placement.is_close):
        takes_stop = each.stop_price is not None or each.is_close
        takes_target = each.target_price is not None or each.is_close
        if (takes_stop and stops + each.quantity > view.held) or (
            takes_target and targets + each.quantity > view.held
        ):
            continue
        stops += each.quantity if takes_stop or view.style is Style.PAIRS else ZERO
        targets += each.quantity if takes_target or view.style is Style.PAIRS else ZERO
        fitting.append(each)
    return fitting


def _locked_by_pieces(orders: Sequence[ExitOrder]) -> Decimal:
    by_piece: dict[int, Decimal] = {}
    for order in orders:
        by_piece[order.piece] = max(by_piece.get(order.piece, ZERO), order.remaining)
    return sum(by_piece.values(), ZERO)


def _is_covered(view: ExitView) -> bool:
    if view.stop_price is None or view.style is Style.WATCHED:
        return True
    watched = view.watched_pieces
    stops = [order for order in view.orders if order.role is OrderRole.STOP and order.is_working]
    native = sum((order.remaining for order in stops), ZERO)
    by_watch = sum((piece.quantity for piece in _pieces(view) if piece.number in watched), ZERO)
    # What is too small to trade cannot be protected either.
    return native + by_watch > view.held - max(view.smallest, view.step)


def _live(orders: Iterable[ExitOrder], roles: set[OrderRole]) -> Decimal:
    return sum((order.remaining for order in orders if order.role in roles), ZERO)


def _cancellable(orders: Iterable[ExitOrder]) -> tuple[UUID, ...]:
    # Of what is in flight or in doubt nobody knows yet whether there is anything to cancel.
    return tuple(order.order_id for order in orders if order.is_working and not order.is_leaving)
