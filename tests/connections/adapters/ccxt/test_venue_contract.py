"""The contract, kept at the simulated exchange: Binance's spot and USD-M dialects over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from connections.adapters.ccxt.wire import close_wire
from connections.budget import close_budgets
from connections.contract import MarketType
from tests.connections.adapters.ccxt.desk import BinanceDesk
from tests.connections.adapters.contract import AdapterContract
from tests.connections.adapters.desk import Step, ref_of
from tests.venue_process import RunningVenue

#: An order as either dialect tells it, with what nobody asked for.
LEAKING = {
    "symbol": "BTCUSDT", "orderId": 7, "price": "54000", "avgPrice": "0", "origQty": "0.01", "executedQty": "0",
    "cummulativeQuoteQty": "0", "cumQuote": "0", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY",
    "stopPrice": "0", "transactTime": 1795262400000, "time": 1795262400000, "updateTime": 1795262400000,
    "reduceOnly": False, "listenKey": "l1sten", "account": {"apiKey": "k3y"},
}  # fmt: skip


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

    async def test_masks_secrets_in_raw_replies(self, desk: BinanceDesk) -> None:
        """What a reply should never have said is not kept beside the report, however the order was asked for."""
        ticket = desk.resting()
        desk.reply(Step.SUBMIT, LEAKING | {"clientOrderId": ticket.client_order_id})
        desk.reply(Step.FIND, LEAKING | {"clientOrderId": ticket.client_order_id})

        reports = [await desk.adapter.submit(ticket), await desk.adapter.find(ref_of(ticket))]

        for report in reports:
            assert report is not None
            assert str(report.raw["orderId"]) == "7"
            assert "l1sten" not in str(report.raw)
            assert "k3y" not in str(report.raw)


class TestSpotContract(_AtTheVenue):
    """Spot: stops and pairs that lock coins."""

    market = MarketType.SPOT


class TestUsdmContract(_AtTheVenue):
    """USD-M: conditional orders on a shelf of their own, orders that only reduce, leverage."""

    market = MarketType.LINEAR
