"""What entries have taken out of a balance since it was read."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from connections.contract import Instrument
from execution.reserves import SentEntry, less, reserved
from execution.roles import OrderRole
from tests.execution.stage import Stage
from tests.values import BTC, BTC_SWAP, BUY, NOON, SELL, make_balance, make_instrument, make_inverse, make_swap

D = Decimal
LATER = NOON + timedelta(seconds=1)


def make_entry(**changes: Any) -> SentEntry:
    """Half a bitcoin for 100 dollars each, on its way to the venue."""
    values: dict[str, Any] = {
        "symbol": BTC,
        "side": BUY,
        "quantity": D("0.5"),
        "filled": D(0),
        "average_price": None,
        "price": D(100),
        "is_open": True,
        "acknowledged_at": None,
    }
    return SentEntry(**values | changes)


def taken(*entries: SentEntry, instrument: Instrument | None = None, leverage: str = "1") -> dict[str, Decimal]:
    listed = instrument or make_instrument()
    return reserved(entries, instruments={listed.symbol: listed}, as_of=NOON, leverage=D(leverage))


class TestReserved:
    def test_is_what_an_order_on_its_way_would_pay(self) -> None:
        assert taken(make_entry()) == {"USDT": D(50)}

    def test_adds_up(self) -> None:
        assert taken(make_entry(), make_entry(quantity=D(1))) == {"USDT": D(150)}

    def test_leaves_out_what_the_venue_had_locked_when_it_was_asked(self) -> None:
        assert taken(make_entry(acknowledged_at=NOON)) == {}

    def test_holds_what_was_acknowledged_since(self) -> None:
        assert taken(make_entry(acknowledged_at=LATER)) == {"USDT": D(50)}

    def test_counts_what_was_paid_and_what_still_rests(self) -> None:
        partly = make_entry(filled=D("0.2"), average_price=D(90), acknowledged_at=LATER)

        assert taken(partly) == {"USDT": D(18) + D(30)}

    def test_counts_only_what_was_paid_once_it_is_over(self) -> None:
        over = make_entry(filled=D("0.2"), average_price=D(90), acknowledged_at=LATER, is_open=False)

        assert taken(over) == {"USDT": D(18)}

    def test_is_nothing_for_what_ended_without_a_trade(self) -> None:
        assert taken(make_entry(is_open=False)) == {}

    def test_is_nothing_for_a_sale_on_spot(self) -> None:
        assert taken(make_entry(side=SELL)) == {}

    def test_is_margin_on_derivatives_for_either_side(self) -> None:
        short = make_entry(symbol=BTC_SWAP, side=SELL)

        assert taken(short, instrument=make_swap(), leverage="5") == {"USDT": D(10)}

    def test_is_in_the_coin_where_the_contract_settles_in_it(self) -> None:
        instrument = make_inverse()
        entry = make_entry(symbol=instrument.symbol, quantity=D(1000), price=D(50000))

        assert taken(entry, instrument=instrument, leverage="2") == {"BTC": D("0.01")}

    def test_is_nothing_for_a_symbol_that_is_not_listed_any_more(self) -> None:
        assert taken(make_entry(symbol="GONE/USDT")) == {}


class TestLess:
    def test_leaves_less_free_and_the_total_as_it_was(self) -> None:
        balance = less(make_balance("1000", BTC="2"), {"USDT": D(300)})

        assert (balance.free("USDT"), balance.total("USDT"), balance.free("BTC")) == (D(700), D(1000), D(2))

    def test_never_leaves_less_than_nothing(self) -> None:
        assert less(make_balance("100"), {"USDT": D(300)}).free("USDT") == 0

    def test_knows_nothing_of_a_currency_that_is_not_held(self) -> None:
        assert less(make_balance("100"), {"EUR": D(300)}) == make_balance("100")


class TestTwoSignals:
    def test_do_not_spend_the_same_money(self, stage: Stage) -> None:
        account = stage.open_account(sizing_mode="PERCENT_OF_BALANCE", size="60", duplicate_policy="ADD")

        stage.trade()
        stage.trade(sl="58000")  # before anybody has read the balance again

        paid = [order.filled * (order.average_price or 0) for order in account.orders(OrderRole.ENTRY)]
        assert [round(amount, -2) for amount in sorted(paid)] == [D(2400), D(6000)]
