"""The exits a position should have, style by style. Prices: bought at 100, stop at 90, targets at 110 and 120."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from connections.contract import Capabilities, MarketType, ProtectionStyle
from execution.exit_plan import (
    GROWTH_PIECE,
    ExitOrder,
    ExitPlan,
    ExitView,
    Placement,
    Style,
    TargetState,
    plan_exits,
    style_of,
)
from execution.roles import OrderRole
from tests.values import BUY, make_capabilities

D = Decimal
STOP, TARGET, CLOSE = OrderRole.STOP, OrderRole.TARGET, OrderRole.CLOSE
NEAR, FAR = TargetState(1, D(110), D("0.5"), D(0)), TargetState(2, D(120), D("0.3"), D(0))


def make_view(style: Style = Style.SEPARATE, **changes: Any) -> ExitView:
    """One coin, two targets that take half and three tenths, nothing placed yet."""
    is_watched = style not in (Style.PAIRS, Style.SEPARATE)
    values: dict[str, Any] = {
        "side": BUY,
        "held": D(1),
        "stop_price": D(90),
        "targets": (replace(NEAR, is_watched=is_watched), replace(FAR, is_watched=is_watched)),
        "orders": (),
        "style": style,
        "locks_holding": style in (Style.PAIRS, Style.STOPS),
        "step": D("0.01"),
        "smallest": D("0.05"),
    }
    return ExitView(**{**values, **changes})


def make_exit(role: OrderRole, piece: int, remaining: str, number: int = 1, **changes: Any) -> ExitOrder:
    """A working exit order at its piece's price."""
    values: dict[str, Any] = {
        "order_id": UUID(int=number),
        "role": role,
        "piece": piece,
        "remaining": D(remaining),
        "price": {1: D(110), 2: D(120)}.get(piece) if role is TARGET else None,
        "stop_price": D(90) if role is STOP else None,
        "is_working": True,
        "is_leaving": False,
    }
    return ExitOrder(**{**values, **changes})


STOPS = (make_exit(STOP, 1, "0.5", 11), make_exit(STOP, 2, "0.3", 12), make_exit(STOP, 0, "0.2", 10))
TARGETS = (make_exit(TARGET, 1, "0.5", 21), make_exit(TARGET, 2, "0.3", 22))


def summary(plan: ExitPlan) -> list[str]:
    """The placements in a few words, such as "1: 0.5 stop 90 target 110 pair"."""
    return [words(each) for each in plan.placements]


def words(placement: Placement) -> str:
    parts = [f"{placement.piece}: {placement.quantity}"]
    parts += [f"stop {placement.stop_price}"] if placement.stop_price is not None else []
    parts += [f"target {placement.target_price}"] if placement.target_price is not None else []
    parts += [name for name, is_so in (("pair", placement.is_pair), ("close", placement.is_close)) if is_so]
    return " ".join(parts)


class TestLargestClose:
    """What is held may be more than a venue takes in one market order."""

    def test_is_what_the_venue_takes_at_once(self) -> None:
        plan = plan_exits(make_view(largest=D("0.405"), wants_close=True))

        assert summary(plan) == ["0: 0.40 close"]

    def test_is_followed_by_the_rest(self) -> None:
        working = make_exit(CLOSE, 0, "0.40")

        plan = plan_exits(make_view(largest=D("0.405"), wants_close=True, orders=(working,)))

        assert summary(plan) == ["0: 0.40 close"]

    def test_holds_for_a_target_that_is_watched(self) -> None:
        due = replace(NEAR, is_due=True, is_watched=True)

        plan = plan_exits(make_view(Style.WATCHED, largest=D("0.3"), targets=(due,)))

        assert summary(plan) == ["1: 0.30 close"]


class TestStyleOf:
    @pytest.mark.parametrize(
        ("able", "market", "style"),
        [
            (make_capabilities(), MarketType.SPOT, Style.PAIRS),
            (make_capabilities(oco=False), MarketType.SPOT, Style.STOPS),
            (make_capabilities(), MarketType.LINEAR, Style.SEPARATE),
            (make_capabilities(oco=False), MarketType.INVERSE, Style.SEPARATE),
            (make_capabilities(protection=ProtectionStyle.NONE), MarketType.SPOT, Style.WATCHED),
            (make_capabilities(protection=ProtectionStyle.NONE), MarketType.LINEAR, Style.WATCHED),
        ],
    )
    def test_follows_what_the_venue_can_do(self, able: Capabilities, market: MarketType, style: Style) -> None:
        assert style_of(able, market) is style


class TestFreshPosition:
    @pytest.mark.parametrize(
        ("style", "expected"),
        [
            (
                Style.PAIRS,
                ["1: 0.50 stop 90 target 110 pair", "2: 0.30 stop 90 target 120 pair", "0: 0.20 stop 90"],
            ),
            (Style.SEPARATE, ["1: 0.50 stop 90 target 110", "2: 0.30 stop 90 target 120", "0: 0.20 stop 90"]),
            (Style.STOPS, ["1: 0.50 stop 90", "2: 0.30 stop 90", "0: 0.20 stop 90"]),
            (Style.WATCHED, []),
        ],
    )
    def test_gets_a_stop_under_every_piece(self, style: Style, expected: list[str]) -> None:
        plan = plan_exits(make_view(style))

        assert summary(plan) == expected
        assert (plan.cancels, plan.is_covered) == ((), style is Style.WATCHED)

    def test_gets_one_stop_when_it_has_no_targets(self) -> None:
        assert summary(plan_exits(make_view(targets=()))) == ["0: 1.00 stop 90"]

    def test_gets_targets_alone_when_it_has_no_stop(self) -> None:
        plan = plan_exits(make_view(Style.PAIRS, stop_price=None))

        assert summary(plan) == ["1: 0.50 target 110", "2: 0.30 target 120"]
        assert plan.is_covered

    def test_keeps_what_a_fee_in_the_coin_left_off_the_step(self) -> None:
        assert summary(plan_exits(make_view(held=D("0.999"), targets=()))) == ["0: 0.99 stop 90"]

    def test_joins_a_rest_too_small_to_trade_to_nothing(self) -> None:
        plan = plan_exits(make_view(held=D("0.83"), orders=(*STOPS[:2], *TARGETS)))

        assert plan == ExitPlan(is_covered=True)


class TestProtectedPosition:
    @pytest.mark.parametrize("style", [Style.PAIRS, Style.SEPARATE, Style.STOPS])
    def test_is_left_alone(self, style: Style) -> None:
        orders = STOPS if style is Style.STOPS else (*STOPS, *TARGETS)

        assert plan_exits(make_view(style, orders=orders)) == ExitPlan(is_covered=True)

    def test_is_not_covered_before_the_venue_has_said_so(self) -> None:
        in_flight = tuple(replace(order, is_working=False) for order in STOPS)

        plan = plan_exits(make_view(orders=(*in_flight, *TARGETS)))

        assert (plan.is_idle, plan.is_covered) == (True, False)

    def test_gets_what_is_missing_and_keeps_the_rest(self) -> None:
        plan = plan_exits(make_view(orders=(*STOPS[:2], *TARGETS)))

        assert (summary(plan), plan.cancels) == (["0: 0.20 stop 90"], ())

    def test_moves_its_stops_by_cancelling_them_first(self) -> None:
        plan = plan_exits(make_view(orders=(*STOPS, *TARGETS), stop_price=D(95)))

        assert plan.cancels == tuple(order.order_id for order in STOPS)
        assert plan.placements == ()

    def test_moves_the_others_while_one_is_still_in_doubt(self) -> None:
        doubtful = replace(STOPS[0], is_working=False)

        plan = plan_exits(make_view(orders=(doubtful, *STOPS[1:], *TARGETS), stop_price=D(95)))

        assert plan.cancels == (STOPS[1].order_id, STOPS[2].order_id)

    def test_asks_for_each_cancel_once(self) -> None:
        leaving = tuple(replace(order, is_leaving=True) for order in STOPS)

        assert plan_exits(make_view(orders=(*leaving, *TARGETS), stop_price=D(95))).is_idle


class TestPairs:
    def test_half_a_pair_makes_room_for_a_new_one(self) -> None:
        others = (STOPS[1], STOPS[2], TARGETS[1])

        first = plan_exits(make_view(Style.PAIRS, orders=(TARGETS[0], *others)))
        then = plan_exits(make_view(Style.PAIRS, orders=others))

        assert (first.cancels, first.placements) == ((TARGETS[0].order_id,), ())
        assert summary(then) == ["1: 0.50 stop 90 target 110 pair"]

    def test_a_target_that_filled_takes_its_stop_with_it_and_the_others_stay(self) -> None:
        filled = (replace(NEAR, filled=D("0.5")), FAR)

        plan = plan_exits(
            make_view(Style.PAIRS, held=D("0.5"), targets=filled, orders=(STOPS[1], STOPS[2], TARGETS[1]))
        )

        assert plan == ExitPlan(is_covered=True)

    def test_a_target_that_filled_in_part_is_rebuilt_for_what_is_left(self) -> None:
        """The venue cancels the stop of a pair as soon as its target trades."""
        partly = (replace(NEAR, filled=D("0.2")), FAR)
        target = make_exit(TARGET, 1, "0.3", 21)

        plan = plan_exits(
            make_view(Style.PAIRS, held=D("0.8"), targets=partly, orders=(target, STOPS[1], STOPS[2], TARGETS[1]))
        )

        assert (plan.cancels, plan.is_covered) == ((target.order_id,), False)

    def test_a_target_the_venue_refuses_is_watched_and_its_stop_stands_alone(self) -> None:
        watched = (replace(NEAR, is_watched=True), FAR)

        plan = plan_exits(make_view(Style.PAIRS, targets=watched, orders=(STOPS[1], STOPS[2], TARGETS[1])))

        assert summary(plan) == ["1: 0.50 stop 90"]

    def test_two_of_a_pair_lock_the_same_coins(self) -> None:
        plan = plan_exits(make_view(Style.PAIRS, orders=(STOPS[0], TARGETS[0])))

        assert summary(plan) == ["2: 0.30 stop 90 target 120 pair", "0: 0.20 stop 90"]


class TestWatchedTarget:
    DUE = (replace(NEAR, is_watched=True, is_due=True), replace(FAR, is_watched=True))

    def test_on_spot_frees_its_coins_before_it_sells_them(self) -> None:
        first = plan_exits(make_view(Style.STOPS, targets=self.DUE, orders=STOPS))
        then = plan_exits(make_view(Style.STOPS, targets=self.DUE, orders=STOPS[1:]))

        assert (first.cancels, first.placements) == ((STOPS[0].order_id,), ())
        assert summary(then) == ["1: 0.50 close"]

    def test_without_native_stops_sells_at_once(self) -> None:
        assert summary(plan_exits(make_view(Style.WATCHED, targets=self.DUE))) == ["1: 0.50 close"]

    def test_sells_once(self) -> None:
        closing = make_exit(CLOSE, 1, "0.5", 31)

        assert plan_exits(make_view(Style.WATCHED, targets=self.DUE, orders=(closing,))).is_idle

    def test_sells_the_rest_of_what_filled_in_part(self) -> None:
        partly = (replace(self.DUE[0], filled=D("0.2")), self.DUE[1])

        assert summary(plan_exits(make_view(Style.WATCHED, held=D("0.8"), targets=partly))) == ["1: 0.30 close"]

    def test_leaves_a_rest_too_small_to_sell_under_the_stop(self) -> None:
        partly = (replace(self.DUE[0], filled=D("0.48")), self.DUE[1])

        plan = plan_exits(make_view(Style.STOPS, held=D("0.52"), targets=partly, orders=(STOPS[1],)))

        assert summary(plan) == ["0: 0.22 stop 90"]

    def test_never_sells_more_than_is_held(self) -> None:
        assert summary(plan_exits(make_view(Style.WATCHED, held=D("0.4"), targets=self.DUE))) == ["1: 0.40 close"]


class TestRefusedStop:
    def test_of_a_watched_piece_is_not_tried_again(self) -> None:
        plan = plan_exits(make_view(Style.STOPS, watched_pieces=frozenset({0}), orders=STOPS[:2]))

        assert plan == ExitPlan(is_covered=True)


class TestGrowingPosition:
    """While the entry fills, what came in gets a stop of its own; what stands is not touched."""

    def test_gets_its_first_stop_with_the_first_fill(self) -> None:
        assert summary(plan_exits(make_view(is_entry_working=True))) == [f"{GROWTH_PIECE + 1}: 1.00 stop 90"]

    def test_gets_another_stop_for_what_came_since(self) -> None:
        first = make_exit(STOP, GROWTH_PIECE + 1, "0.4", 1)

        plan = plan_exits(make_view(is_entry_working=True, orders=(first,)))

        assert (summary(plan), plan.cancels) == ([f"{GROWTH_PIECE + 2}: 0.60 stop 90"], ())

    def test_waits_until_enough_has_come_in(self) -> None:
        first = make_exit(STOP, GROWTH_PIECE + 1, "0.96", 1)

        assert plan_exits(make_view(is_entry_working=True, orders=(first,))) == ExitPlan(is_covered=True)

    def test_is_divided_over_its_targets_when_the_entry_is_over(self) -> None:
        grown = (make_exit(STOP, GROWTH_PIECE + 1, "0.4", 1), make_exit(STOP, GROWTH_PIECE + 2, "0.6", 2))

        first = plan_exits(make_view(Style.STOPS, orders=grown))
        then = plan_exits(make_view(Style.STOPS))

        assert (first.cancels, first.placements) == ((UUID(int=1), UUID(int=2)), ())
        assert summary(then) == ["1: 0.50 stop 90", "2: 0.30 stop 90", "0: 0.20 stop 90"]

    def test_is_watched_where_the_venue_holds_nothing(self) -> None:
        assert plan_exits(make_view(Style.WATCHED, is_entry_working=True)) == ExitPlan(is_covered=True)

    def test_never_leaves_dust_while_more_may_come(self) -> None:
        assert plan_exits(make_view(is_entry_working=True, held=D("0.01"))).dust == 0


class TestWantedClose:
    def test_on_derivatives_keeps_the_stops_until_it_is_flat(self) -> None:
        plan = plan_exits(make_view(orders=(*STOPS, *TARGETS), wants_close=True))

        assert summary(plan) == ["0: 1.00 close"]
        assert plan.cancels == tuple(order.order_id for order in TARGETS)

    @pytest.mark.parametrize("style", [Style.PAIRS, Style.STOPS])
    def test_on_spot_frees_the_coins_first(self, style: Style) -> None:
        first = plan_exits(make_view(style, orders=STOPS, wants_close=True))
        then = plan_exits(make_view(style, wants_close=True))

        assert (first.cancels, first.placements) == (tuple(order.order_id for order in STOPS), ())
        assert summary(then) == ["0: 1.00 close"]

    def test_beside_another_signal_lets_nothing_else_close_at_the_same_time(self) -> None:
        first = plan_exits(make_view(orders=(*STOPS, *TARGETS), wants_close=True, is_shared=True))
        then = plan_exits(make_view(wants_close=True, is_shared=True))

        assert (len(first.cancels), first.placements) == (5, ())
        assert summary(then) == ["0: 1.00 close"]

    def test_waits_for_a_stop_of_which_nobody_knows_yet(self) -> None:
        in_flight = replace(STOPS[0], is_working=False)

        assert plan_exits(make_view(Style.STOPS, orders=(in_flight,), wants_close=True)).is_idle

    def test_closes_once(self) -> None:
        assert plan_exits(make_view(orders=(make_exit(CLOSE, 0, "1"),), wants_close=True)).is_idle

    def test_closes_what_came_in_meanwhile(self) -> None:
        plan = plan_exits(make_view(orders=(make_exit(CLOSE, 0, "0.4"),), wants_close=True, is_entry_working=True))

        assert summary(plan) == ["0: 0.60 close"]

    def test_does_not_wait_for_ever_under_a_stop_too_small_to_close(self) -> None:
        crumb = make_exit(STOP, 0, "0.02")

        first = plan_exits(make_view(held=D("0.02"), targets=(), orders=(crumb,), wants_close=True))
        then = plan_exits(make_view(held=D("0.02"), targets=(), wants_close=True))

        assert first.cancels == (crumb.order_id,)
        assert then.dust == D("0.02")


class TestFlatPosition:
    def test_takes_back_what_still_works(self) -> None:
        leaving = replace(TARGETS[0], is_leaving=True)
        in_flight = replace(TARGETS[1], is_working=False)

        plan = plan_exits(make_view(held=D(0), orders=(STOPS[0], leaving, in_flight)))

        assert plan == ExitPlan(cancels=(STOPS[0].order_id,))

    @pytest.mark.parametrize(
        ("changes", "dust"),
        [({}, "0.04"), ({"orders": (make_exit(STOP, 0, "0.04"),)}, "0"), ({"held": D("0.05")}, "0")],
    )
    def test_leaves_dust_when_nothing_else_is_left_to_do(self, changes: dict[str, Any], dust: str) -> None:
        assert plan_exits(make_view(**{"held": D("0.04"), "targets": (), **changes})).dust == D(dust)


class TestShrunkPosition:
    def test_keeps_the_nearest_targets_when_somebody_sold_a_part(self) -> None:
        plan = plan_exits(make_view(Style.STOPS, held=D("0.6"), orders=STOPS))

        assert plan.cancels == (STOPS[1].order_id, STOPS[2].order_id)

    def test_never_places_more_than_is_held_beside_what_has_not_left_yet(self) -> None:
        leaving = replace(STOPS[1], is_leaving=True)

        plan = plan_exits(make_view(Style.STOPS, held=D("0.6"), orders=(STOPS[0], leaving)))

        assert plan.placements == ()
