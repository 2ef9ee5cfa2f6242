from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decimals import (
    LARGEST,
    Direction,
    NotANumber,
    decimal_places,
    is_multiple,
    parse,
    round_to_step,
    to_plain,
)

D = Decimal
DOWN, FLOOR, CEILING, NEAREST = Direction.DOWN, Direction.FLOOR, Direction.CEILING, Direction.NEAREST

#: Anything parse lets through with up to 18 decimals, and steps as venues state them.
NUMBERS = st.decimals(min_value=-LARGEST, max_value=LARGEST, places=18)
STEPS = st.builds(
    lambda digits, exponent: D(digits).scaleb(exponent),
    st.integers(1, 9999),
    st.integers(min_value=-18, max_value=4),
)

# Source: ccxt 4.5.90 (MIT), ccxt/test/base/test_number.py: its TICK_SIZE and DECIMAL_PLACES vectors with TRUNCATE
# (DOWN) and ROUND (NEAREST), each also recomputed with exact decimals. Places became steps, padding was dropped.
CCXT_VECTORS = [
    ("12.3456", "0.0001", DOWN, "12.3456"),
    ("12.3456", "0.01", DOWN, "12.34"),
    ("12.3456", "1", DOWN, "12"),
    ("0.00000001", "0.00000001", DOWN, "0.00000001"),
    ("0.000000001", "0.000000001", DOWN, "0.000000001"),
    ("123.456", "10", DOWN, "120"),
    ("9.99999", "10", DOWN, "0"),
    ("99.9999", "100", DOWN, "0"),
    ("-0.9", "1", DOWN, "0"),
    ("69.3", "100", DOWN, "0"),
    ("-0.123456", "0.00001", DOWN, "-0.12345"),
    ("123", "1", DOWN, "123"),
    ("123", "0.00001", DOWN, "123"),
    ("0.", "0.00001", DOWN, "0"),
    ("12.3456", "0.001", NEAREST, "12.346"),
    ("12.3456", "0.1", NEAREST, "12.3"),
    ("1.45", "0.1", NEAREST, "1.5"),
    ("10000", "0.000001", NEAREST, "10000"),
    ("12.3456", "10", NEAREST, "10"),
    ("5", "10", NEAREST, "10"),
    ("0.0431531423", "10", NEAREST, "0"),
    ("123.456", "100", NEAREST, "100"),
    ("99.9999", "10", NEAREST, "100"),
    ("5001", "10000", NEAREST, "10000"),
    ("9.999", "0.001", NEAREST, "9.999"),
    ("9.999", "0.01", NEAREST, "10"),
    ("-99.999", "0.01", NEAREST, "-100"),
    ("0.0001234567", "0.00013", NEAREST, "0.00013"),
    ("101.000123456700", "100", NEAREST, "100"),
    ("165", "110", DOWN, "110"),
    ("165", "110", NEAREST, "220"),
    ("-165", "110", NEAREST, "-220"),
    ("-1650", "1100", NEAREST, "-2200"),
    ("0.000123456789", "0.00000012", DOWN, "0.00012336"),
    ("-0.000123456789", "0.00000012", DOWN, "-0.00012336"),
    ("-0.000123456789", "0.00000012", NEAREST, "-0.00012348"),
    ("0.00005714", "0.00000001", DOWN, "0.00005714"),
    ("0.01", "0.0001", DOWN, "0.01"),
    ("-0.0006", "0.0001", DOWN, "-0.0006"),
    ("-0.6", "0.2", DOWN, "-0.6"),
    ("-1.2", "0.4", NEAREST, "-1.2"),
    ("-1.2", "0.02", NEAREST, "-1.2"),
    ("-44", "4.4", NEAREST, "-44"),
    ("-44.00000001", "4.4", NEAREST, "-44"),
]


class TestRoundToStep:
    @pytest.mark.parametrize(("value", "step", "direction", "expected"), CCXT_VECTORS)
    def test_agrees_with_ccxt(self, value: str, step: str, direction: Direction, expected: str) -> None:
        assert to_plain(round_to_step(D(value), D(step), direction)) == expected

    @pytest.mark.parametrize(
        ("value", "direction", "expected"),
        [
            ("1.5", DOWN, "1"), ("1.5", FLOOR, "1"), ("1.5", CEILING, "2"), ("1.5", NEAREST, "2"),
            ("-1.5", DOWN, "-1"), ("-1.5", FLOOR, "-2"), ("-1.5", CEILING, "-1"), ("-1.5", NEAREST, "-2"),
        ],
    )  # fmt: skip
    def test_goes_where_it_is_told(self, value: str, direction: Direction, expected: str) -> None:
        assert round_to_step(D(value), D(1), direction) == D(expected)

    @given(NUMBERS, STEPS, st.sampled_from(Direction))
    def test_gives_a_multiple_less_than_one_step_away(
        self, value: Decimal, step: Decimal, direction: Direction
    ) -> None:
        rounded = round_to_step(value, step, direction)

        assert is_multiple(rounded, step)
        assert abs(rounded - value) < step

    @given(NUMBERS, STEPS)
    def test_never_makes_a_quantity_larger(self, value: Decimal, step: Decimal) -> None:
        assert abs(round_to_step(value, step, DOWN)) <= abs(value)

    @given(NUMBERS, STEPS)
    def test_encloses_a_price_between_floor_and_ceiling(self, value: Decimal, step: Decimal) -> None:
        assert round_to_step(value, step, FLOOR) <= value <= round_to_step(value, step, CEILING)

    @given(NUMBERS, STEPS, st.sampled_from(Direction))
    def test_changes_nothing_the_second_time(self, value: Decimal, step: Decimal, direction: Direction) -> None:
        once = round_to_step(value, step, direction)

        assert round_to_step(once, step, direction) == once

    @given(NUMBERS, st.sampled_from(Direction))
    def test_leaves_alone_what_has_no_step(self, value: Decimal, direction: Direction) -> None:
        assert round_to_step(value, D(0), direction) == value

    def test_refuses_a_negative_step(self) -> None:
        with pytest.raises(ValueError, match=r"The step was -0\.1 but a step cannot be negative\."):
            round_to_step(D(1), D("-0.1"), DOWN)


class TestParse:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("1.50", "1.50"),
            (" 2 ", "2"),
            (7, "7"),
            (0.1, "0.1"),
            (D("3.3"), "3.3"),
            ("1e-8", "1E-8"),
            ("-4", "-4"),
        ],
    )
    def test_reads_what_people_and_venues_write(self, value: object, expected: str) -> None:
        assert parse(value) == D(expected)

    @pytest.mark.parametrize(
        "value",
        [
            "NaN", "sNaN", "Infinity", "-inf", float("nan"), float("inf"), D("NaN"), D("-Infinity"),
            "", " ", "abc", "1,5", "0x10", "1.2.3", "1e", None, True, False, [], {},
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_finite_number(self, value: object) -> None:
        with pytest.raises(NotANumber):
            parse(value)

    @pytest.mark.parametrize("value", ["1e19", "-1e19", "1000000000000000001", "1e999999999"])
    def test_refuses_the_absurdly_large(self, value: str) -> None:
        with pytest.raises(NotANumber, match="is larger than any price or quantity"):
            parse(value)

    @pytest.mark.parametrize("value", ["1e-41", "-1e-999999999", "0e-999999999", "1." + "0" * 41])
    def test_refuses_the_absurdly_fine(self, value: str) -> None:
        with pytest.raises(NotANumber, match="has more than 40 decimals"):
            parse(value)

    def test_does_not_repeat_a_long_text(self) -> None:
        with pytest.raises(NotANumber) as refused:
            parse("x" * 10_000)

        assert len(str(refused.value)) < 100


class TestIsMultiple:
    @pytest.mark.parametrize(
        ("value", "step", "expected"),
        [
            ("0.3", "0.1", True), ("0.35", "0.1", False), ("0", "0.1", True), ("-0.2", "0.1", True),
            ("7", "0", True), ("220", "110", True), ("1e-18", "1e-18", True), ("1.5e-18", "1e-18", False),
        ],
    )  # fmt: skip
    def test_tells_whether_a_number_lies_on_a_step(self, value: str, step: str, expected: bool) -> None:
        assert is_multiple(D(value), D(step)) is expected


class TestDecimalPlaces:
    @pytest.mark.parametrize(
        ("step", "places"), [("0.0100", 2), ("5", 0), ("100", 0), ("1e-8", 8), ("0.5", 1), ("0", 0)]
    )
    def test_counts_what_a_number_on_the_step_shows(self, step: str, places: int) -> None:
        assert decimal_places(D(step)) == places


class TestToPlain:
    @pytest.mark.parametrize(
        ("value", "text"),
        [("1E-7", "0.0000001"), ("1.50", "1.5"), ("100", "100"), ("1E+3", "1000"), ("-0.0", "0"), ("0E+9", "0")],
    )
    def test_writes_no_exponent_and_no_idle_zero(self, value: str, text: str) -> None:
        assert to_plain(D(value)) == text

    @given(NUMBERS)
    def test_loses_nothing(self, value: Decimal) -> None:
        assert D(to_plain(value)) == value
