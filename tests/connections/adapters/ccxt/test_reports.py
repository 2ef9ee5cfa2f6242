"""ccxt's structures as reports: exact, whole, and never made up."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connections.adapters.ccxt import reports
from connections.adapters.ccxt.dialects import DEFAULT, dialect_of
from connections.contract import AssetBalance, FillReport, OrderReport, ReportStatus, Side
from connections.errors import OutcomeUnknown

D = Decimal
ONE = D(1)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOON_MS = 1795262400000


def order(**changes: Any) -> dict[str, Any]:
    """A resting limit order as ccxt parses it, numbers as text."""
    values: dict[str, Any] = {
        "id": "77",
        "clientOrderId": "aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "symbol": "BTC/USDT",
        "type": "limit",
        "side": "buy",
        "status": "open",
        "amount": "0.3",
        "filled": "0",
        "average": None,
        "price": "59000.10",
        "timestamp": NOON_MS,
        "trades": [],
        "info": {"orderId": 77},
    }
    return {**values, **changes}


def trade(**changes: Any) -> dict[str, Any]:
    """An execution as ccxt parses it."""
    values = {
        "id": "5",
        "order": "77",
        "symbol": "BTC/USDT",
        "side": "buy",
        "amount": "0.1",
        "price": "59000.1",
        "fee": {"cost": "0.0001", "currency": "BTC"},
        "timestamp": NOON_MS,
        "takerOrMaker": "maker",
    }
    return {**values, **changes}


def read(*, size: Decimal = ONE, **changes: Any) -> OrderReport:
    return reports.order_report(order(**changes), DEFAULT, size)


class TestOrderReport:
    @pytest.mark.parametrize(
        ("status", "filled", "ours"),
        [
            ("open", "0", ReportStatus.ACCEPTED),
            ("open", "0.1", ReportStatus.PARTIALLY_FILLED),
            ("closed", "0.3", ReportStatus.FILLED),
            ("closed", "0.1", ReportStatus.CANCELLED),  # rests no longer, and was not filled
            ("closed", "0", ReportStatus.CANCELLED),
            ("canceled", "0.1", ReportStatus.CANCELLED),
            ("canceling", "0", ReportStatus.ACCEPTED),
            ("expired", "0", ReportStatus.CANCELLED),
            ("expired", "0.1", ReportStatus.CANCELLED),
            ("rejected", "0", ReportStatus.REJECTED),
            (None, "0", ReportStatus.ACCEPTED),  # some venues acknowledge with an id and nothing else
            ("pending_new", "0", ReportStatus.ACCEPTED),
        ],
    )
    def test_says_what_became_of_it(self, status: str | None, filled: str, ours: ReportStatus) -> None:
        report = read(status=status, filled=filled)

        assert (report.status, report.filled) == (ours, D(filled))

    @pytest.mark.parametrize(
        ("status", "reason"), [("expired", "EXPIRED"), ("rejected", "REJECTED"), ("open", "")]
    )
    def test_names_why_it_ended(self, status: str, reason: str) -> None:
        assert read(status=status).reason == reason

    def test_is_exact(self) -> None:
        report = read(amount="0.10000000000000001", price="0.000000012345678901")

        assert (report.quantity, report.price) == (D("0.10000000000000001"), D("0.000000012345678901"))
        assert report.updated_at == NOON

    def test_counts_contracts_in_base_units(self) -> None:
        report = read(size=D("0.001"), amount="300", filled="100", trades=[trade(amount="100")])

        assert (report.quantity, report.filled) == (D("0.3"), D("0.1"))
        assert report.fills[0].quantity == D("0.1")

    def test_has_no_price_for_a_market_order(self) -> None:
        """ccxt writes the average there, which is no limit anybody set."""
        assert read(type="market", price="60003", average="60003").price is None

    @pytest.mark.parametrize("name", ["stopPrice", "triggerPrice", "stopLossPrice"])
    def test_finds_the_stop_price_wherever_ccxt_puts_it(self, name: str) -> None:
        report = reports.order_report(order() | {name: "58000"}, DEFAULT, ONE)

        assert report.stop_price == D(58000)

    @pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}])
    def test_doubts_an_order_without_a_name(self, missing: dict[str, Any]) -> None:
        """What ccxt makes of an empty, cut or foreign reply is an order full of nothing."""
        with pytest.raises(OutcomeUnknown):
            read(**missing)

    @pytest.mark.parametrize(
        "broken",
        [{"filled": "NaN"}, {"amount": "lots"}, {"side": "both"}, {"price": "1e400"}, {"trades": [{"id": "5"}]}],
    )
    def test_doubts_what_cannot_be_read(self, broken: dict[str, Any]) -> None:
        with pytest.raises(OutcomeUnknown):
            read(**broken)

    def test_leaves_out_what_the_reply_left_out(self) -> None:
        bare = {"id": "77", "symbol": "BTC/USDT", "info": None}

        report = reports.order_report(bare, DEFAULT, ONE)

        assert (report.side, report.quantity, report.price, report.average_price) == (None, None, None, None)
        assert (report.client_order_id, report.updated_at, report.filled) == (None, None, D(0))

    def test_tells_executions_with_what_the_order_says(self) -> None:
        bare = {"id": "5", "amount": "0.1", "price": "59000", "fee": {"cost": None, "currency": None}}

        [fill] = read(filled="0.1", trades=[bare], lastTradeTimestamp=NOON_MS).fills

        assert (fill.symbol, fill.side, fill.venue_order_id) == ("BTC/USDT", Side.BUY, "77")
        assert (fill.fee, fill.fee_currency, fill.traded_at) == (D(0), "", NOON)

    @pytest.mark.parametrize(
        ("exchange", "rendered", "ours"),
        [
            ("gate", "t-aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("hyperliquid", "0x" + "00" * 16, "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("hyperliquid", "web-order", "web-order"),  # not one of ours
            ("binance", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ],
    )
    def test_reads_our_id_back(self, exchange: str, rendered: str, ours: str) -> None:
        report = reports.order_report(order(clientOrderId=rendered), dialect_of(exchange), ONE)

        assert report.client_order_id == ours

    def test_masks_secrets_in_the_raw_reply(self) -> None:
        report = read(info={"orderId": 77, "apiKey": "k3y", "nested": {"listenKey": "l1sten"}})

        assert "k3y" not in str(report.raw)
        assert "l1sten" not in str(report.raw)
        assert report.raw["orderId"] == 77


class TestFillReport:
    def test_is_exact(self) -> None:
        fill = reports.fill_report(trade(), DEFAULT, ONE)

        assert fill == FillReport(
            venue_trade_id="BTC/USDT#5#B",
            symbol="BTC/USDT",
            side=Side.BUY,
            quantity=D("0.1"),
            price=D("59000.1"),
            fee=D("0.0001"),
            fee_currency="BTC",
            traded_at=NOON,
            venue_order_id="77",
            is_maker=True,
        )

    @pytest.mark.parametrize(
        ("fees", "fee", "currency"),
        [
            ({"fee": {"cost": "0.2", "currency": "USDT"}}, "0.2", "USDT"),
            ({"fee": {"cost": "0.00001", "currency": "BNB"}}, "0.00001", "BNB"),  # a third currency
            ({"fee": {"cost": "-0.01", "currency": "USDT"}}, "-0.01", "USDT"),  # a rebate
            ({"fee": None}, "0", ""),
            ({"fee": {"cost": None, "currency": "USDT"}}, "0", ""),
            ({"fees": [{"cost": "0.1", "currency": "USDT"}, {"cost": "0.2", "currency": "USDT"}]}, "0.3", "USDT"),
        ],
    )
    def test_tells_what_the_venue_took(self, fees: dict[str, Any], fee: str, currency: str) -> None:
        fill = reports.fill_report(trade(**fees), DEFAULT, ONE)

        assert (fill.fee, fill.fee_currency) == (D(fee), currency)

    def test_tells_both_sides_of_a_trade_with_oneself_apart(self) -> None:
        sides = [reports.fill_report(trade(side=side), DEFAULT, ONE).venue_trade_id for side in ("buy", "sell")]

        assert len(set(sides)) == 2

    def test_tells_trades_of_two_symbols_apart(self) -> None:
        """Venues count per symbol."""
        ids = [reports.fill_report(trade(symbol=each), DEFAULT, ONE).venue_trade_id for each in ("A/B", "C/B")]

        assert len(set(ids)) == 2


class TestBalanceOf:
    def test_leaves_out_what_is_zero(self) -> None:
        reply = {
            "total": {"USDT": "10.5", "BTC": "0", "XRP": None},
            "free": {"USDT": "3", "BTC": "0", "XRP": None},
        }

        balance = reports.balance_of(reply, NOON, None)

        assert balance.assets == {"USDT": AssetBalance(free=D(3), total=D("10.5"))}


class TestPositionHoldings:
    @pytest.mark.parametrize(("side", "sign"), [("long", 1), ("short", -1)])
    def test_are_signed_and_in_base_units(self, side: str, sign: int) -> None:
        position = {
            "symbol": "X",
            "contracts": "30",
            "contractSize": "0.01",
            "side": side,
            "unrealizedPnl": "-1.5",
        }

        [held] = reports.position_holdings([position, {**position, "contracts": "0"}], {"X": "BTC"})

        assert (held.quantity, held.asset, held.unrealised) == (D("0.30") * sign, "BTC", D("-1.5"))


class TestQuoteOf:
    @pytest.mark.parametrize(
        ("bid", "ask"),
        [("0", "2"), ("1", None), (None, None), ("3", "2")],
        ids=["none", "half", "empty", "crossed"],
    )
    def test_is_none_without_two_sides(self, bid: str | None, ask: str | None) -> None:
        assert reports.quote_of({"symbol": "X", "bid": bid, "ask": ask}, NOON) is None
