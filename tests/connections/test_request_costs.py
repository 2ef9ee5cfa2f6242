"""What a request costs of the budget that all accounts of a venue share."""

from typing import Any

import pytest

from connections.adapters.ccxt.exchanges import described
from connections.contract import MarketType

BINANCE = described("binance", MarketType.SPOT)


class TestCost:
    @pytest.mark.parametrize(
        ("section", "method", "path", "params", "units"),
        [
            ("private", "GET", "myTrades", {"symbol": "BTCUSDT", "orderId": "1"}, 1),
            ("private", "GET", "myTrades", {"symbol": "BTCUSDT"}, 4),
            ("fapiPrivate", "POST", "order", {"symbol": "BTCUSDT"}, 0),
            ("private", "POST", "order", {"symbol": "BTCUSDT"}, 0.2),
        ],
    )
    def test_is_what_the_venue_counts(
        self, section: str, method: str, path: str, params: dict[str, Any], units: float
    ) -> None:
        stated = BINANCE.api[section][method.lower()][path]

        cost = BINANCE.calculate_rate_limiter_cost(section, method, path, params, stated)

        assert cost == units
