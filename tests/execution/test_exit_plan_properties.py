"""A small world in which a position lives through anything, and after every event the plan must keep its laws.

The world plays the venue and the services: what the plan places goes on its way, what it cancels leaves, and
anything may fill, grow, shrink or be refused meanwhile. At any moment the world may calm down; then the plan must
come to rest with everything covered, or, where a close is wanted, with nothing left to trade.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.decimals import Direction, is_multiple, round_to_step
from execution.exit_plan import ExitOrder, ExitPlan, ExitView, Placement, Style, TargetState, plan_exits
from execution.roles import OrderRole
from tests.values import BUY

D = Decimal
STEP, SMALLEST = D("0.01"), D("0.05")
STOP, TARGET, CLOSE = OrderRole.STOP, OrderRole.TARGET, OrderRole.CLOSE
#: More rounds than any plan needs to come to rest.
MOST_ROUNDS = 12

AMOUNTS = st.decimals(min_value=D("0.05"), max_value=D(2), places=2)
#: What fees in the coin leave: off the step.
ODD_AMOUNTS = AMOUNTS.map(lambda amount: amount - D("0.003"))
PARTS = st.sampled_from([D("0.1"), D("0.5"), D(1)])
NUMBERS = st.integers(0, 20)


class ExitWorld(RuleBasedStateMachine):
    """One long position, its orders and its plan."""

    @initialize(
        style=st.sampled_from(Style),
        held=AMOUNTS | ODD_AMOUNTS,
        shares=st.sampled_from([[], [10], [5], [5, 5], [2, 3, 5], [3, 3], [1, 1, 1]]),
        has_stop=st.booleans(),
        is_entry_working=st.booleans(),
    )
    def open(self, style: Style, held: Decimal, shares: list[int], has_stop: bool, is_entry_working: bool) -> None:
        self.shares = shares
        self.last_id = 0
        self.view = ExitView(
            side=BUY,
            held=held,
            stop_price=D(90) if has_stop else None,
            targets=tuple(
                TargetState(number, D(100 + number), D(0), D(0)) for number in range(1, len(shares) + 1)
            ),
            orders=(),
            style=style,
            locks_holding=style in (Style.PAIRS, Style.STOPS),
            step=STEP,
            smallest=SMALLEST,
            is_entry_working=is_entry_working,
        )
        self.divide()
        self.follow()

    # --- what the services do -----------------------------------------------------------------------------------

    def divide(self) -> None:
        """Divide the position over its targets once the entry is over."""
        if self.view.is_entry_working or any(target.quantity for target in self.view.targets):
            return
        pieces = [round_to_step(self.view.held * share / 10, STEP, Direction.DOWN) for share in self.shares]
        targets = [
            replace(
                target,
                quantity=piece if piece >= SMALLEST else D(0),
                is_watched=self.view.style not in (Style.PAIRS, Style.SEPARATE),
            )
            for target, piece in zip(self.view.targets, pieces, strict=True)
        ]
        self.view = replace(self.view, targets=tuple(targets))

    def follow(self) -> ExitPlan:
        """Ask for the plan, check it, and do what it says."""
        plan = plan_exits(self.view)
        self.check(plan)
        leaving = set(plan.cancels)
        orders = [
            replace(each, is_leaving=each.is_leaving or each.order_id in leaving) for each in self.view.orders
        ]
        orders += [order for placement in plan.placements for order in self.orders_of(placement)]
        self.view = replace(self.view, orders=tuple(orders))
        return plan

    def orders_of(self, placement: Placement) -> list[ExitOrder]:
        if placement.is_close:
            return [self.new_order(CLOSE, placement)]
        stop = [self.new_order(STOP, placement)] if placement.stop_price is not None else []
        return stop + ([self.new_order(TARGET, placement)] if placement.target_price is not None else [])

    def new_order(self, role: OrderRole, placement: Placement) -> ExitOrder:
        self.last_id += 1
        return ExitOrder(
            order_id=UUID(int=self.last_id),
            role=role,
            piece=placement.piece,
            remaining=placement.quantity,
            price=placement.target_price if role is TARGET else None,
            stop_price=placement.stop_price if role is STOP else None,
            is_working=False,
            is_leaving=False,
        )

    # --- the laws -----------------------------------------------------------------------------------------------

    def check(self, plan: ExitPlan) -> None:
        by_id = {order.order_id: order for order in self.view.orders}
        assert all(by_id[key].is_working and not by_id[key].is_leaving for key in plan.cancels)
        for placement in plan.placements:
            assert placement.quantity >= SMALLEST
            assert is_multiple(placement.quantity, STEP)
            assert placement.stop_price in (None, self.view.stop_price)
            assert not placement.is_pair or self.view.style is Style.PAIRS
        self.check_capacity([order for each in plan.placements for order in self.orders_of(each)])
        assert plan.dust in (0, self.view.held)
        assert not plan.dust or (plan.is_idle and not self.view.orders and self.view.held < SMALLEST)

    def check_capacity(self, new: list[ExitOrder]) -> None:
        """What is placed fits beside what is live; what was too much already, as after a sale by hand, may leave."""
        roles, orders = {order.role for order in new}, [*self.view.orders, *new]
        closes = sum(order.remaining for order in orders if order.role is CLOSE)
        stops = closes + sum(order.remaining for order in orders if order.role is STOP)
        targets = closes + sum(order.remaining for order in orders if order.role is TARGET)
        # Reduce-only stops may stay beside the close of everything.
        is_closing_all = self.view.wants_close and not self.view.locks_holding
        assert CLOSE not in roles or closes <= self.view.held
        assert roles.isdisjoint({STOP, CLOSE}) or is_closing_all or stops <= self.view.held
        assert roles.isdisjoint({TARGET, CLOSE}) or is_closing_all or targets <= self.view.held
        assert not new or not self.view.locks_holding or self.locked(orders) <= self.view.held

    def locked(self, orders: Iterable[ExitOrder]) -> Decimal:
        """Coins that resting orders lock; the two of a pair lock the same ones."""
        by_piece: dict[tuple[int, bool], Decimal] = {}
        for order in orders:
            key = (order.piece, order.role is CLOSE)
            by_piece[key] = max(by_piece.get(key, D(0)), order.remaining)
        return sum(by_piece.values(), D(0))

    # --- what may happen ----------------------------------------------------------------------------------------

    def pick(self, number: int, *, is_working: bool | None = None) -> ExitOrder | None:
        orders = [order for order in self.view.orders if is_working in (None, order.is_working)]
        return orders[number % len(orders)] if orders else None

    def put(self, order: ExitOrder, **changes: object) -> None:
        changed = replace(order, **changes)  # type: ignore[arg-type]
        orders = [changed if each.order_id == order.order_id else each for each in self.view.orders]
        self.view = replace(self.view, orders=tuple(each for each in orders if each.remaining > 0))

    def drop(self, order: ExitOrder) -> None:
        self.put(order, remaining=D(0))

    def fill(self, order: ExitOrder, part: Decimal) -> None:
        """An order trades: what it held is less, its target has more, and its twin of a pair is gone."""
        quantity = min(
            round_to_step(order.remaining * part, STEP, Direction.CEILING), order.remaining, self.view.held
        )
        self.put(order, remaining=order.remaining - quantity)
        is_paired = self.view.style is Style.PAIRS and order.role is not CLOSE
        twins = [each for each in self.view.orders if each.piece == order.piece and each.role is not order.role]
        for twin in twins if is_paired else []:
            self.drop(twin)
        counts = order.role in (TARGET, CLOSE) and order.piece
        self.view = replace(
            self.view,
            held=self.view.held - quantity,
            targets=tuple(
                replace(target, filled=target.filled + quantity) if counts == target.piece else target
                for target in self.view.targets
            ),
        )
        self.expire_reduce_only()

    def expire_reduce_only(self) -> None:
        if self.view.held == 0 and not self.view.locks_holding:
            self.view = replace(self.view, orders=())

    @rule(number=NUMBERS)
    def an_order_is_acknowledged(self, number: int) -> None:
        if order := self.pick(number, is_working=False):
            self.put(order, is_working=True)
        self.follow()

    @rule(number=NUMBERS)
    def an_order_vanishes(self, number: int) -> None:
        if order := self.pick(number):
            self.drop(order)
        self.follow()

    @rule(number=NUMBERS)
    def an_order_falls_into_doubt(self, number: int) -> None:
        if order := self.pick(number, is_working=True):
            self.put(order, is_working=False)
        self.follow()

    @rule(number=NUMBERS, part=PARTS)
    def an_order_fills(self, number: int, part: Decimal) -> None:
        if (order := self.pick(number)) and self.view.held:
            self.fill(order, part)
        self.follow()

    @rule(part=PARTS)
    def somebody_sells_by_hand(self, part: Decimal) -> None:
        self.view = replace(
            self.view, held=self.view.held - round_to_step(self.view.held * part, STEP, Direction.DOWN)
        )
        self.expire_reduce_only()
        self.follow()

    @precondition(lambda self: self.view.is_entry_working)
    @rule(more=AMOUNTS | ODD_AMOUNTS)
    def the_entry_brings_more(self, more: Decimal) -> None:
        self.view = replace(self.view, held=self.view.held + more)
        self.follow()

    @precondition(lambda self: self.view.is_entry_working)
    @rule()
    def the_entry_ends(self) -> None:
        self.view = replace(self.view, is_entry_working=False)
        self.divide()
        self.follow()

    @precondition(lambda self: self.view.stop_price is not None)
    @rule(price=st.sampled_from([D(90), D(95), D(99)]))
    def the_stop_is_moved(self, price: Decimal) -> None:
        self.view = replace(self.view, stop_price=price)
        self.follow()

    @precondition(lambda self: self.view.targets)
    @rule(number=NUMBERS)
    def a_watched_target_is_reached(self, number: int) -> None:
        index = number % len(self.view.targets)
        targets = list(self.view.targets)
        targets[index] = replace(targets[index], is_due=targets[index].is_watched or targets[index].is_due)
        self.view = replace(self.view, targets=tuple(targets))
        self.follow()

    @precondition(lambda self: self.view.targets)
    @rule(number=NUMBERS)
    def a_target_is_refused_and_watched_from_then_on(self, number: int) -> None:
        index = number % len(self.view.targets)
        targets = list(self.view.targets)
        targets[index] = replace(targets[index], is_watched=True)
        self.view = replace(self.view, targets=tuple(targets))
        self.follow()

    @rule(piece=st.integers(0, 3))
    def a_stop_is_refused_and_watched_from_then_on(self, piece: int) -> None:
        self.view = replace(self.view, watched_pieces=self.view.watched_pieces | {piece})
        self.follow()

    @rule()
    def a_close_is_wanted(self) -> None:
        self.view = replace(self.view, wants_close=True)
        self.follow()

    # --- and what must come of it -------------------------------------------------------------------------------

    @invariant()
    def the_plan_comes_to_rest(self) -> None:
        """From here on nothing happens but what the plan asks for."""
        before = self.view
        for _ in range(MOST_ROUNDS):
            self.calm_down()
            if self.follow().is_idle and not self.is_moving():
                break
        plan = plan_exits(self.view)
        assert plan.is_idle
        assert plan.is_covered or self.view.held < SMALLEST
        assert not self.view.wants_close or self.view.is_entry_working or self.view.held < SMALLEST
        self.view = before

    def is_moving(self) -> bool:
        return any(order.is_leaving or not order.is_working or order.role is CLOSE for order in self.view.orders)

    def calm_down(self) -> None:
        """Everything on its way arrives: cancels take effect, new orders work, closes trade."""
        self.view = replace(
            self.view,
            orders=tuple(replace(each, is_working=True) for each in self.view.orders if not each.is_leaving),
        )
        for close in [order for order in self.view.orders if order.role is CLOSE]:
            self.fill(close, D(1))


TestExitWorld = ExitWorld.TestCase
TestExitWorld.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
