from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import Any

import pytest

from connections.contract import AccountAccess, Environment, MarketType, Side
from tests.values import BUY, SELL, make_balance, make_fill, make_quote, make_report, make_ticket

D = Decimal


class TestSide:
    def test_has_an_opposite_and_a_sign(self) -> None:
        assert (BUY.opposite, BUY.sign) == (SELL, 1)
        assert (SELL.opposite, SELL.sign) == (BUY, -1)


class TestQuote:
    @pytest.mark.parametrize(("side", "price"), [(BUY, "50010"), (SELL, "49990")])
    def test_knows_what_an_order_of_a_side_would_pay(self, side: Side, price: str) -> None:
        assert make_quote("49990", "50010").price_to(side) == D(price)

    def test_has_its_middle_between_bid_and_ask(self) -> None:
        assert make_quote("1.08120", "1.08125").mid == D("1.081225")


class TestOrderReport:
    @pytest.mark.parametrize(("filled", "has_all"), [("3", True), ("2.5", True), ("3.1", False)])
    def test_says_whether_its_fills_explain_what_was_filled(self, filled: str, has_all: bool) -> None:
        report = make_report(filled=filled, fills=(make_fill("1"), make_fill("2", venue_trade_id="t2")))

        assert report.fills_quantity == D(3)
        assert report.has_all_fills is has_all

    def test_keeps_the_raw_reply_out_of_comparison_and_repr(self) -> None:
        report = make_report(raw={"balance": "1000000"})

        assert report == make_report()
        assert "1000000" not in repr(report)


class TestBalance:
    def test_knows_what_is_free(self) -> None:
        assert make_balance("250.5").free("USDT") == D("250.5")

    def test_counts_a_coin_it_does_not_name_as_nothing(self) -> None:
        assert (make_balance().free("XRP"), make_balance().total("XRP")) == (D(0), D(0))


class TestAccountAccess:
    def test_hides_its_credentials_from_its_repr(self) -> None:
        access = AccountAccess(
            exchange="binance",
            market=MarketType.SPOT,
            environment=Environment.LIVE,
            credentials={"apiKey": "k3y", "secret": "s3cret"},
        )

        assert "k3y" not in repr(access)
        assert "s3cret" not in repr(access)


class TestValues:
    @pytest.mark.parametrize(
        ("value", "field"),
        [(make_ticket(), "quantity"), (make_report(), "filled"), (make_fill(), "price"), (make_quote(), "bid")],
    )
    def test_never_change(self, value: Any, field: str) -> None:
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, D(1))
