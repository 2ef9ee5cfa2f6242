from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import Balance, Instrument, OrderType, Side
from connections.precision import quantity_step
from core.decimals import is_multiple
from execution.case import Sized, Verdict
from execution.outcomes import Reason, sentence
from execution.sizing import MARKET_HEADROOM, size_entry, value_of
from tests.values import BUY, SELL, make_balance, make_instrument, make_inverse, make_preset, make_swap

D = Decimal
MARKET, LIMIT = OrderType.MARKET, OrderType.LIMIT

EURUSD = make_swap(
    symbol="EUR/USD",
    base="EUR",
    quote="USD",
    settle="USD",
    quantity_step=D(1),
    min_quantity=D(1),
    max_quantity=D(0),
    min_notional=D(0),
)
GOLD = replace(EURUSD, symbol="XAU/USD", base="XAU", quantity_step=D(1))


def size(values: dict[str, Any], instrument: Instrument | None = None, **changes: Any) -> Sized | Verdict:
    """The size of a market buy at 50,000 with 10,000 dollars free and a stop at 49,000."""
    arguments: dict[str, Any] = {
        "preset": make_preset(**values),
        "instrument": instrument or make_instrument(),
        "order_type": MARKET,
        "side": BUY,
        "price": D(50000),
        "stop": D(49000),
        "balance": make_balance("10000"),
        "multiplier": D(1),
    }
    return size_entry(**{**arguments, **changes})


def quantity_of(values: dict[str, Any], instrument: Instrument | None = None, **changes: Any) -> Decimal:
    sized = size(values, instrument, **changes)
    assert isinstance(sized, Sized)
    return sized.quantity


def verdict_of(values: dict[str, Any], instrument: Instrument | None = None, **changes: Any) -> Verdict:
    verdict = size(values, instrument, **changes)
    assert isinstance(verdict, Verdict)
    return verdict


class TestModes:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"sizing_mode": "FIXED_QUANTITY", "size": "0.25"}, "0.25"),
            ({"sizing_mode": "FIXED_QUANTITY", "size": "0.123456789"}, "0.12345"),
            ({"sizing_mode": "FIXED_AMOUNT", "size": "1000"}, "0.02"),
            ({"sizing_mode": "FIXED_AMOUNT", "size": "1000.99"}, "0.02001"),
            ({"sizing_mode": "PERCENT_OF_BALANCE", "size": "5"}, "0.01"),
            ({"sizing_mode": "PERCENT_OF_BALANCE", "size": "100"}, "0.199"),
            ({"sizing_mode": "RISK_PERCENT", "size": "1"}, "0.1"),
            ({"sizing_mode": "RISK_PERCENT", "size": "0.5"}, "0.05"),
        ],
    )
    def test_count_what_they_say(self, values: dict[str, Any], expected: str) -> None:
        assert quantity_of(values) == D(expected)

    def test_leave_room_for_the_price_in_a_market_buy_of_everything(self) -> None:
        everything = {"sizing_mode": "PERCENT_OF_BALANCE", "size": "100"}

        assert quantity_of(everything) * 50000 == 10000 * MARKET_HEADROOM
        assert quantity_of(everything, order_type=LIMIT) * 50000 == 10000

    def test_take_the_risk_from_equity_where_the_venue_says_it(self) -> None:
        balance = make_balance("3000", equity="20000")

        assert quantity_of({"sizing_mode": "RISK_PERCENT", "size": "1"}, make_swap(), balance=balance) == D("0.2")

    def test_need_a_stop_to_count_a_risk(self) -> None:
        assert verdict_of({"sizing_mode": "RISK_PERCENT"}, stop=None).reason is Reason.STOP_NEEDED

    @pytest.mark.parametrize(("side", "stop"), [(BUY, "50000"), (BUY, "50001"), (SELL, "50000"), (SELL, "49999")])
    def test_count_no_risk_where_the_entry_meets_its_own_stop(self, side: Side, stop: str) -> None:
        """Rounded to the tick, a limit price may fall on the stop or beyond it."""
        verdict = verdict_of({"sizing_mode": "RISK_PERCENT"}, make_swap(), side=side, stop=D(stop))

        assert verdict.reason is Reason.STOP_ALREADY_HIT


class TestRiskFromOthers:
    # Source: position size examples of "An introduction to forex trading" (page 125), anthonyjohnson.dev's and
    # earnforex.com's calculators, and two derived ones, as units instead of lots: 0.2 lots of EUR/USD are 20,000.
    @pytest.mark.parametrize(
        ("instrument", "balance", "entry", "stop", "units"),
        [
            (EURUSD, "5000", "1.1000", "1.0800", "2500"),
            (EURUSD, "10000", "1.1000", "1.0950", "20000"),
            (EURUSD, "1000", "1.1000", "1.0980", "5000"),
            (GOLD, "10000", "2050", "2045", "20"),
        ],
    )
    def test_one_per_cent_gives_the_same_units(
        self, instrument: Instrument, balance: str, entry: str, stop: str, units: str
    ) -> None:
        quantity = quantity_of(
            {"sizing_mode": "RISK_PERCENT", "size": "1"},
            instrument,
            price=D(entry),
            stop=D(stop),
            balance=make_balance(USD=balance),
        )

        assert quantity == D(units)

    def test_less_than_the_smallest_lot_is_refused_and_never_rounded_up(self) -> None:
        """0.002 lots were wanted; the smallest of 0.01 would risk five times as much."""
        lots = replace(EURUSD, quantity_step=D(1000), min_quantity=D(1000))

        verdict = verdict_of(
            {"sizing_mode": "RISK_PERCENT", "size": "1"},
            lots,
            price=D("1.1000"),
            stop=D("1.0950"),
            balance=make_balance(USD="100"),
        )

        assert verdict.reason is Reason.SIZE_BELOW_MINIMUM
        assert sentence(verdict.reason, verdict.numbers) == (
            "The size came to 200 EUR; the smallest the venue takes is 1000."
        )


class TestInverse:
    """Quantities are dollars, money is bitcoin."""

    BALANCE = make_balance("0", BTC="1")

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"sizing_mode": "FIXED_QUANTITY", "size": "1000"}, "1000"),
            ({"sizing_mode": "FIXED_AMOUNT", "size": "1050"}, "1000"),
            ({"sizing_mode": "PERCENT_OF_BALANCE", "size": "10"}, "5000"),
            ({"sizing_mode": "RISK_PERCENT", "size": "1"}, "24500"),
            ({"sizing_mode": "PERCENT_OF_BALANCE", "size": "10", "max_notional": "2000"}, "2000"),
            ({"sizing_mode": "PERCENT_OF_BALANCE", "size": "10", "max_balance_pct": "4"}, "2000"),
        ],
    )
    def test_counts_amounts_in_dollars_and_shares_in_bitcoin(self, values: dict[str, Any], expected: str) -> None:
        quantity = quantity_of(values, make_inverse(), balance=self.BALANCE)

        assert quantity == D(expected)

    def test_loses_the_stated_risk_between_entry_and_stop(self) -> None:
        quantity = quantity_of({"sizing_mode": "RISK_PERCENT", "size": "1"}, make_inverse(), balance=self.BALANCE)

        loss = quantity * (1 / D(49000) - 1 / D(50000))
        assert round(loss, 20) == D("0.01")

    def test_is_worth_bitcoin(self) -> None:
        assert value_of(make_inverse(), D(5000), D(50000)) == D("0.1")


class TestMultipliers:
    def test_multiply_each_other(self) -> None:
        values = {"sizing_mode": "FIXED_QUANTITY", "size": "0.1", "multiplier": "2"}

        assert quantity_of(values, multiplier=D("1.5")) == D("0.3")

    def test_come_before_the_caps(self) -> None:
        values = {"sizing_mode": "FIXED_QUANTITY", "size": "0.1", "multiplier": "10", "max_quantity": "0.5"}

        assert quantity_of(values) == D("0.5")

    def test_are_recorded(self) -> None:
        sized = size({"sizing_mode": "FIXED_QUANTITY", "size": "0.1"}, multiplier=D("0.5"))

        assert sized.numbers["decision_multiplier"] == "0.5"


class TestCaps:
    @pytest.mark.parametrize(
        ("caps", "expected", "name"),
        [
            ({"max_quantity": "0.5"}, "0.5", "max_quantity"),
            ({"max_notional": "20000"}, "0.4", "max_notional"),
            ({"max_balance_pct": "50"}, "0.1", "max_balance_pct"),
            ({"max_quantity": "0.5", "max_notional": "20000", "max_balance_pct": "50"}, "0.1", "max_balance_pct"),
            ({"max_quantity": "5"}, "1", None),
            ({}, "1", None),
        ],
    )
    def test_cut_and_say_so(self, caps: dict[str, str], expected: str, name: str | None) -> None:
        sized = size({"sizing_mode": "FIXED_QUANTITY", "size": "1", **caps})

        assert isinstance(sized, Sized)
        assert (sized.quantity, sized.numbers.get("cap")) == (D(expected), name)

    def test_of_the_venue_say_so_too(self) -> None:
        sized = size({"sizing_mode": "FIXED_QUANTITY", "size": "99"}, make_instrument(max_quantity=D(10)))

        assert isinstance(sized, Sized)
        assert (sized.quantity, sized.numbers["cap"]) == (D(10), "venue_maximum")


class TestTooSmall:
    def test_by_quantity_names_the_smallest(self) -> None:
        verdict = verdict_of({"sizing_mode": "FIXED_AMOUNT", "size": "0.1"})

        assert verdict.reason is Reason.SIZE_BELOW_MINIMUM
        assert (verdict.numbers["quantity"], verdict.numbers["smallest"]) == ("0.000002", "0.00001")

    def test_by_value_names_the_smallest(self) -> None:
        verdict = verdict_of({"sizing_mode": "FIXED_AMOUNT", "size": "4"})

        assert verdict.reason is Reason.NOTIONAL_BELOW_MINIMUM
        assert sentence(verdict.reason, verdict.numbers) == (
            "0.00008 BTC is worth 4 USDT; the smallest the venue takes is 5."
        )

    @pytest.mark.parametrize(
        "balance", [make_balance("0"), make_balance("-50"), Balance(assets={}, as_of=make_balance().as_of)]
    )
    @pytest.mark.parametrize("mode", ["PERCENT_OF_BALANCE", "RISK_PERCENT"])
    def test_is_a_share_of_nothing(self, mode: str, balance: Balance) -> None:
        verdict = verdict_of({"sizing_mode": mode, "size": "50"}, balance=balance)

        assert verdict.reason is Reason.SIZE_BELOW_MINIMUM


PRICES = st.decimals(min_value=D("0.01"), max_value=D(200_000), places=2)
PERCENTS = st.decimals(min_value=D("0.01"), max_value=D(100), places=2)
AMOUNTS = st.decimals(min_value=D("0.01"), max_value=D(1_000_000), places=2)
INSTRUMENTS = st.sampled_from(
    [make_instrument(), make_swap(), make_inverse(), make_instrument(quantity_step=D("0.3"))]
)


@st.composite
def presets(draw: st.DrawFn) -> dict[str, Any]:
    mode = draw(st.sampled_from(["FIXED_QUANTITY", "FIXED_AMOUNT", "PERCENT_OF_BALANCE", "RISK_PERCENT"]))
    chosen = {
        "sizing_mode": mode,
        "size": draw(PERCENTS),
        "multiplier": draw(st.sampled_from(["0.01", "1", "7.77", "100"])),
        "max_quantity": draw(st.none() | AMOUNTS),
        "max_notional": draw(st.none() | AMOUNTS),
        "max_balance_pct": draw(st.none() | PERCENTS),
    }
    return {name: value for name, value in chosen.items() if value is not None}


class TestAnySize:
    @given(presets(), INSTRUMENTS, PRICES, PERCENTS, AMOUNTS, st.sampled_from([MARKET, LIMIT]))
    def test_stays_on_the_step_below_every_cap(
        self,
        values: dict[str, Any],
        instrument: Instrument,
        price: Decimal,
        distance: Decimal,
        free: Decimal,
        kind: OrderType,
    ) -> None:
        balance = make_balance(str(free), BTC=str(free))
        stop = price * (1 - distance / 200)

        sized = size(values, instrument, price=price, stop=stop, balance=balance, order_type=kind)

        preset = make_preset(**values)
        quantity = sized.quantity if isinstance(sized, Sized) else D(0)
        in_quote = quantity if instrument.settle == "BTC" else quantity * price
        worth = value_of(instrument, quantity, price)
        assert is_multiple(quantity, quantity_step(instrument, kind))
        assert quantity <= (preset.max_quantity or quantity)
        assert in_quote <= (preset.max_notional or in_quote)
        share = worth if preset.max_balance_pct is None else free * preset.max_balance_pct / 100
        assert worth <= share * (1 + D("1e-20"))

    @given(PERCENTS, INSTRUMENTS, PRICES, AMOUNTS, st.sampled_from([MARKET, LIMIT]), st.sampled_from(Side))
    def test_as_a_share_of_the_balance_never_exceeds_the_share(
        self, percent: Decimal, instrument: Instrument, price: Decimal, free: Decimal, kind: OrderType, side: Side
    ) -> None:
        values = {"sizing_mode": "PERCENT_OF_BALANCE", "size": percent}
        balance = make_balance(str(free), BTC=str(free))

        sized = size(values, instrument, price=price, balance=balance, order_type=kind, side=side)

        quantity = sized.quantity if isinstance(sized, Sized) else D(0)
        assert value_of(instrument, quantity, price) <= free * percent / 100 * (1 + D("1e-20"))

    @given(AMOUNTS, PRICES)
    def test_is_never_more_than_was_asked_for(self, amount: Decimal, price: Decimal) -> None:
        sized = size({"sizing_mode": "FIXED_AMOUNT", "size": amount}, price=price)

        quantity = sized.quantity if isinstance(sized, Sized) else D(0)
        assert quantity * price <= amount

    @given(presets(), PRICES, AMOUNTS)
    def test_records_the_numbers_that_decided(self, values: dict[str, Any], price: Decimal, free: Decimal) -> None:
        sized = size(values, price=price, stop=price / 2, balance=make_balance(str(free)))

        assert {"sizing_mode", "size", "price", "wanted", "quantity"} <= set(sized.numbers)
        assert "E" not in f"{sized.numbers['wanted']}{sized.numbers['quantity']}"
