"""The short way sends what ccxt would send, and is not taken where it does not lead."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from connections.adapters.ccxt import swift
from connections.adapters.ccxt.dialects import dialect_of
from connections.adapters.ccxt.reports import instrument_of
from connections.adapters.ccxt.requests import create_arguments
from connections.contract import Attached, MarketType, OrderTicket, OrderType, ReportStatus, TimeInForce
from connections.errors import OutcomeUnknown
from tests.connections.adapters.ccxt.test_requests import LIMIT, STOP, fields_of
from tests.connections.adapters.ccxt.wired import SentError, wired
from tests.values import BTC, BTC_SWAP, BUY, NOON, SELL, D, make_ticket

SPOT, LINEAR, INVERSE = MarketType.SPOT, MarketType.LINEAR, MarketType.INVERSE
STOP_LIMIT = {"order_type": OrderType.STOP_LIMIT, "stop_price": D("49000"), "price": D("48900")}
GTD = {"time_in_force": TimeInForce.GTD, "expires_at": NOON + timedelta(hours=1)}
IOC, FOK = {"time_in_force": TimeInForce.IOC}, {"time_in_force": TimeInForce.FOK}
#: ccxt sets this by type of order; it decides how much the answer says, not what is done.
TOLD = "newOrderRespType"
#: Differ from call to call, or follow from those that do.
MOMENTARY = {"timestamp", "signature", TOLD}

MATRIX = [
    (SPOT, {}),
    (SPOT, {"side": SELL}),
    (SPOT, {"reference_price": D("50000")}),
    (SPOT, {"quantity": D("1E-5")}),
    (SPOT, LIMIT),
    (SPOT, LIMIT | {"side": SELL}),
    (SPOT, LIMIT | IOC),
    (SPOT, LIMIT | FOK),
    (SPOT, LIMIT | {"price": D("5E+4"), "quantity": D("0.12300")}),
    (SPOT, STOP),
    (SPOT, STOP | {"side": SELL, "reduce_only": True}),
    (SPOT, IOC),
    (LINEAR, {}),
    (LINEAR, {"side": SELL, "reduce_only": True}),
    (LINEAR, LIMIT),
    (LINEAR, LIMIT | IOC),
    (LINEAR, LIMIT | FOK),
    (LINEAR, LIMIT | GTD),
    (LINEAR, LIMIT | {"side": SELL, "reduce_only": True}),
]


def ticket_for(market: MarketType, changes: dict[str, Any]) -> OrderTicket:
    return make_ticket(**{"symbol": BTC if market is SPOT else BTC_SWAP, "side": BUY, **changes})


async def both_ways(market: MarketType, ticket: OrderTicket) -> tuple[SentError, SentError]:
    """Return the request of the short way, and that of ccxt's own."""
    account = wired("binance", market)
    instrument = instrument_of(account.markets[ticket.symbol])
    with pytest.raises(SentError) as short:
        await swift.submit(account, ticket, instrument)
    with pytest.raises(SentError) as long:
        await account.create_order(*create_arguments(ticket, instrument, dialect_of("binance")))
    return short.value, long.value


class TestSubmit:
    @pytest.mark.parametrize(("market", "changes"), MATRIX)
    async def test_sends_what_ccxt_would_send(self, market: MarketType, changes: dict[str, Any]) -> None:
        ticket = ticket_for(market, changes)
        assert swift.can_submit("binance", market, ticket)

        short, long = await both_ways(market, ticket)

        assert (short.method, short.url) == (long.method, long.url)
        assert without(fields_of(short)) == without(fields_of(long))

    async def test_signs_as_ccxt_does(self) -> None:
        """One order, one moment: the key travels in the same header, and ccxt's own signature of the bytes is ours."""
        short, long = await both_ways(SPOT, ticket_for(SPOT, LIMIT))
        bytes_signed, _, signature = short.body.rpartition("&signature=")
        account = wired("binance", SPOT)

        assert signature == account.hmac(
            account.encode(bytes_signed), account.encode(account.secret), hashlib.sha256
        )
        assert short.headers["X-MBX-APIKEY"] == long.headers["X-MBX-APIKEY"] == "k3y"

    async def test_asks_spot_for_the_executions(self) -> None:
        short, _ = await both_ways(SPOT, ticket_for(SPOT, {}))

        assert fields_of(short)[TOLD] == "FULL"


class TestCanSubmit:
    @pytest.mark.parametrize(
        ("exchange", "market", "changes"),
        [
            ("kraken", SPOT, {}),
            ("binanceus", SPOT, {}),
            ("binance", INVERSE, {}),
            ("binance", LINEAR, STOP),
            ("binance", LINEAR, STOP_LIMIT),
            ("binance", SPOT, STOP_LIMIT),
            ("binance", SPOT, {"attached": Attached(stop_price=D("49000"))}),
            ("binance", LINEAR, LIMIT | {"attached": Attached(stop_price=D("49000"))}),
        ],
    )
    def test_leaves_the_rest_to_ccxt(self, exchange: str, market: MarketType, changes: dict[str, Any]) -> None:
        assert not swift.can_submit(exchange, market, ticket_for(market, changes))


class TestReadOrder:
    SPOT_ROW = {
        "symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "ours", "transactTime": 1795262400000, "price": "0.00000000",
        "origQty": "0.30000000", "executedQty": "0.30000000", "cummulativeQuoteQty": "15000.03", "status": "FILLED",
        "type": "MARKET", "side": "BUY",
        "fills": [{"price": "50000.1", "qty": "0.3", "commission": "0.0001", "commissionAsset": "BNB", "tradeId": 5}],
    }  # fmt: skip

    def test_is_exact(self) -> None:
        report = swift.read_order(self.SPOT_ROW, BTC)

        assert (report.status, report.filled, report.average_price) == (
            ReportStatus.FILLED,
            D("0.3"),
            D("50000.1"),
        )
        assert (report.price, report.stop_price, report.updated_at) == (None, None, NOON)
        assert (report.fills[0].fee, report.fills[0].fee_currency) == (D("0.0001"), "BNB")

    @pytest.mark.parametrize(
        ("status", "filled", "ours"),
        [
            ("NEW", "0", ReportStatus.ACCEPTED),
            ("PENDING_NEW", "0", ReportStatus.ACCEPTED),
            ("PARTIALLY_FILLED", "0.1", ReportStatus.PARTIALLY_FILLED),
            ("EXPIRED", "0.1", ReportStatus.CANCELLED),
            ("EXPIRED_IN_MATCH", "0", ReportStatus.CANCELLED),
            ("CANCELED", "0", ReportStatus.CANCELLED),
            ("REJECTED", "0", ReportStatus.REJECTED),
        ],
    )
    def test_says_what_became_of_it(self, status: str, filled: str, ours: ReportStatus) -> None:
        row = {**self.SPOT_ROW, "status": status, "executedQty": filled, "fills": []}

        assert (swift.read_order(row, BTC).status, swift.read_order(row, BTC).filled) == (ours, D(filled))

    @pytest.mark.parametrize(
        "broken",
        [
            {}, {"status": "SOMETHING_NEW"}, {"executedQty": None}, {"side": "BOTH"}, {"origQty": "lots"},
            {"transactTime": "soon"}, {"fills": [{"price": "1"}]}, {"fills": "none"}, {"price": None},
        ],
    )  # fmt: skip
    def test_doubts_what_cannot_be_read(self, broken: dict[str, Any]) -> None:
        row = {**self.SPOT_ROW, **broken} if broken else {}

        with pytest.raises(OutcomeUnknown):
            swift.read_order(row, BTC)

    @pytest.mark.parametrize("row", [[], "order", None, 7, [{"orderId": 7}]])
    def test_doubts_what_is_no_order(self, row: Any) -> None:
        with pytest.raises(OutcomeUnknown):
            swift.read_order(row, BTC)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
    @pytest.mark.parametrize("field", ["executedQty", "origQty"])
    def test_doubts_numbers_that_are_none(self, field: str, number: str) -> None:
        with pytest.raises(OutcomeUnknown):
            swift.read_order({**self.SPOT_ROW, field: number, "fills": []}, BTC)

    def test_keeps_nothing_of_a_reply_it_does_not_know(self) -> None:
        report = swift.read_order({**self.SPOT_ROW, "apiKey": "k3y", "listenKey": "l1sten"}, BTC)

        assert report.raw["orderId"] == 7
        assert not {"apiKey", "listenKey"} & set(report.raw)


def without(fields: dict[str, str]) -> dict[str, str]:
    """Return the fields that decide what is done."""
    return {name: value for name, value in fields.items() if name not in MOMENTARY}
