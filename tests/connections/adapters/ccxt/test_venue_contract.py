"""The contract, kept at the simulated exchange: Binance's spot and USD-M dialects over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from connections.adapters.ccxt.wire import close_wire
from connections.budget import close_budgets
from connections.contract import MarketType
from tests.connections.adapters.ccxt.desk import BinanceDesk
from tests.connections.adapters.contract import AdapterContract
from tests.venue_process import RunningVenue


class _AtTheVenue(AdapterContract):
    market: MarketType

    @pytest.fixture
    async def desk(self, venue: RunningVenue) -> AsyncIterator[BinanceDesk]:
        """An account with 100,000 dollars, and a bitcoin on spot."""
        desk = BinanceDesk(venue, self.market)
        yield desk
        desk.wait_until_back()
        await close_wire()
        await close_budgets()


class TestSpotContract(_AtTheVenue):
    """Spot: stops and pairs that lock coins."""

    market = MarketType.SPOT


class TestUsdmContract(_AtTheVenue):
    """USD-M: conditional orders on a shelf of their own, orders that only reduce, leverage."""

    market = MarketType.LINEAR
