from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connections.contract import MarketType
from execution.case import Case, Sized
from execution.outcomes import Reason
from execution.risk import CHECKS, assess, first_refusal
from tests.values import (
    BTC_SWAP,
    BUY,
    SELL,
    make_account,
    make_balance,
    make_case,
    make_holding,
    make_inverse,
    make_preset,
    make_swap,
)

D = Decimal
R = Reason


def make_sized(notional: str = "5000", quantity: str = "0.1") -> Sized:
    return Sized(quantity=D(quantity), notional=D(notional), numbers={})


def refusals(case: Case, sized: Sized | None = None) -> list[Reason]:
    return [finding.reason for finding in assess(case, sized or make_sized()) if finding.reason]


def on_swap(leverage: str = "1", **account: Any) -> Case:
    return make_case(
        account=make_account(market=MarketType.LINEAR, **account),
        instrument=make_swap(),
        preset=make_preset(leverage=leverage),
    )


class TestAssess:
    def test_asks_every_check_and_keeps_every_answer(self) -> None:
        findings = assess(make_case(), make_sized())

        assert [finding.check for finding in findings] == [
            "doubt",
            "opposite",
            "duplicate",
            "open_positions",
            "balance",
        ]
        assert first_refusal(findings) is None
        assert len(findings) == len(CHECKS)

    def test_finds_everything_that_is_wrong_and_refuses_for_the_first(self) -> None:
        account = make_account(
            held=(make_holding(side=BUY), make_holding(side=SELL, number=8)),
            symbols_in_doubt=frozenset({"BTC/USDT"}),
            balance=make_balance("1"),
        )
        case = make_case(account=account, preset=make_preset(max_open_positions=2))

        assert refusals(case) == [
            R.ORDER_IN_DOUBT,
            R.OPPOSITE_POSITION,
            R.DUPLICATE_POSITION,
            R.TOO_MANY_POSITIONS,
            R.INSUFFICIENT_BALANCE,
        ]
        verdict = first_refusal(assess(case, make_sized()))
        assert verdict is not None
        assert verdict.reason is R.ORDER_IN_DOUBT


class TestDoubt:
    @pytest.mark.parametrize(("symbol", "expected"), [("BTC/USDT", [R.ORDER_IN_DOUBT]), ("ETH/USDT", [])])
    def test_stops_entries_of_the_same_symbol_only(self, symbol: str, expected: list[Reason]) -> None:
        assert refusals(make_case(account=make_account(symbols_in_doubt=frozenset({symbol})))) == expected


class TestPositionsOfTheSameSymbol:
    @pytest.mark.parametrize(
        ("held", "policies", "expected"),
        [
            (make_holding(side=SELL), {}, [R.OPPOSITE_POSITION]),
            (make_holding(side=SELL), {"opposite_policy": "ALLOW"}, []),
            (make_holding(side=BUY), {}, [R.DUPLICATE_POSITION]),
            (make_holding(side=BUY), {"duplicate_policy": "ADD"}, []),
            (make_holding(side=BUY, symbol="ETH/USDT"), {}, []),
            (make_holding(side=SELL, symbol=BTC_SWAP), {}, []),
        ],
    )
    def test_follow_the_owners_policy(self, held: Any, policies: dict[str, str], expected: list[Reason]) -> None:
        case = make_case(account=make_account(held=(held,)), preset=make_preset(**policies))

        assert refusals(case) == expected

    def test_are_counted_together(self) -> None:
        held = (make_holding("0.2", SELL), make_holding("0.3", SELL, number=8))
        finding = assess(make_case(account=make_account(held=held)), make_sized())[1]

        assert finding.numbers == {"held": "0.5", "symbol": "BTC/USDT"}


class TestOpenPositions:
    @pytest.mark.parametrize(("most", "expected"), [(1, [R.TOO_MANY_POSITIONS]), (2, [])])
    def test_are_limited_over_all_symbols(self, most: int, expected: list[Reason]) -> None:
        held = (make_holding(symbol="ETH/USDT"),)

        assert (
            refusals(make_case(account=make_account(held=held), preset=make_preset(max_open_positions=most)))
            == expected
        )


class TestBalance:
    @pytest.mark.parametrize(
        ("case", "notional", "expected"),
        [
            (make_case(), "10000", []),
            (make_case(), "10000.01", [R.INSUFFICIENT_BALANCE]),
            (make_case(preset=make_preset(leverage="10")), "10000.01", [R.INSUFFICIENT_BALANCE]),
            (on_swap("10"), "100000", []),
            (on_swap("10"), "100000.01", [R.INSUFFICIENT_BALANCE]),
            (on_swap("1"), "10000.01", [R.INSUFFICIENT_BALANCE]),
            (make_case(account=make_account(balance=make_balance("0"))), "5", [R.INSUFFICIENT_BALANCE]),
        ],
    )
    def test_pays_in_full_on_spot_and_a_margin_on_derivatives(
        self, case: Case, notional: str, expected: list[Reason]
    ) -> None:
        assert refusals(case, make_sized(notional)) == expected

    def test_pays_in_the_coin_where_profit_is_paid_in_it(self) -> None:
        account = make_account(market=MarketType.INVERSE, balance=make_balance("0", BTC="0.1"))
        case = replace(make_case(account=account), instrument=make_inverse())

        assert refusals(case, make_sized("0.1")) == []
        assert refusals(case, make_sized("0.11")) == [R.INSUFFICIENT_BALANCE]
