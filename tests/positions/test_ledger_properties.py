"""What must hold for any entries whatever."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from connections.contract import MarketType, Side
from positions.ledger import Entry, EntryKind, Position, Terms, apply, replay
from tests.values import BUY, NOON, SELL

D = Decimal
LINEAR = Terms(MarketType.LINEAR, base="BTC", quote="USDT", settle="USDT")
SPOT = Terms(MarketType.SPOT, base="BTC", quote="USDT", settle="USDT")
INVERSE = Terms(MarketType.INVERSE, base="BTC", quote="USD", settle="BTC", multiplier=D(100))
TERMS = st.sampled_from([LINEAR, SPOT, INVERSE])

QUANTITIES = st.decimals(min_value=D("0.00000001"), max_value=D(10_000_000), places=8)
PRICES = st.decimals(min_value=D("0.00000001"), max_value=D(10_000_000), places=8)
SIDES = st.sampled_from(Side)
SHARES = st.integers(min_value=1, max_value=99)


@st.composite
def fills(draw: st.DrawFn, side: Side | None = None) -> Entry:
    quantity = draw(QUANTITIES)
    return Entry(
        kind=draw(st.sampled_from([EntryKind.FILL, EntryKind.EXTERNAL])),
        at=NOON,
        side=side or draw(SIDES),
        quantity=quantity,
        price=draw(PRICES),
        # A venue never takes more than it trades, and may pay a rebate.
        fee=quantity * draw(st.sampled_from([D(0), D("0.001"), D("-0.0001")])),
        fee_currency=draw(st.sampled_from(["BTC", "USDT", "BNB"])),
    )


FUNDING = st.builds(
    lambda amount: Entry(EntryKind.FUNDING, NOON, amount=amount),
    st.decimals(min_value=-1000, max_value=1000, places=8),
)
DUST = st.just(Entry(EntryKind.DUST, NOON))
ENTRIES = st.lists(fills() | FUNDING | DUST, max_size=8)
#: Fees in a third currency leave quantities alone, so that buying and selling can be made equal.
PLAIN_FILLS = st.lists(fills().map(lambda entry: replace(entry, fee_currency="BNB")), min_size=1, max_size=6)


def exactly() -> AbstractContextManager[Context]:
    """No rounding in the tests' own sums."""
    return localcontext(Context(prec=80))


def closed(entries: Sequence[Entry], price: Decimal, terms: Terms) -> list[Entry]:
    """The entries, and one more that makes the position flat."""
    left = replay(entries, terms).quantity
    side = SELL if left > 0 else BUY
    return [*entries, Entry(EntryKind.FILL, NOON, "", side, abs(left), price)] if left else list(entries)


def cash_of(entries: Sequence[Entry]) -> Decimal:
    """What came in less what went out, in the quote currency, before fees."""
    with exactly():
        return sum((-entry.side.sign * entry.quantity * entry.price for entry in entries if entry.side), D(0))


class TestReplay:
    @given(ENTRIES, TERMS, st.integers(0, 8))
    def test_equals_the_running_state(self, entries: list[Entry], terms: Terms, cut: int) -> None:
        before, after = entries[:cut], entries[cut:]

        running = reduce(lambda position, entry: apply(position, entry, terms), after, replay(before, terms))

        assert running == replay(entries, terms)

    @given(ENTRIES, TERMS)
    def test_does_not_depend_on_the_callers_precision(self, entries: list[Entry], terms: Terms) -> None:
        with localcontext(Context(prec=9)):
            coarse = replay(entries, terms)

        assert coarse == replay(entries, terms)


class TestFlatPosition:
    @given(QUANTITIES, PRICES, PRICES, SIDES)
    def test_realises_the_difference_of_one_round_trip(
        self, quantity: Decimal, entry_price: Decimal, exit_price: Decimal, side: Side
    ) -> None:
        position = replay(
            [
                Entry(EntryKind.FILL, NOON, "", side, quantity, entry_price),
                Entry(EntryKind.FILL, NOON, "", side.opposite, quantity, exit_price),
            ],
            LINEAR,
        )

        assert position.is_flat
        assert position.cost == 0
        with exactly():
            assert position.realised == (exit_price - entry_price) * quantity * side.sign

    @given(PLAIN_FILLS, PRICES)
    def test_realises_exactly_what_came_in_less_what_went_out(self, entries: list[Entry], price: Decimal) -> None:
        everything = closed(entries, price, LINEAR)

        position = replay(everything, LINEAR)

        assert (position.quantity, position.cost) == (0, 0)
        assert position.realised == cash_of(everything)

    @given(PLAIN_FILLS, PRICES)
    def test_of_contracts_that_are_money_keeps_no_rest(self, entries: list[Entry], price: Decimal) -> None:
        position = replay(closed(entries, price, INVERSE), INVERSE)

        assert (position.quantity, position.cost) == (0, 0)

    @given(PLAIN_FILLS, PRICES, SHARES, st.integers(0, 5))
    def test_does_not_depend_on_how_a_fill_was_split(
        self, entries: list[Entry], price: Decimal, share: int, which: int
    ) -> None:
        everything = closed(entries, price, LINEAR)
        chosen = everything[which % len(everything)]
        first = chosen.quantity * share / 100
        parts = [replace(chosen, quantity=first), replace(chosen, quantity=chosen.quantity - first)]
        position = which % len(everything)

        split = replay([*everything[:position], *parts, *everything[position + 1 :]], LINEAR)

        whole = replay(everything, LINEAR)
        assert (split.quantity, split.cost, split.realised) == (whole.quantity, whole.cost, whole.realised)


class TestOpenPosition:
    @given(st.lists(fills(side=BUY), min_size=1, max_size=6))
    def test_costs_what_its_fills_cost(self, entries: list[Entry]) -> None:
        plain = [replace(entry, fee_currency="BNB") for entry in entries]

        position = replay(plain, LINEAR)

        with exactly():
            assert position.cost + cash_of(plain) == 0
        assert position.realised == 0

    @given(PLAIN_FILLS, TERMS)
    def test_holds_the_sum_of_what_was_bought_and_sold(self, entries: list[Entry], terms: Terms) -> None:
        position = replay(entries, terms)

        assert position.quantity == sum(entry.side.sign * entry.quantity for entry in entries if entry.side)
        assert position.opened_quantity - position.closed_quantity == abs(position.quantity)
        assert position.peak >= abs(position.quantity)
        assert position.cost >= 0

    @given(fills(side=BUY), PRICES, SHARES)
    def test_keeps_its_average_when_a_part_is_closed(self, entry: Entry, price: Decimal, share: int) -> None:
        opened = apply(Position(), replace(entry, fee_currency="BNB"), LINEAR)
        part = Entry(EntryKind.FILL, NOON, "", SELL, entry.quantity * share / 100, price)

        left = apply(opened, part, LINEAR)

        # The last digit of a cost of eighteen decimals, spread over what is left.
        tolerance = D("1e-18") / left.quantity + D("1e-18")
        assert abs(left.average_price(LINEAR) - opened.average_price(LINEAR)) <= tolerance


class TestFlip:
    @given(fills(), PRICES, QUANTITIES, TERMS)
    def test_is_a_close_and_an_opening(self, entry: Entry, price: Decimal, beyond: Decimal, terms: Terms) -> None:
        opened = apply(Position(), replace(entry, fee_currency="BNB"), terms)
        held, side = abs(opened.quantity), entry.side.opposite if entry.side else BUY
        at_once = Entry(EntryKind.FILL, NOON, "", side, held + beyond, price)

        flipped = apply(opened, at_once, terms)

        closing = apply(opened, replace(at_once, quantity=held), terms)
        assert closing.is_flat
        assert flipped == apply(closing, replace(at_once, quantity=beyond), terms)
        assert flipped.side is side


class TestFees:
    @given(st.lists(fills(), max_size=8), TERMS)
    def test_never_vanish(self, entries: list[Entry], terms: Terms) -> None:
        position = replay(entries, terms)

        paid = {
            currency: sum((entry.fee for entry in entries if entry.fee_currency == currency), D(0))
            for currency in ("BTC", "USDT", "BNB")
        }
        assert {currency: position.fees.get(currency, D(0)) for currency in paid} == paid

    @given(st.lists(fills(), max_size=8))
    def test_are_all_that_lies_between_profit_and_net(self, entries: list[Entry]) -> None:
        position = replay(entries, LINEAR)

        with exactly():
            assert position.net("USDT", LINEAR) == position.realised - position.fees.get("USDT", D(0))
