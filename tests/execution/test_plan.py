"""One case in, one decision out: the whole way from a signal to a ticket, or to the reason why there is none."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from connections.contract import OrderTicket, OrderType, Side, TimeInForce
from execution.case import Case, CloseHeld, Entry, Verdict
from execution.outcomes import Reason
from execution.plan import Decision, decide
from signals.rules import SignalStatus
from tests.values import (
    BTC,
    BTC_SWAP,
    BUY,
    NOON,
    SELL,
    make_account,
    make_balance,
    make_capabilities,
    make_case,
    make_holding,
    make_instrument,
    make_preset,
    make_quote,
    make_short_terms,
    make_signal,
    make_swap_case,
)

D = Decimal
R = Reason


def decision(case: Case) -> Decision:
    return decide(case, now=NOON)


def ticket_of(case: Case) -> OrderTicket:
    decided = decision(case)
    assert isinstance(decided, Entry)
    return decided.ticket


def short(**changes: Any) -> Any:
    return make_signal(terms=make_short_terms(**changes))


class TestEntry:
    def test_at_market_carries_no_price_on_the_wire(self) -> None:
        """Five per cent of 10,000 dollars at the ask of 50,010."""
        assert ticket_of(make_case()) == OrderTicket(
            client_order_id="aaaaaaaaaaaaaaaaaaaaaaaaaa",
            symbol=BTC,
            side=BUY,
            order_type=OrderType.MARKET,
            quantity=D("0.00999"),
            reference_price=D("50010"),
        )

    def test_sells_short_on_a_derivative_at_the_bid(self) -> None:
        ticket = ticket_of(make_swap_case(signal=short()))

        assert (ticket.symbol, ticket.side, ticket.reference_price) == (BTC_SWAP, SELL, D("49990"))

    @pytest.mark.parametrize(
        ("order_type", "direction", "price", "stop_price"),
        [
            (OrderType.LIMIT, BUY, "49900.1", None),
            (OrderType.LIMIT, SELL, "49900.2", None),
            (OrderType.STOP, BUY, None, "49900.2"),
            (OrderType.STOP, SELL, None, "49900.1"),
        ],
    )
    def test_rests_on_the_tick_where_it_never_trades_worse(
        self, order_type: OrderType, direction: Side, price: str | None, stop_price: str | None
    ) -> None:
        signal = make_signal(order_type=order_type, direction=direction, open_price=D("49900.15"), sl=None)

        ticket = ticket_of(make_swap_case(signal=signal))

        assert (ticket.price, ticket.stop_price) == (price and D(price), stop_price and D(stop_price))

    def test_is_sized_at_its_own_price_when_it_rests(self) -> None:
        case = make_case(signal=make_signal(order_type=OrderType.LIMIT, open_price=D(25000), sl=D(20000)))

        assert ticket_of(case).quantity == D("0.02")

    @pytest.mark.parametrize(
        ("time_in_force", "kept"), [(TimeInForce.GTD, NOON + timedelta(hours=1)), (TimeInForce.GTC, None)]
    )
    def test_tells_the_venue_when_to_end_only_if_it_is_to_end_it(
        self, time_in_force: TimeInForce, kept: object
    ) -> None:
        signal = make_signal(
            order_type=OrderType.LIMIT, time_in_force=time_in_force, expires_at=NOON + timedelta(hours=1)
        )

        assert ticket_of(make_case(signal=signal)).expires_at == kept

    def test_keeps_the_numbers_that_decided(self) -> None:
        decided = decision(make_case())

        assert isinstance(decided, Entry)
        assert decided.numbers == {
            "sizing_mode": "PERCENT_OF_BALANCE",
            "size": "5",
            "price": "50010",
            "wanted": "0.00999800039992",
            "quantity": "0.00999",
            "market_price": "50010",
            "checks": {
                "doubt": "passed",
                "opposite": "passed",
                "duplicate": "passed",
                "open_positions": "passed",
                "balance": "passed",
            },
        }

    def test_follows_the_outside_decision(self) -> None:
        assert ticket_of(make_case(multiplier=D("0.5"))).quantity == D("0.00499")

    def test_needs_no_stop(self) -> None:
        assert ticket_of(make_case(signal=make_signal(sl=None))).quantity == D("0.00999")


class TestSaleOnSpot:
    def test_closes_everything_the_channel_holds(self) -> None:
        held = (
            make_holding("0.2", number=7),
            make_holding("0.3", number=8),
            make_holding(symbol="ETH/USDT", number=9),
        )

        decided = decision(make_case(signal=short(), account=make_account(held=held)))

        assert decided == CloseHeld((UUID(int=7), UUID(int=8)), {"quantity": "0.5", "symbol": BTC})

    def test_never_opens_a_short(self) -> None:
        decided = decision(make_case(signal=short()))

        assert decided == Verdict(R.SPOT_CANNOT_SHORT, {"base": "BTC"})

    def test_needs_no_balance(self) -> None:
        account = make_account(held=(make_holding(),), balance=None)

        assert isinstance(decision(make_case(signal=short(), account=account)), CloseHeld)


# Every way to get no order, each alone against an otherwise perfect case.
VERDICTS: list[tuple[Reason, Case]] = [
    (R.SIGNAL_WITHDRAWN, make_case(signal=make_signal(status=SignalStatus.WITHDRAWN))),
    (R.SIGNAL_EXPIRED, make_case(signal=make_signal(expires_at=NOON))),
    (R.SUBSCRIPTION_PAUSED, make_case(account=make_account(is_subscribed=False))),
    (R.OWNER_INACTIVE, make_case(account=make_account(is_owner_active=False))),
    (R.CONNECTION_PAUSED, make_case(account=make_account(is_active=False))),
    (R.CONNECTION_UNTESTED, make_case(account=make_account(last_tested_at=None))),
    (R.HEDGE_MODE, make_case(account=make_account(is_hedge_mode=True))),
    (R.SYMBOL_EXCLUDED, make_case(preset=make_preset(excluded_symbols=[BTC]))),
    (R.SYMBOL_NOT_ALLOWED, make_case(preset=make_preset(allowed_symbols=["ETH/USDT"]))),
    (R.SYMBOL_NOT_LISTED, make_case(instrument=None)),
    (R.SYMBOL_NOT_TRADING, make_case(instrument=make_instrument(is_active=False))),
    (R.DECISION_VETOED, make_case(multiplier=D(0))),
    (R.NO_PRICE, make_case(quote=None)),
    (R.PRICE_DRIFTED, make_case(quote=make_quote("51000", "51000"))),
    (R.STOP_ALREADY_HIT, make_case(quote=make_quote("48000", "48000"))),
    (R.NO_BALANCE, make_case(account=make_account(balance=None))),
    (R.STOP_NEEDED, make_case(preset=make_preset(sizing_mode="RISK_PERCENT"), signal=make_signal(sl=None))),
    (R.SIZE_BELOW_MINIMUM, make_case(account=make_account(balance=make_balance("0")))),
    (R.NOTIONAL_BELOW_MINIMUM, make_case(account=make_account(balance=make_balance("50")))),
    (R.ORDER_IN_DOUBT, make_case(account=make_account(symbols_in_doubt=frozenset({BTC})))),
    (R.OPPOSITE_POSITION, make_case(account=make_account(held=(make_holding(side=SELL),)))),
    (R.DUPLICATE_POSITION, make_case(account=make_account(held=(make_holding(),)))),
    (R.TOO_MANY_POSITIONS, make_case(account=make_account(held=(make_holding(symbol="X/Y"),)), preset=make_preset(max_open_positions=1))),
    (R.INSUFFICIENT_BALANCE, make_case(preset=make_preset(sizing_mode="FIXED_QUANTITY", size="1"))),
    (R.UNSUPPORTED_ORDER, make_case(account=make_account(capabilities=make_capabilities(order_types=frozenset())))),
]  # fmt: skip


class TestVerdict:
    @pytest.mark.parametrize(("reason", "case"), VERDICTS, ids=[reason for reason, _ in VERDICTS])
    def test_says_why_there_is_no_order(self, reason: Reason, case: Case) -> None:
        decided = decision(case)

        assert isinstance(decided, Verdict)
        assert decided.reason is reason

    def test_of_a_risk_check_keeps_size_and_checks(self) -> None:
        decided = decision(make_case(preset=make_preset(sizing_mode="FIXED_QUANTITY", size="1")))

        assert isinstance(decided, Verdict)
        assert decided.numbers["needed"] == "50010.00000000"
        assert decided.numbers["quantity"] == "1"
        assert decided.numbers["checks"] == {
            "doubt": "passed",
            "opposite": "passed",
            "duplicate": "passed",
            "open_positions": "passed",
            "balance": "INSUFFICIENT_BALANCE",
        }

    def test_never_hangs_on_a_limit_that_fell_on_its_own_stop(self) -> None:
        signal = make_signal(order_type=OrderType.LIMIT, open_price=D("49000.004"), sl=D("49000.001"))
        case = make_case(signal=signal, preset=make_preset(sizing_mode="RISK_PERCENT"))

        decided = decision(case)

        assert isinstance(decided, Verdict)
        assert decided.reason is R.STOP_ALREADY_HIT
