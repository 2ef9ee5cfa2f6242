"""A locked position with its exit orders, as planning needs it."""

import itertools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db.models import Count

from connections import registry
from connections.contract import Capabilities, Instrument, MarketType, OrderType, Quote, Side
from connections.precision import fit_limit_price, fit_protective_stop, largest_quantity, smallest_quantity
from connections.preset_specs import RefusalPolicy
from core.decimals import ZERO, to_plain
from execution.context import account_of
from execution.courier import Account
from execution.exit_plan import ExitOrder, ExitView, Placement, Style, TargetState, style_of
from execution.machine import OPEN, OrderState
from execution.models import Order
from execution.roles import EXITS, PIECE_SPAN, OrderRole, first_sequence
from marketdata import selectors as marketdata
from positions.exits import plan_targets
from positions.models import ExecutionPosition, PositionStatus

logger = logging.getLogger(__name__)

#: After an exit provably did not leave, the next attempt waits this long, and longer after each further failure.
COOLING = timedelta(seconds=5)
LONGEST_COOLING = timedelta(seconds=30)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class ExitState:
    """One position under lock. What planning changes on it is written back by the caller."""

    position: ExecutionPosition
    #: every order of the position, the entry's included, oldest first
    orders: list[Order]
    instrument: Instrument
    quote: Quote | None
    #: another signal holds some of the symbol on the account
    is_shared: bool = False
    is_changed: bool = False
    was_protected_now: bool = False
    _sequences: dict[tuple[OrderRole, int], int] = field(default_factory=dict)

    @cached_property
    def account(self) -> Account:
        connection = self.position.connection
        return account_of(
            {
                "base_url": connection.base_url,
                "environment": connection.environment,
                "exchange": connection.exchange_name,
                "market": connection.market,
                "sealed": connection.credentials,
                "connection_id": connection.pk,
                "kind": connection.type,
            }
        )

    @cached_property
    def capabilities(self) -> Capabilities:
        connection = self.position.connection
        return registry.capabilities(connection.type, connection.exchange_name, MarketType(connection.market))

    @cached_property
    def log_id(self) -> UUID:
        """The row that the position began with; its exits belong to it."""
        return next(order.log_id for order in self.orders if order.role == OrderRole.ENTRY)

    @cached_property
    def refusal_policy(self) -> RefusalPolicy:
        entry = next(order for order in self.orders if order.role == OrderRole.ENTRY)
        return RefusalPolicy(entry.log.preset.get("refusal_policy", RefusalPolicy.FLATTEN))

    @property
    def orders_by_id(self) -> Mapping[UUID, Order]:
        return {order.pk: order for order in self.orders}

    @property
    def exits(self) -> list[Order]:
        return [order for order in self.orders if OrderRole(order.role) in EXITS]

    @property
    def live_exits(self) -> list[Order]:
        return [order for order in self.exits if OrderState(order.state) in OPEN and not order.is_held]

    def is_unseen_since_its_twin_ended(self, order: Order) -> bool:
        """Return whether the other half of its pair is over, and the venue was not asked about this one since."""
        twins = (each for each in self.orders if order.pair_id and each.pair_id == order.pair_id)
        return any(
            each.finished_at is not None and order.updated_at <= each.finished_at
            for each in twins
            if each.pk != order.pk
        )

    @property
    def is_derivative(self) -> bool:
        return self.position.market != MarketType.SPOT

    @property
    def is_entry_working(self) -> bool:
        entries = (order for order in self.orders if order.role == OrderRole.ENTRY)
        return any(OrderState(order.state) in OPEN and not order.is_held for order in entries)

    @property
    def side(self) -> Side:
        return Side(self.position.side)

    @property
    def held(self) -> Decimal:
        """What there is to protect or close; nothing when more has left than came in."""
        return max(self.position.quantity * self.side.sign, ZERO)

    @property
    def is_oversold(self) -> bool:
        """Whether more has left than came in, as when an order trades after it was cancelled."""
        return self.position.quantity * self.side.sign < 0

    def refused_closes(self) -> list[Order]:
        """Return the closes that the venue has refused since the close was last asked for."""
        asked_at = self.position.close_requested_at
        closes = (order for order in self.exits if order.role == OrderRole.CLOSE)
        return [
            order
            for order in closes
            if order.state == OrderState.REJECTED and asked_at is not None and order.created_at >= asked_at
        ]

    @property
    def style(self) -> Style:
        return style_of(self.capabilities, MarketType(self.position.market))

    @property
    def stop_price(self) -> Decimal | None:
        if self.position.stop_price is None:
            return None
        return fit_protective_stop(self.instrument, self.position.stop_price, self.side.opposite)

    @property
    def smallest(self) -> Decimal:
        """The smallest exit the venue takes; where notional counts, at the lowest price an exit may have."""
        if self.is_derivative:
            return smallest_quantity(self.instrument, ZERO, OrderType.LIMIT)
        prices = [Decimal(target["price"]) for target in self.position.targets]
        if self.stop_price is not None:
            prices.append(self.stop_price)
        return smallest_quantity(self.instrument, min(prices, default=self._mark), OrderType.LIMIT)

    @property
    def _mark(self) -> Decimal:
        return self.quote.price_to(self.side.opposite) if self.quote else self.position.average_price

    def plan_targets(self) -> None:
        """Divide what the entry brought over the targets, once, when the entry can bring no more."""
        if self.is_entry_working or not self.held or all("quantity" in each for each in self.position.targets):
            return
        planned = plan_targets(
            quantity=self.held,
            prices_and_shares=[(Decimal(each["price"]), Decimal(each["share"])) for each in self.position.targets],
            side=self.side,
            step=self.instrument.quantity_step,
            smallest=self.smallest,
        )
        for target, plan in zip(self.position.targets, planned, strict=True):
            target["quantity"] = to_plain(plan.quantity)
            target["is_watched"] = self.style not in (Style.PAIRS, Style.SEPARATE)
        self.is_changed = True

    def view(self) -> ExitView:
        """Return the frozen view that the plan is made from."""
        return ExitView(
            side=self.side,
            held=self.held,
            stop_price=self.stop_price,
            targets=tuple(
                self._target(number, each) for number, each in enumerate(self.position.targets, start=1)
            ),
            orders=tuple(_exit_order(order) for order in self.live_exits),
            style=self.style,
            locks_holding=self.capabilities.stop_locks_holding,
            step=self.instrument.quantity_step,
            smallest=self.smallest,
            largest=largest_quantity(self.instrument, OrderType.MARKET),
            wants_close=self.position.close_requested_at is not None,
            is_shared=self.is_shared,
            is_entry_working=self.is_entry_working,
            watched_pieces=frozenset(self.position.watched_pieces),
            is_waiting=bool(self.position.attention and self.refused_closes()),
        )

    def entries_to_cancel(self) -> list[UUID]:
        """Return what of the entry still rests although everything is to be closed."""
        if self.position.close_requested_at is None:
            return []
        return [
            order.pk
            for order in self.orders
            if order.role == OrderRole.ENTRY
            and OrderState(order.state) in OPEN
            and order.acknowledged_at is not None
            and not order.in_doubt
            and order.cancel_requested_at is None
        ]

    def note_looked(self, is_complete: bool, *, now: datetime) -> None:
        """Note that the exits were planned; what was put off is looked at again."""
        looked = None if is_complete else now
        if self.position.look_at != looked:
            self.position.look_at = looked
            self.is_changed = True

    def next_sequence(self, role: OrderRole, piece: int) -> int:
        """Return the next sequence of a role and piece, counting what was handed out since the lock."""
        used = [order.sequence for order in self.orders if order.role == role and order.piece == piece]
        known = max([*used, first_sequence(piece) - 1, self._sequences.get((role, piece), 0)])
        if known + 1 >= first_sequence(piece) + PIECE_SPAN:
            raise RuntimeError(f"Position {self.position.pk} ran out of sequences for {role} {piece}.")
        self._sequences[role, piece] = known + 1
        return known + 1

    def is_cooling(self, placement: Placement, *, now: datetime) -> bool:
        """Return whether the same exit failed to leave a moment ago. Each failure in a row makes the moment longer."""
        return any(self._cooled_at(role, placement.piece) > now for role in placement.roles)

    def _cooled_at(self, role: OrderRole, piece: int) -> datetime:
        mine = [order for order in self.exits if order.role == role and order.piece == piece]
        failed = list(itertools.takewhile(lambda order: order.state == OrderState.FAILED, reversed(mine)))
        if not failed or failed[0].finished_at is None:
            return _LONG_AGO
        return failed[0].finished_at + min(COOLING * 2 ** min(len(failed) - 1, 10), LONGEST_COOLING)

    def expected_price(self, placement: Placement, role: OrderRole) -> Decimal | None:
        """Return the price an exit is measured against."""
        if role is OrderRole.STOP:
            return placement.stop_price
        if role is OrderRole.TARGET:
            return placement.target_price
        return self._mark

    def _target(self, number: int, target: Mapping[str, str]) -> TargetState:
        return TargetState(
            piece=number,
            price=fit_limit_price(self.instrument, Decimal(target["price"]), self.side.opposite),
            quantity=Decimal(target.get("quantity", "0")),
            filled=Decimal(target.get("filled", "0")),
            is_due=bool(target.get("due_at")),
            is_watched=bool(target.get("is_watched")),
            shares_stop=bool(target.get("shares_stop")),
        )


def load_states(position_ids: Iterable[UUID]) -> list[ExitState]:
    """Lock these positions and load what planning needs; closed ones without live orders are left out.

    Cost: two queries, a third where a derivative is being closed, and one cache call a venue.
    """
    found = list(
        ExecutionPosition.objects.select_for_update(of=("self",))
        .filter(pk__in=list(position_ids))
        .select_related("connection")
        .order_by("pk")
    )
    by_position: dict[UUID, list[Order]] = {position.pk: [] for position in found}
    orders = (
        Order.objects.filter(position_id__in=by_position).select_related("log").order_by("created_at", "sequence")
    )
    for order in orders:
        assert order.position_id is not None
        by_position[order.position_id].append(order)
    quotes, shared = _quotes(found), _shared(found)
    states = []
    for position in found:
        venue_key, mine = position.connection.venue_key, by_position[position.pk]
        instrument = marketdata.instruments_of(venue_key).get(position.symbol)
        if instrument is None or not mine:
            logger.error("Position %s has no instrument or no order; its exits cannot be planned.", position.pk)
            continue
        quote, is_shared = (
            quotes.get((venue_key, position.symbol)),
            (position.connection_id, position.symbol) in shared,
        )
        states.append(ExitState(position, mine, instrument, quote, is_shared))
    return [state for state in states if state.position.status == PositionStatus.OPEN or state.live_exits]


def _shared(found: Iterable[ExecutionPosition]) -> set[tuple[UUID, str]]:
    """Return account and symbol of derivatives that are being closed while another signal holds some as well."""
    closing = [
        each
        for each in found
        if each.market != MarketType.SPOT
        and (each.close_requested_at is not None or any(target.get("due_at") for target in each.targets))
    ]
    if not closing:
        return set()
    held = ExecutionPosition.objects.filter(
        status=PositionStatus.OPEN,
        connection_id__in={each.connection_id for each in closing},
        symbol__in={each.symbol for each in closing},
    )
    several = held.values("connection_id", "symbol").annotate(positions=Count("pk")).filter(positions__gt=1)
    return set(several.values_list("connection_id", "symbol"))


def _quotes(found: Iterable[ExecutionPosition]) -> dict[tuple[str, str], Quote]:
    wanted: dict[str, set[str]] = {}
    for position in found:
        wanted.setdefault(position.connection.venue_key, set()).add(position.symbol)
    return {
        (venue_key, symbol): quote
        for venue_key, symbols in wanted.items()
        for symbol, quote in marketdata.quotes_of(venue_key, symbols).items()
    }


def _exit_order(order: Order) -> ExitOrder:
    return ExitOrder(
        order_id=order.pk,
        role=OrderRole(order.role),
        piece=order.piece,
        remaining=order.quantity - order.filled,
        price=order.price,
        stop_price=order.stop_price,
        is_working=order.acknowledged_at is not None and not order.in_doubt,
        is_leaving=order.cancel_requested_at is not None,
    )
