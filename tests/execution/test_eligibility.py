from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.contract import MarketType, OrderType, Side, TimeInForce
from connections.health import HealthStatus
from execution.case import Verdict
from execution.eligibility import account_verdict, market_verdict, sells_what_is_held
from execution.outcomes import Reason, sentence
from signals.rules import SignalStatus
from tests.values import (
    BTC,
    NOON,
    SELL,
    make_account,
    make_capabilities,
    make_case,
    make_instrument,
    make_preset,
    make_quote,
    make_short_terms,
    make_signal,
    make_swap_case,
    make_terms,
)

D = Decimal
R = Reason


def verdict_on_account(**changes: Any) -> Verdict | None:
    parts = {"signal": make_signal(), "account": make_account(), "preset": make_preset(), **changes}
    return account_verdict(parts["signal"], parts["account"], parts["preset"], now=NOON)


def reason_of(verdict: Verdict | None) -> Reason | None:
    return verdict.reason if verdict else None


class TestAccountVerdict:
    def test_has_nothing_against_a_healthy_account(self) -> None:
        assert verdict_on_account() is None

    @pytest.mark.parametrize(
        ("signal", "reason"),
        [
            (make_signal(status=SignalStatus.WITHDRAWN), R.SIGNAL_WITHDRAWN),
            (make_signal(status=SignalStatus.EXPIRED), R.SIGNAL_EXPIRED),
            (make_signal(expires_at=NOON), R.SIGNAL_EXPIRED),
            (make_signal(expires_at=NOON - timedelta(days=1)), R.SIGNAL_EXPIRED),
            (make_signal(expires_at=NOON + timedelta(microseconds=1)), None),
        ],
    )
    def test_refuses_a_signal_that_is_over(self, signal: Any, reason: Reason | None) -> None:
        assert reason_of(verdict_on_account(signal=signal)) is reason

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"is_subscribed": False}, R.SUBSCRIPTION_PAUSED),
            ({"is_owner_active": False}, R.OWNER_INACTIVE),
            ({"is_active": False, "paused_reason": "On holiday."}, R.CONNECTION_PAUSED),
            ({"status": HealthStatus.ERROR, "last_error": "Bad key."}, R.CONNECTION_ERROR),
            ({"status": HealthStatus.UNTESTED, "last_tested_at": None}, R.CONNECTION_UNTESTED),
            ({"is_hedge_mode": True}, R.HEDGE_MODE),
            ({"status": HealthStatus.DEGRADED}, None),
        ],
    )
    def test_refuses_an_account_that_may_not_trade(self, changes: Any, reason: Reason | None) -> None:
        assert reason_of(verdict_on_account(account=make_account(**changes))) is reason

    @pytest.mark.parametrize(
        ("preset", "reason"),
        [
            ({"excluded_symbols": [BTC]}, R.SYMBOL_EXCLUDED),
            ({"excluded_symbols": ["ETH/USDT"]}, None),
            ({"allowed_symbols": ["ETH/USDT"]}, R.SYMBOL_NOT_ALLOWED),
            ({"allowed_symbols": [BTC]}, None),
            ({"allowed_symbols": [BTC], "excluded_symbols": [BTC]}, R.SYMBOL_EXCLUDED),
        ],
    )
    def test_refuses_a_symbol_that_is_unwanted(self, preset: Any, reason: Reason | None) -> None:
        assert reason_of(verdict_on_account(preset=make_preset(**preset))) is reason

    def test_names_the_signal_before_the_account_and_the_account_before_the_symbol(self) -> None:
        paused = make_account(is_active=False)
        excluding = make_preset(excluded_symbols=[BTC])
        withdrawn = make_signal(status=SignalStatus.WITHDRAWN)

        assert reason_of(verdict_on_account(account=paused, preset=excluding)) is R.CONNECTION_PAUSED
        assert reason_of(verdict_on_account(signal=withdrawn, account=paused)) is R.SIGNAL_WITHDRAWN

    def test_explains_itself(self) -> None:
        verdict = verdict_on_account(account=make_account(is_active=False, paused_reason="On holiday."))

        assert verdict is not None
        assert sentence(verdict.reason, verdict.numbers) == "The connection is paused: On holiday."


class TestMarketVerdict:
    def test_has_nothing_against_a_market_near_the_signal(self) -> None:
        assert market_verdict(make_case()) is None

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"instrument": None}, R.SYMBOL_NOT_LISTED),
            ({"instrument": make_instrument(is_active=False)}, R.SYMBOL_NOT_TRADING),
            ({"multiplier": D(0), "decision": "Too wild."}, R.DECISION_VETOED),
            ({"multiplier": D(-1)}, R.DECISION_VETOED),
            ({"multiplier": D("0.5")}, None),
            ({"quote": None}, R.NO_PRICE),
        ],
    )
    def test_refuses_what_cannot_be_traded(self, changes: Any, reason: Reason | None) -> None:
        assert reason_of(market_verdict(make_case(**changes))) is reason

    @pytest.mark.parametrize(
        ("able", "terms", "reason"),
        [
            ({"order_types": frozenset({OrderType.MARKET})}, {"order_type": OrderType.LIMIT}, R.UNSUPPORTED_ORDER),
            (
                {"times_in_force": frozenset({TimeInForce.GTC})},
                {"time_in_force": TimeInForce.FOK},
                R.UNSUPPORTED_ORDER,
            ),
            ({"order_types": frozenset({OrderType.LIMIT})}, {"order_type": OrderType.LIMIT}, None),
        ],
    )
    def test_refuses_an_order_the_venue_cannot_do(self, able: Any, terms: Any, reason: Reason | None) -> None:
        account = make_account(capabilities=make_capabilities(**able))

        assert reason_of(market_verdict(make_case(account=account, signal=make_signal(**terms)))) is reason

    @pytest.mark.parametrize(
        ("terms", "bid", "ask", "reason"),
        [
            (make_terms(), "49000.01", "49000.02", None),
            (make_terms(), "48999", "49000", R.STOP_ALREADY_HIT),
            (make_terms(), "48000", "48001", R.STOP_ALREADY_HIT),
            (make_terms(sl=None), "49600", "49601", None),
            (make_short_terms(), "50999.99", "51001", None),
            (make_short_terms(), "51000", "51001", R.STOP_ALREADY_HIT),
            (make_short_terms(), "52000", "52001", R.STOP_ALREADY_HIT),
        ],
    )
    def test_refuses_an_entry_that_would_close_at_once(
        self, terms: Any, bid: str, ask: str, reason: Reason | None
    ) -> None:
        case = make_swap_case(
            signal=make_signal(terms=terms), quote=make_quote(bid, ask), preset=make_preset(max_drift_bps="1000")
        )

        assert reason_of(market_verdict(case)) is reason


class TestDrift:
    @pytest.mark.parametrize(
        ("of_signal", "of_account", "ask", "reason"),
        [
            (None, "100", "50500", None),
            (None, "100", "50500.01", R.PRICE_DRIFTED),
            (None, "100", "49500", None),
            (None, "100", "49499.99", R.PRICE_DRIFTED),
            (None, "500", "51000", None),
            (D(10), "100", "50050", None),
            (D(10), "100", "50051", R.PRICE_DRIFTED),
            (D(500), "100", "50501", R.PRICE_DRIFTED),
            (D(0), "100", "50000", None),
            (D(0), "100", "50000.01", R.PRICE_DRIFTED),
        ],
    )
    def test_counts_both_ways_and_the_stricter_limit_holds(
        self, of_signal: Decimal | None, of_account: str, ask: str, reason: Reason | None
    ) -> None:
        case = make_case(
            signal=make_signal(max_drift_bps=of_signal, sl=None),
            preset=make_preset(max_drift_bps=of_account),
            quote=make_quote("49000", ask),
        )

        assert reason_of(market_verdict(case)) is reason

    @pytest.mark.parametrize(
        "terms", [{"order_type": OrderType.LIMIT}, {"order_type": OrderType.STOP}, {"open_price": None}]
    )
    def test_concerns_only_market_entries_with_a_price(self, terms: Any) -> None:
        case = make_case(signal=make_signal(sl=None, **terms), quote=make_quote("90000", "90001"))

        assert market_verdict(case) is None

    def test_names_the_numbers_that_decided(self) -> None:
        verdict = market_verdict(make_case(quote=make_quote("51000", "51000")))

        assert verdict is not None
        assert sentence(verdict.reason, verdict.numbers) == (
            "The market stood at 51000, 200.0 basis points from the signal's price 50000; at most 100 were allowed."
        )


class TestSellsWhatIsHeld:
    @pytest.mark.parametrize(
        ("market", "direction", "expected"),
        [
            (MarketType.SPOT, SELL, True),
            (MarketType.SPOT, SELL.opposite, False),
            (MarketType.LINEAR, SELL, False),
            (MarketType.INVERSE, SELL, False),
        ],
    )
    def test_is_a_sale_on_spot(self, market: MarketType, direction: Side, expected: bool) -> None:
        case = make_case(signal=make_signal(direction=direction))

        assert sells_what_is_held(replace(case, account=make_account(market=market))) is expected
