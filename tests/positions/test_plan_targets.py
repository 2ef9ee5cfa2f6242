from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import Side
from core.decimals import Direction, is_multiple, round_to_step
from positions.exits import PlannedTarget, plan_targets
from tests.values import BUY, SELL

D = Decimal
QUANTITIES = st.decimals(min_value=D("0.000001"), max_value=D(10_000), places=6)
STEPS = st.sampled_from([D("0.000001"), D("0.001"), D("0.1"), D(1), D("0.25")])


@st.composite
def shares(draw: st.DrawFn, *, whole: bool = False) -> list[tuple[Decimal, Decimal]]:
    """Up to five targets whose shares add up to one at most, or to exactly one."""
    weights = draw(st.lists(st.integers(1, 100), min_size=1, max_size=5))
    total = sum(weights) if whole else sum(weights) + draw(st.integers(0, 100))
    parts = [D(weight) / total for weight in weights]
    rest = 1 - sum(parts[:-1], D(0))
    return [
        (D(100 + number), rest if whole and number == len(parts) - 1 else part)
        for number, part in enumerate(parts)
    ]


def plan(
    quantity: str,
    *prices_and_shares: tuple[int, str],
    side: Side = BUY,
    step: str = "0.01",
    smallest: str = "0.01",
) -> list[tuple[int, str]]:
    pairs = [(D(price), D(share)) for price, share in prices_and_shares]
    planned = plan_targets(
        quantity=D(quantity), prices_and_shares=pairs, side=side, step=D(step), smallest=D(smallest)
    )
    return [(int(target.price), str(target.quantity)) for target in planned]


class TestPlanTargets:
    def test_divides_by_share_nearest_first(self) -> None:
        assert plan("1", (120, "0.2"), (110, "0.5"), (130, "0.3")) == [(110, "0.50"), (120, "0.20"), (130, "0.30")]

    def test_has_the_nearest_at_the_top_when_selling(self) -> None:
        assert plan("1", (80, "0.5"), (90, "0.5"), side=SELL) == [(90, "0.50"), (80, "0.50")]

    def test_gives_the_last_what_rounding_left(self) -> None:
        assert plan("1", (110, "0.333"), (120, "0.333"), (130, "0.334")) == [
            (110, "0.33"),
            (120, "0.33"),
            (130, "0.34"),
        ]

    def test_leaves_alone_what_no_share_takes(self) -> None:
        assert plan("1", (110, "0.25"), (120, "0.25")) == [(110, "0.25"), (120, "0.25")]

    @pytest.mark.parametrize(
        ("quantity", "expected"),
        [
            ("1", [(110, "0.20"), (120, "0.30"), (130, "0.50")]),
            ("0.4", [(110, "0"), (120, "0.20"), (130, "0.20")]),
            ("0.2", [(110, "0"), (120, "0.10"), (130, "0.10")]),
            ("0.15", [(110, "0"), (120, "0"), (130, "0.15")]),
            ("0.1", [(110, "0"), (120, "0"), (130, "0.10")]),
        ],
    )
    def test_joins_what_is_too_small_with_the_next(self, quantity: str, expected: list[tuple[int, str]]) -> None:
        found = plan(quantity, (110, "0.2"), (120, "0.3"), (130, "0.5"), smallest="0.1")

        assert [(price, D(amount)) for price, amount in found] == [
            (price, D(amount)) for price, amount in expected
        ]

    def test_joins_a_last_one_that_is_too_small_with_the_one_before(self) -> None:
        found = plan("1", (110, "0.95"), (120, "0.05"), smallest="0.1")

        assert [(price, D(amount)) for price, amount in found] == [(110, D(1)), (120, D(0))]

    def test_takes_nothing_where_everything_together_is_too_small(self) -> None:
        """An order of a hundredth would be refused; the stop keeps the whole position instead."""
        assert [amount for _, amount in plan("1", (110, "0.01"), (120, "0.02"), smallest="0.05")] == [
            "0.00",
            "0.00",
        ]

    def test_plans_nothing_without_targets(self) -> None:
        assert plan("1") == []

    @given(QUANTITIES, shares(), st.sampled_from(Side), STEPS, st.integers(1, 50))
    def test_never_takes_more_than_there_is_nor_less_than_can_trade(
        self, quantity: Decimal, pairs: Any, side: Side, step: Decimal, smallest: int
    ) -> None:
        planned = plan_targets(
            quantity=quantity, prices_and_shares=pairs, side=side, step=step, smallest=smallest * step
        )

        assert sum(target.quantity for target in planned) <= quantity
        assert all(target.quantity == 0 or target.quantity >= smallest * step for target in planned)

    @given(QUANTITIES, shares(whole=True), STEPS, st.integers(1, 50))
    def test_takes_everything_when_the_shares_say_so(
        self, quantity: Decimal, pairs: Any, step: Decimal, smallest: int
    ) -> None:
        planned = plan_targets(
            quantity=quantity, prices_and_shares=pairs, side=BUY, step=step, smallest=smallest * step
        )

        can_trade = quantity >= smallest * step
        assert sum(target.quantity for target in planned) == (quantity if can_trade else 0)

    @given(QUANTITIES, shares(), STEPS)
    def test_keeps_every_piece_on_the_step_but_the_one_with_the_rest(
        self, quantity: Decimal, pairs: Any, step: Decimal
    ) -> None:
        on_step = round_to_step(quantity, step, Direction.DOWN)

        planned = plan_targets(quantity=on_step, prices_and_shares=pairs, side=BUY, step=step, smallest=step)

        assert all(is_multiple(target.quantity, step) for target in planned)

    @given(QUANTITIES, shares(), st.sampled_from(Side))
    def test_keeps_every_price_nearest_first(self, quantity: Decimal, pairs: Any, side: Side) -> None:
        planned = plan_targets(
            quantity=quantity, prices_and_shares=pairs, side=side, step=D("0.1"), smallest=D("0.1")
        )

        prices = [target.price * side.sign for target in planned]
        assert prices == sorted(price * side.sign for price, _ in pairs)
        assert all(isinstance(target, PlannedTarget) and not target.is_reached for target in planned)
