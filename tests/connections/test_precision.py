from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connections.contract import Instrument, OrderTicket, OrderType, Side
from connections.errors import Refused
from connections.precision import (
    check,
    fit_entry_stop,
    fit_limit_price,
    fit_protective_stop,
    fit_quantity,
    quantity_step,
    smallest_quantity,
)
from core.decimals import is_multiple
from tests.values import BUY, SELL, make_instrument, make_inverse, make_ticket

D = Decimal
MARKET, LIMIT = OrderType.MARKET, OrderType.LIMIT

POSITIVE = st.decimals(min_value=D("0.00000001"), max_value=D(1_000_000), places=8)
STEPS = st.builds(lambda digits, exponent: D(digits).scaleb(exponent), st.integers(1, 50), st.integers(-8, 1))
SIDES = st.sampled_from(Side)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    """Filters that do not contradict each other: something passes at every price up to the highest."""
    step, tick = draw(STEPS), draw(STEPS)
    smallest = draw(st.integers(1, 100)) * step
    return make_instrument(
        price_tick=tick,
        quantity_step=step,
        market_quantity_step=draw(st.sampled_from([D(0), step, step * 10])),
        min_quantity=smallest,
        max_quantity=draw(st.sampled_from([D(0), smallest * 1_000_000])),
        min_notional=draw(st.sampled_from([D(0), tick * step])),
        min_price=draw(st.sampled_from([D(0), tick, tick * 7])),
        max_price=draw(st.sampled_from([D(0), tick * 10_000_000])),
    )


@st.composite
def tickets(draw: st.DrawFn) -> OrderTicket:
    """Anything somebody might ask for, below zero too; but no price so small that no quantity is worth anything."""
    kind = draw(st.sampled_from([MARKET, LIMIT, OrderType.STOP]))
    sane = st.decimals(min_value=D("0.01"), max_value=D(1_000_000), places=8)
    number = sane | st.decimals(min_value=D(-10), max_value=D(0), places=8)
    price = draw(number)
    return make_ticket(
        side=draw(SIDES),
        order_type=kind,
        quantity=draw(number),
        price=price if kind is LIMIT else None,
        stop_price=price if kind is OrderType.STOP else None,
        reference_price=draw(sane),
        reduce_only=draw(st.booleans()),
    )


def refusal_of(ticket: OrderTicket, instrument: Instrument) -> Refused | None:
    try:
        check(ticket, instrument)
    except Refused as refused:
        return refused
    return None


class TestFitQuantity:
    @given(instruments(), POSITIVE, st.sampled_from([MARKET, LIMIT]))
    def test_is_never_larger_and_always_on_the_step(
        self, instrument: Instrument, quantity: Decimal, kind: OrderType
    ) -> None:
        fitted = fit_quantity(instrument, quantity, kind)

        assert 0 <= fitted <= quantity
        assert is_multiple(fitted, quantity_step(instrument, kind))
        assert not instrument.max_quantity or fitted <= instrument.max_quantity

    @given(instruments(), POSITIVE)
    def test_loses_less_than_a_step_below_the_limit(self, instrument: Instrument, quantity: Decimal) -> None:
        unlimited = replace(instrument, max_quantity=D(0))

        assert quantity - fit_quantity(unlimited, quantity, LIMIT) < instrument.quantity_step

    def test_obeys_the_limit_of_market_orders_beside_the_general_one(self) -> None:
        instrument = make_instrument(max_quantity=D(100), market_max_quantity=D(30))

        assert fit_quantity(instrument, D(500), MARKET) == D(30)
        assert fit_quantity(instrument, D(500), LIMIT) == D(100)


class TestFitPrice:
    @given(instruments(), POSITIVE, SIDES)
    def test_never_makes_a_limit_trade_worse(self, instrument: Instrument, price: Decimal, side: Side) -> None:
        fitted = fit_limit_price(instrument, price, side)

        assert (fitted - price) * side.sign <= 0
        assert is_multiple(fitted, instrument.price_tick)

    @given(instruments(), POSITIVE, SIDES)
    def test_never_lets_a_protective_stop_trigger_later(
        self, instrument: Instrument, price: Decimal, side: Side
    ) -> None:
        fitted = fit_protective_stop(instrument, price, side)

        # A selling stop triggers on a fall, so a higher one comes no later.
        assert (fitted - price) * side.sign <= 0
        assert is_multiple(fitted, instrument.price_tick)

    @given(instruments(), POSITIVE, SIDES)
    def test_never_lets_an_entry_stop_enter_earlier(
        self, instrument: Instrument, price: Decimal, side: Side
    ) -> None:
        fitted = fit_entry_stop(instrument, price, side)

        assert (fitted - price) * side.sign >= 0
        assert is_multiple(fitted, instrument.price_tick)

    @pytest.mark.parametrize(
        ("fit", "side", "expected"),
        [
            (fit_limit_price, BUY, "100.1"), (fit_limit_price, SELL, "100.2"),
            (fit_protective_stop, SELL, "100.2"), (fit_protective_stop, BUY, "100.1"),
            (fit_entry_stop, BUY, "100.2"), (fit_entry_stop, SELL, "100.1"),
        ],
    )  # fmt: skip
    def test_rounds_to_the_safe_side(self, fit: Any, side: Side, expected: str) -> None:
        assert fit(make_instrument(price_tick=D("0.1")), D("100.15"), side) == D(expected)


class TestSmallestQuantity:
    @pytest.mark.parametrize(
        ("price", "changes", "expected"),
        [
            ("50000", {}, "0.0001"),
            ("50001", {}, "0.0001"),
            ("49999", {}, "0.00011"),
            ("50000", {"min_notional": D(0)}, "0.00001"),
            ("0", {}, "0.00001"),
            ("50000", {"min_quantity": D("0.5")}, "0.5"),
            ("50000", {"min_quantity": D(0), "min_notional": D(0)}, "0.00001"),
        ],
    )
    def test_passes_quantity_and_notional(self, price: str, changes: dict[str, Decimal], expected: str) -> None:
        instrument = make_instrument(**changes)

        assert smallest_quantity(instrument, D(price), LIMIT) == D(expected)

    def test_is_coarser_for_market_orders_where_the_venue_says_so(self) -> None:
        instrument = make_instrument(market_quantity_step=D("0.01"), market_min_quantity=D("0.05"))

        assert smallest_quantity(instrument, D(0), MARKET) == D("0.05")
        assert smallest_quantity(instrument, D(0), LIMIT) == D("0.00001")

    def test_takes_no_notional_for_contracts_that_are_money(self) -> None:
        instrument = make_inverse(min_notional=D(1000))

        assert smallest_quantity(instrument, D(50000), LIMIT) == D(100)

    @given(instruments(), POSITIVE)
    def test_is_the_first_that_passes(self, instrument: Instrument, price: Decimal) -> None:
        plain = replace(instrument, min_price=D(0), max_price=D(0), price_tick=D(0), max_quantity=D(0))
        smallest = smallest_quantity(plain, price, LIMIT)
        ticket = make_ticket(order_type=LIMIT, price=price, quantity=smallest)

        assert refusal_of(ticket, plain) is None
        assert refusal_of(replace(ticket, quantity=smallest - plain.quantity_step), plain) is not None


class TestCheck:
    @pytest.mark.parametrize(
        ("ticket", "code", "field", "passing"),
        [
            ({"quantity": D("0.000115")}, "QUANTITY_OFF_STEP", "quantity", "0.00011"),
            ({"quantity": D("0.000009")}, "QUANTITY_BELOW_MINIMUM", "quantity", "0.00001"),
            ({"quantity": D(0)}, "QUANTITY_BELOW_MINIMUM", "quantity", "0.00001"),
            ({"quantity": D(-1)}, "QUANTITY_BELOW_MINIMUM", "quantity", "0.00001"),
            ({"quantity": D(9001)}, "QUANTITY_ABOVE_MAXIMUM", "quantity", "9000"),
            ({"order_type": LIMIT, "price": D("50000.005")}, "PRICE_OFF_TICK", "price", "50000.01"),
            ({"order_type": LIMIT, "price": D(0)}, "PRICE_OUT_OF_RANGE", "price", "0.01"),
            ({"order_type": LIMIT, "price": D(-5)}, "PRICE_OUT_OF_RANGE", "price", "0.01"),
            ({"order_type": OrderType.STOP, "stop_price": D("1.001")}, "PRICE_OFF_TICK", "stop_price", "1"),
            (
                {"order_type": LIMIT, "price": D(50000), "quantity": D("0.00005")},
                "NOTIONAL_BELOW_MINIMUM",
                "quantity",
                "0.0001",
            ),
            ({"reference_price": D(100), "quantity": D("0.04")}, "NOTIONAL_BELOW_MINIMUM", "quantity", "0.05"),
        ],
    )
    def test_names_the_field_and_a_number_that_would_pass(
        self, ticket: dict[str, Any], code: str, field: str, passing: str
    ) -> None:
        refused = refusal_of(make_ticket(**ticket), make_instrument())

        assert refused is not None
        assert (refused.code, refused.field, refused.passing) == (code, field, passing)
        assert passing in str(refused)

    @given(tickets(), instruments())
    def test_names_a_number_that_does_pass(self, ticket: OrderTicket, instrument: Instrument) -> None:
        refused = refusal_of(ticket, instrument)
        assume(refused is not None)
        assert refused is not None

        correction: dict[str, Any] = {refused.field: D(refused.passing)}
        again = refusal_of(replace(ticket, **correction), instrument)

        assert again is None or again.field != refused.field

    @pytest.mark.parametrize(
        ("changes", "passing"),
        [
            ({"max_notional": D(1000)}, "0.02"),
            ({"max_notional": D(1000), "quantity_step": D("0.015")}, "0.015"),
        ],
    )
    def test_names_what_stays_below_the_largest_notional(self, changes: dict[str, Decimal], passing: str) -> None:
        ticket = make_ticket(order_type=LIMIT, price=D(50000), quantity=D("0.03"))

        refused = refusal_of(ticket, make_instrument(**changes))

        assert refused is not None
        assert (refused.code, refused.passing) == ("NOTIONAL_ABOVE_MAXIMUM", passing)

    @pytest.mark.parametrize(
        ("price", "passing"), [("2000000.05", "1000000"), ("0.5", "1.1"), ("1000000.05", "1000000")]
    )
    def test_keeps_prices_on_the_tick_inside_the_bounds(self, price: str, passing: str) -> None:
        instrument = make_instrument(price_tick=D("0.1"), min_price=D("1.05"), max_price=D("1000000.04"))

        refused = refusal_of(make_ticket(order_type=LIMIT, price=D(price)), instrument)

        assert refused is not None
        assert refused.passing == passing

    def test_lets_a_position_be_closed_however_small_it_has_become(self) -> None:
        ticket = make_ticket(quantity=D("0.00001"), reference_price=D(50000), reduce_only=True)

        check(ticket, make_instrument())

    def test_lets_anything_pass_where_the_venue_states_nothing(self) -> None:
        bare = make_instrument(
            price_tick=D(0), quantity_step=D(0), min_quantity=D(0), max_quantity=D(0), min_notional=D(0)
        )

        check(make_ticket(order_type=LIMIT, price=D("1e-9"), quantity=D("1e-9")), bare)

    def test_refuses_a_price_of_zero_even_there(self) -> None:
        bare = make_instrument(price_tick=D(0), quantity_step=D(0), min_quantity=D(0), min_notional=D(0))

        refused = refusal_of(make_ticket(order_type=LIMIT, price=D(0)), bare)

        assert refused is not None
        assert str(refused) == "The price was 0 but must be above 0."

    def test_refuses_a_symbol_that_does_not_trade(self) -> None:
        refused = refusal_of(make_ticket(), make_instrument(is_active=False))

        assert refused is not None
        assert (refused.field, str(refused)) == ("symbol", "BTC/USDT is not trading at the venue.")
