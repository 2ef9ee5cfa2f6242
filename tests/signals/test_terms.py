"""Signals at the door: what is taken in, and every way to be refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.contract import OrderType, Side, TimeInForce
from signals.rules import InvalidSignal, Target, Terms, read_terms
from tests.values import BUY, NOON, SELL

D = Decimal
TOMORROW = NOON + timedelta(days=1)

BUYING = {
    "currency_pair": "BTC/USDT",
    "direction": "BUY",
    "open_price": "50000",
    "sl": "49000",
    "targets": [{"price": "51000", "share": "0.5"}, {"price": "52000", "share": "0.5"}],
}
SELLING = BUYING | {
    "direction": "SELL",
    "sl": "51000",
    "targets": [{"price": "49000", "share": "0.5"}, {"price": "48000", "share": "0.5"}],
}


def read(start: dict[str, Any] = BUYING, **changes: Any) -> Terms:
    return read_terms({**start, **changes}, now=NOON)


def refusal(start: dict[str, Any] = BUYING, **changes: Any) -> InvalidSignal:
    with pytest.raises(InvalidSignal) as refused:
        read(start, **changes)
    return refused.value


class TestReadTerms:
    def test_reads_a_signal_as_people_write_it(self) -> None:
        terms = read(currency_pair=" btc/usdt ", direction="buy", order_type="limit", max_drift_bps="25")

        assert terms == Terms(
            currency_pair="BTC/USDT",
            direction=Side.BUY,
            order_type=OrderType.LIMIT,
            open_price=D(50000),
            sl=D(49000),
            targets=(Target(D(51000), D("0.5")), Target(D(52000), D("0.5"))),
            time_in_force=TimeInForce.GTC,
            expires_at=None,
            max_drift_bps=D(25),
        )

    def test_needs_no_more_than_pair_and_direction(self) -> None:
        terms = read_terms({"currency_pair": "EUR/USD", "direction": "SELL"}, now=NOON)

        assert (terms.order_type, terms.open_price, terms.sl, terms.targets) == (OrderType.MARKET, None, None, ())

    @pytest.mark.parametrize("empty", [None, ""])
    def test_takes_an_empty_field_as_unsaid(self, empty: object) -> None:
        terms = read(open_price=empty, sl=empty, expires_at=empty, max_drift_bps=empty, order_type=empty)

        assert (terms.open_price, terms.sl, terms.expires_at, terms.max_drift_bps) == (None, None, None, None)

    @pytest.mark.parametrize("target", ["51000", {"price": "51000"}, {"price": "51000", "share": None}])
    def test_lets_a_lone_target_take_everything(self, target: object) -> None:
        assert read(targets=[target]).targets == (Target(D(51000), D(1)),)

    @given(st.dictionaries(st.sampled_from([*BUYING, "expires_at", "time_in_force", "max_drift_bps"]), st.text()))
    def test_answers_anything_with_terms_or_a_named_field(self, data: dict[str, str]) -> None:
        try:
            field = read_terms(BUYING | data, now=NOON).currency_pair
        except InvalidSignal as refused:
            field = refused.field

        assert field


class TestRefusals:
    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("currency_pair", None, "NOT_A_PAIR"),
            ("currency_pair", "BTCUSDT", "NOT_A_PAIR"),
            ("currency_pair", "BTC/USDT:USDT", "NOT_A_PAIR"),
            ("currency_pair", "BTC/USDT; DROP", "NOT_A_PAIR"),
            ("currency_pair", ["BTC/USDT"], "NOT_A_PAIR"),
            ("direction", None, "NOT_A_CHOICE"),
            ("direction", "LONG", "NOT_A_CHOICE"),
            ("order_type", "ICEBERG", "NOT_A_CHOICE"),
            ("order_type", "STOP_LIMIT", "UNSUPPORTED_TYPE"),
            ("time_in_force", "DAY", "NOT_A_CHOICE"),
            ("open_price", "abc", "NOT_A_NUMBER"),
            ("open_price", "NaN", "NOT_A_NUMBER"),
            ("open_price", "Infinity", "NOT_A_NUMBER"),
            ("open_price", float("nan"), "NOT_A_NUMBER"),
            ("open_price", True, "NOT_A_NUMBER"),
            ("open_price", "1e19", "NOT_A_NUMBER"),
            ("open_price", "1e-999999999", "NOT_A_NUMBER"),
            ("open_price", "0", "NOT_POSITIVE"),
            ("open_price", "-5", "NOT_POSITIVE"),
            ("open_price", "50000.0000000000000000001", "TOO_FINE"),
            ("sl", "-inf", "NOT_A_NUMBER"),
            ("sl", 0, "NOT_POSITIVE"),
            ("max_drift_bps", "NaN", "NOT_A_NUMBER"),
            ("max_drift_bps", "-1", "OUT_OF_BOUNDS"),
            ("max_drift_bps", "10001", "OUT_OF_BOUNDS"),
            ("expires_at", "tomorrow", "NOT_A_TIME"),
            ("expires_at", 5, "NOT_A_TIME"),
            ("expires_at", datetime(2027, 1, 1), "NO_ZONE"),  # noqa: DTZ001 - the very point
            ("expires_at", "2027-01-01T00:00:00", "NO_ZONE"),
            ("expires_at", NOON, "EXPIRY_PAST"),
            ("expires_at", "2026-11-21T11:59:59Z", "EXPIRY_PAST"),
        ],
    )
    def test_name_field_and_code(self, field: str, value: Any, code: str) -> None:
        refused = refusal(**{field: value})

        assert (refused.field, refused.code) == (field, code)

    @pytest.mark.parametrize("order_type", ["LIMIT", "STOP"])
    def test_ask_a_resting_entry_for_its_price(self, order_type: str) -> None:
        refused = refusal(order_type=order_type, open_price=None)

        assert (refused.field, refused.code) == ("open_price", "PRICE_MISSING")

    def test_ask_a_good_till_date_for_its_date(self) -> None:
        refused = refusal(time_in_force="GTD")

        assert (refused.field, refused.code) == ("expires_at", "EXPIRY_MISSING")

    def test_say_what_would_fit(self) -> None:
        assert str(refusal(currency_pair="BTCUSDT")) == (
            "'BTCUSDT' is no pair; write base and quote like BTC/USDT or EUR/USD."
        )

    def test_do_not_repeat_a_long_text(self) -> None:
        assert len(str(refusal(currency_pair="x" * 10_000))) < 200
        assert len(str(refusal(direction="x" * 10_000))) < 200


class TestTargets:
    @pytest.mark.parametrize(
        ("targets", "code"),
        [
            ("51000", "TOO_MANY_TARGETS"),
            ({"price": "51000"}, "TOO_MANY_TARGETS"),
            (5, "TOO_MANY_TARGETS"),
            ([{"price": str(51000 + number), "share": "0.01"} for number in range(11)], "TOO_MANY_TARGETS"),
            ([{"share": "1"}], "PRICE_MISSING"),
            ([{"price": ""}], "PRICE_MISSING"),
            ([None], "PRICE_MISSING"),
            ([{"price": "-1"}], "NOT_POSITIVE"),
            ([{"price": "51000"}, {"price": "52000", "share": "0.5"}], "SHARE_MISSING"),
            ([{"price": "51000", "share": "half"}], "NOT_A_NUMBER"),
            ([{"price": "51000", "share": "NaN"}], "NOT_A_NUMBER"),
            ([{"price": "51000", "share": "0"}], "SHARE_OUT_OF_BOUNDS"),
            ([{"price": "51000", "share": "-0.5"}], "SHARE_OUT_OF_BOUNDS"),
            ([{"price": "51000", "share": "1.1"}], "SHARE_OUT_OF_BOUNDS"),
            ([{"price": "51000", "share": "0.6"}, {"price": "52000", "share": "0.41"}], "SHARES_EXCEED_ONE"),
            ([{"price": "51000", "share": "0.5"}, {"price": "51000.0", "share": "0.5"}], "TARGET_TWICE"),
        ],
    )
    def test_are_refused_by_code(self, targets: object, code: str) -> None:
        refused = refusal(targets=targets)

        assert (refused.field, refused.code) == ("targets", code)

    def test_may_leave_a_part_of_the_position_alone(self) -> None:
        assert read(targets=[{"price": "51000", "share": "0.3"}]).targets[0].share == D("0.3")

    def test_may_add_up_to_exactly_one(self) -> None:
        thirds = [
            {"price": str(51000 + number), "share": share} for number, share in enumerate(["0.3", "0.3", "0.4"])
        ]

        assert len(read(targets=thirds).targets) == 3


class TestSides:
    @pytest.mark.parametrize("start", [BUYING, SELLING], ids=["buy", "sell"])
    def test_are_right_as_written(self, start: dict[str, Any]) -> None:
        assert read(start).sl is not None

    @pytest.mark.parametrize(
        ("start", "sl"), [(BUYING, "50000"), (BUYING, "50500"), (SELLING, "50000"), (SELLING, "49500")]
    )
    def test_refuse_a_stop_that_would_not_limit_the_loss(self, start: dict[str, Any], sl: str) -> None:
        refused = refusal(start, sl=sl)

        assert (refused.field, refused.code) == ("sl", "STOP_WRONG_SIDE")
        assert "50000" in str(refused)
        assert sl in str(refused)

    @pytest.mark.parametrize(
        ("start", "price"), [(BUYING, "50000"), (BUYING, "49500"), (SELLING, "50000"), (SELLING, "50500")]
    )
    def test_refuse_a_target_that_would_not_take_profit(self, start: dict[str, Any], price: str) -> None:
        assert refusal(start, targets=[price]).code == "TARGET_WRONG_SIDE"

    @pytest.mark.parametrize(("start", "price"), [(BUYING, "48999"), (SELLING, "51001")])
    def test_compare_targets_with_the_stop_where_no_entry_price_is_said(
        self, start: dict[str, Any], price: str
    ) -> None:
        refused = refusal(start, open_price=None, targets=[price])

        assert refused.code == "TARGET_WRONG_SIDE"
        assert "the stop" in str(refused)

    def test_cannot_be_judged_without_entry_and_stop(self) -> None:
        assert read(open_price=None, sl=None, targets=["1"]).targets[0].price == D(1)

    @given(
        st.sampled_from([BUY, SELL]),
        st.decimals(min_value=1, max_value=10**6, places=2),
        st.decimals(min_value=1, max_value=10**6, places=2),
    )
    def test_let_through_exactly_the_stops_that_lose_less_than_everything(
        self, direction: Side, entry: Decimal, stop: Decimal
    ) -> None:
        data = {"currency_pair": "BTC/USDT", "direction": direction, "open_price": entry, "sl": stop}

        try:
            is_accepted = read_terms(data, now=NOON).sl == stop
        except InvalidSignal:
            is_accepted = False

        assert is_accepted == (stop < entry if direction is BUY else stop > entry)


class TestExpiry:
    @pytest.mark.parametrize(
        "moment",
        [
            TOMORROW,
            TOMORROW.astimezone(timezone(timedelta(hours=9))),
            "2026-11-22T12:00:00Z",
            "2026-11-22T21:00:00+09:00",
            " 2026-11-22T07:00:00-05:00 ",
        ],
    )
    def test_is_one_moment_in_utc_whatever_zone_it_was_said_in(self, moment: object) -> None:
        terms = read(expires_at=moment, time_in_force="GTD")

        assert terms.expires_at == TOMORROW
        assert terms.expires_at is not None
        assert terms.expires_at.tzinfo is UTC

    def test_is_past_in_every_zone_at_once(self) -> None:
        """One o'clock in Tokyo is long past when it is noon in London."""
        refused = refusal(expires_at="2026-11-21T13:00:00+09:00")

        assert refused.code == "EXPIRY_PAST"
        assert "2026-11-21 04:00:00 UTC" in str(refused)
