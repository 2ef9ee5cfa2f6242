from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.contract import MarketType
from positions.ledger import DuplicateTrade, Entry, EntryKind, Position, Terms, apply, replay
from tests.values import BUY, NOON, SELL, at

D = Decimal
BTCUSDT = Terms(MarketType.SPOT, base="BTC", quote="USDT", settle="USDT")


def make_entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {"kind": EntryKind.FILL, "at": NOON, "side": BUY, "quantity": D(1), "price": D(100)}
    return Entry(**{**values, **changes})


LONG = apply(Position(), make_entry(trade_id="t1"), BTCUSDT)


class TestTrade:
    def test_of_an_id_that_was_booked_is_refused(self) -> None:
        with pytest.raises(DuplicateTrade, match="Trade t1 was booked before"):
            apply(LONG, make_entry(trade_id="t1"), BTCUSDT)

    def test_without_an_id_may_come_twice(self) -> None:
        assert replay([make_entry(), make_entry()], BTCUSDT).quantity == 2

    @pytest.mark.parametrize(
        "changes", [{"side": None}, {"quantity": D(0)}, {"quantity": D(-1)}, {"price": D(0)}, {"price": D(-1)}]
    )
    def test_needs_side_quantity_and_price(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="A trade needs a side, a quantity and a price"):
            apply(Position(), make_entry(**changes), BTCUSDT)

    def test_that_is_refused_changes_nothing(self) -> None:
        before = replace(LONG)

        with pytest.raises(DuplicateTrade):
            apply(LONG, make_entry(trade_id="t1", side=SELL), BTCUSDT)

        assert before == LONG


class TestExternalTrade:
    def test_counts_like_one_of_ours(self) -> None:
        external = make_entry(kind=EntryKind.EXTERNAL, side=SELL, price=D(120), trade_id="t2")

        position = apply(LONG, external, BTCUSDT)

        assert (position.quantity, position.realised) == (0, D(20))

    def test_is_booked_once_like_one_of_ours(self) -> None:
        with pytest.raises(DuplicateTrade):
            apply(LONG, make_entry(kind=EntryKind.EXTERNAL, trade_id="t1"), BTCUSDT)


class TestFunding:
    def test_changes_money_and_nothing_else(self) -> None:
        paid = Entry(EntryKind.FUNDING, NOON, amount=D("-1.25"))

        assert apply(LONG, paid, BTCUSDT) == replace(LONG, funding=D("-1.25"))

    def test_adds_up_into_the_net(self) -> None:
        entries = [Entry(EntryKind.FUNDING, NOON, amount=D(amount)) for amount in ("-1.25", "0.5", "0.5")]

        assert replay(entries, BTCUSDT).net("USDT", BTCUSDT) == D("-0.25")


class TestDust:
    def test_leaves_the_rest_behind_without_profit_or_loss(self) -> None:
        sold = apply(LONG, make_entry(side=SELL, quantity=D("0.99"), price=D(120)), BTCUSDT)

        left = apply(sold, Entry(EntryKind.DUST, at(60)), BTCUSDT)

        assert (left.quantity, left.cost, left.closed_at) == (0, 0, at(60))
        assert left.realised == sold.realised == D("19.80")

    def test_may_be_followed_by_a_late_fill(self) -> None:
        flat = apply(LONG, Entry(EntryKind.DUST, NOON), BTCUSDT)

        late = apply(flat, make_entry(quantity=D("0.5"), price=D(90)), BTCUSDT)

        assert (late.quantity, late.cost, late.closed_at) == (D("0.5"), D(45), None)


class TestTimes:
    def test_begin_with_the_first_fill_and_end_when_flat(self) -> None:
        position = replay(
            [make_entry(at=at(0)), make_entry(at=at(30)), make_entry(at=at(90), side=SELL, quantity=D(2))], BTCUSDT
        )

        assert (position.opened_at, position.closed_at) == (at(0), at(90))
        assert position.duration == timedelta(seconds=90)

    def test_have_no_end_while_something_is_held(self) -> None:
        assert (LONG.closed_at, LONG.duration) == (None, None)


class TestSide:
    @pytest.mark.parametrize(
        ("quantity", "side", "is_flat"), [(D(1), BUY, False), (D(-1), SELL, False), (D(0), None, True)]
    )
    def test_follows_the_sign(self, quantity: Decimal, side: object, is_flat: bool) -> None:
        position = Position(quantity=quantity)

        assert (position.side, position.is_flat) == (side, is_flat)
