"""Values from the environment that need reading."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import factors


class TestFactors:
    def test_are_numbers_by_name(self) -> None:
        assert factors("REQUEST_BUDGETS", ["binance=2", " kraken=0.5"]) == {"binance": 2.0, "kraken": 0.5}

    @pytest.mark.parametrize(
        "text", ["binance", "binance=", "binance=two", "binance=0", "binance=-1", "binance=inf"]
    )
    def test_refuse_what_is_no_number_above_zero(self, text: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=f"REQUEST_BUDGETS says '{text}'"):
            factors("REQUEST_BUDGETS", ["kraken=2", text])
