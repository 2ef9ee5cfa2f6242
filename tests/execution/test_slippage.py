from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import Side
from execution.slippage import slippage_of
from tests.values import BUY, SELL

D = Decimal
PRICES = st.decimals(min_value=D("0.0001"), max_value=D(1_000_000), places=4)


class TestSlippage:
    # Source: slippage-tca, tests/test_ex_own_vwap.py (the first, which prints 9.90 bps against the market's volume
    # weighted price), and two from the definition: positive is worse than the benchmark.
    @pytest.mark.parametrize(
        ("expected", "fill", "bps", "amount"),
        [
            ("100.1458333333333333", "100.245", "9.9", "99.1667"),
            ("100", "100.16", "16.0", "160.0000"),
            ("100", "99.9", "-10.0", "-100.0000"),
        ],
    )
    def test_of_a_buy_of_a_thousand(self, expected: str, fill: str, bps: str, amount: str) -> None:
        cost = slippage_of(side=BUY, expected=D(expected), fill=D(fill), quantity=D(1000), pip=D("0.01"))

        assert (round(cost.bps, 1), round(cost.amount, 4)) == (D(bps), D(amount))

    # Source: derived from quotes of EUR/USD and USD/JPY with their usual pips; adverse is positive.
    @pytest.mark.parametrize(
        ("side", "expected", "fill", "pip", "pips"),
        [
            (BUY, "1.08125", "1.0814", "0.0001", "1.5"),
            (SELL, "1.08125", "1.0814", "0.0001", "-1.5"),
            (BUY, "149.5", "149.48", "0.01", "-2"),
        ],
    )
    def test_in_pips(self, side: Side, expected: str, fill: str, pip: str, pips: str) -> None:
        cost = slippage_of(side=side, expected=D(expected), fill=D(fill), quantity=D(1), pip=D(pip))

        assert cost.pips == D(pips)

    @given(PRICES, PRICES)
    def test_of_a_buy_is_what_a_seller_gained(self, expected: Decimal, fill: Decimal) -> None:
        bought = slippage_of(side=BUY, expected=expected, fill=fill, quantity=D(3), pip=D("0.01"))
        sold = slippage_of(side=SELL, expected=expected, fill=fill, quantity=D(3), pip=D("0.01"))

        assert (bought.bps, bought.pips, bought.amount) == (-sold.bps, -sold.pips, -sold.amount)

    @given(PRICES, st.sampled_from(Side))
    def test_is_nothing_at_the_expected_price(self, price: Decimal, side: Side) -> None:
        cost = slippage_of(side=side, expected=price, fill=price, quantity=D(3), pip=D("0.01"))

        assert (cost.per_unit, cost.bps, cost.pips, cost.amount) == (0, 0, 0, 0)

    @given(PRICES, PRICES, st.sampled_from(Side))
    def test_is_worse_exactly_when_one_pays_more_or_gets_less(
        self, expected: Decimal, fill: Decimal, side: Side
    ) -> None:
        cost = slippage_of(side=side, expected=expected, fill=fill, quantity=D(3), pip=D("0.01"))

        assert (cost.amount > 0) == (fill > expected if side is BUY else fill < expected)
