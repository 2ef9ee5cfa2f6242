from decimal import Decimal

import pytest

from core.amounts import grouped, rounded, with_currency


class TestGrouped:
    @pytest.mark.parametrize(
        ("value", "text"),
        [("64250.50", "64,250.5"), ("-1234", "\N{MINUS SIGN}1,234"), ("0", "0"), ("0.00000001", "0.00000001")],
    )
    def test_groups_digits_and_leaves_out_idle_zeros(self, value: str, text: str) -> None:
        assert grouped(Decimal(value)) == text


class TestRounded:
    def test_rounds_money_to_cents_and_coins_to_eight_decimals(self) -> None:
        assert rounded(Decimal("1.005"), "USDT") == Decimal("1.01")
        assert rounded(Decimal("0.123456789"), "BTC") == Decimal("0.12345679")


class TestWithCurrency:
    def test_shows_cents_where_there_are_cents(self) -> None:
        assert with_currency(Decimal("1250.4"), "USDT") == "1,250.40 USDT"
        assert with_currency(Decimal("0.5"), "BTC") == "0.5 BTC"

    def test_shows_the_sign_of_what_is_left_after_rounding(self) -> None:
        assert with_currency(Decimal("12.5"), "USDT", plus="+") == "+12.50 USDT"
        assert with_currency(Decimal("-12.5"), "USDT", plus="+") == "\N{MINUS SIGN}12.50 USDT"
        assert with_currency(Decimal("-0.001"), "USDT", plus="+") == "0.00 USDT"
