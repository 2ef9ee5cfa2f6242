"""How every body is read, and how every value looks going out."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError

from accounts.rest.fields import EnumField, PlainDecimalField, UncheckedNumberField, UtcDateTimeField
from accounts.rest.parsers import ExactJSONParser
from accounts.rest.serializers import Input


def parse(text: str | bytes) -> Any:
    return ExactJSONParser().parse(BytesIO(text.encode() if isinstance(text, str) else text))


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class Inner(Input):
    name = serializers.CharField()


class Outer(Input):
    name = serializers.CharField(required=False)
    inner = Inner(required=False)
    inners = Inner(many=True, required=False)


class TestExactJSONParser:
    def test_keeps_every_digit(self) -> None:
        assert parse('{"price": 12345.678901234567890123}') == {"price": Decimal("12345.678901234567890123")}

    @given(st.decimals(allow_nan=False, allow_infinity=False))
    def test_reads_any_number_exactly(self, number: Decimal) -> None:
        text = f"{number:f}"

        assert Decimal(parse(text)) == number

    @pytest.mark.parametrize(
        "text",
        [
            "", "{", "[1", "NaN", "Infinity", '{"a": -Infinity}', "'a'", b"\xff", "[" * 100_000, "1" * 5_000,
            '"\\u0000"', '{"\\u0000": 1}', '["a", {"b": "\\ud800"}]',
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_json_or_cannot_be_stored(self, text: str | bytes) -> None:
        with pytest.raises(ParseError):
            parse(text)

    def test_lets_all_other_characters_through(self) -> None:
        assert parse('"\\ud83d\\ude80 ü \\\\u0000"') == "🚀 ü \\u0000"


class TestInput:
    def test_names_what_it_does_not_know(self) -> None:
        form = Outer(data={"nmae": "x", "inner": {"name": "x", "colour": 1}})

        assert not form.is_valid()
        assert form.errors["nmae"][0].code == "unknown_field"
        assert "name, inner, inners" in form.errors["nmae"][0]

    def test_names_it_at_any_depth(self) -> None:
        form = Outer(data={"inner": {"name": "x", "colour": 1}, "inners": [{"name": "x"}, {"name": "y", "z": 1}]})

        assert not form.is_valid()
        assert set(form.errors["inner"]) == {"colour"}
        assert set(form.errors["inners"][1]) == {"z"}

    @pytest.mark.parametrize("data", [[], "x", 1, None])
    def test_takes_objects_only(self, data: Any) -> None:
        assert not Outer(data=data).is_valid()


class TestPlainDecimalField:
    @pytest.mark.parametrize(
        ("number", "text"),
        [("1E-7", "0.0000001"), ("1.500", "1.5"), ("0E-18", "0"), ("1E+3", "1000"), ("-0.10", "-0.1")],
    )
    def test_shows_numbers_plainly(self, number: str, text: str) -> None:
        assert PlainDecimalField().to_representation(Decimal(number)) == text


class TestUtcDateTimeField:
    def test_shows_utc_whatever_zone_the_reader_has(self) -> None:
        with timezone.override("Asia/Tokyo"):
            shown = UtcDateTimeField().to_representation(datetime(2026, 11, 21, 12, tzinfo=UTC))

        assert shown == "2026-11-21T12:00:00Z"

    def test_reads_any_zone(self) -> None:
        read = UtcDateTimeField().run_validation("2026-11-21T12:00:00+02:00")

        assert read == datetime(2026, 11, 21, 10, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["2026-11-21T12:00:00", "2026-11-21", "noon", "", 5, "0001-01-01T00:00:00+14:00", "2026-02-30T00:00Z"],
    )
    def test_refuses_what_names_no_moment(self, text: Any) -> None:
        with pytest.raises(ValidationError):
            UtcDateTimeField().run_validation(text)


class TestEnumField:
    def test_reads_any_case(self) -> None:
        assert EnumField(Colour).run_validation(" red ") is Colour.RED

    @pytest.mark.parametrize("value", ["", "GREEN", 1, None, ["RED"], {"RED": 1}, "x" * 10_000])
    def test_names_what_it_takes(self, value: Any) -> None:
        with pytest.raises(ValidationError) as caught:
            EnumField(Colour).run_validation(value)

        assert len(str(caught.value)) < 200


class TestUncheckedNumberField:
    @pytest.mark.parametrize("value", ["1", "abc", 1, Decimal("1.5"), "NaN"])
    def test_hands_on_what_a_rule_will_read(self, value: Any) -> None:
        assert UncheckedNumberField().run_validation(value) == value

    @pytest.mark.parametrize("value", [True, [], {}, ["1"]])
    def test_refuses_what_no_rule_could(self, value: Any) -> None:
        with pytest.raises(ValidationError):
            UncheckedNumberField().run_validation(value)
