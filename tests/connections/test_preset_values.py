from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.preset_specs import SPECS, FieldKind, Spec
from connections.presets import InvalidPreset, as_values, validate
from tests.values import make_preset

NUMBERS = [spec for spec in SPECS if spec.kind in (FieldKind.NUMBER, FieldKind.COUNT)]
CHOICES = [spec for spec in SPECS if spec.choices is not None]


def name_of(spec: Spec) -> str:
    return spec.name


class TestValidate:
    def test_keeps_what_json_can_hold(self) -> None:
        clean = validate(
            {
                "sizing_mode": "risk_percent",
                "size": 1.50,
                "max_open_positions": "7",
                "excluded_symbols": "eth/usdt, BTC/USDT;btc/usdt",
            }
        )

        assert clean == {
            "sizing_mode": "RISK_PERCENT",
            "size": "1.5",
            "max_open_positions": 7,
            "excluded_symbols": ["BTC/USDT", "ETH/USDT"],
        }

    @pytest.mark.parametrize("empty", [None, "", []])
    def test_takes_an_empty_value_as_unsaid(self, empty: object) -> None:
        assert validate({"size": empty, "allowed_symbols": empty}) == {}

    def test_refuses_a_name_it_does_not_know(self) -> None:
        with pytest.raises(InvalidPreset, match="'sise' is not a value of a preset") as refused:
            validate({"sise": 5})

        assert refused.value.field == "sise"

    @pytest.mark.parametrize("spec", NUMBERS, ids=name_of)
    @pytest.mark.parametrize("value", ["abc", "NaN", "Infinity", "-1e999999999", "1e-999999999", True, "1e19", {}])
    def test_refuses_what_is_no_number(self, spec: Spec, value: object) -> None:
        with pytest.raises(InvalidPreset) as refused:
            validate({spec.name: value})

        assert refused.value.field == spec.name
        assert len(str(refused.value)) < 200

    @pytest.mark.parametrize("spec", [spec for spec in NUMBERS if spec.low is not None], ids=name_of)
    def test_names_the_smallest_number_that_passes(self, spec: Spec) -> None:
        with pytest.raises(InvalidPreset, match="must be at least"):
            validate({spec.name: "-0.5"})

        assert validate({spec.name: spec.low}) != {}

    @pytest.mark.parametrize("spec", [spec for spec in NUMBERS if spec.high is not None], ids=name_of)
    def test_names_the_largest_number_that_passes(self, spec: Spec) -> None:
        with pytest.raises(InvalidPreset, match="must be at most"):
            validate({spec.name: 10_000_000_000})

        assert validate({spec.name: spec.high}) != {}

    def test_counts_in_whole_numbers(self) -> None:
        with pytest.raises(InvalidPreset, match=r"Most open positions was 2\.5 but must be a whole number"):
            validate({"max_open_positions": "2.5"})

    @pytest.mark.parametrize("spec", CHOICES, ids=name_of)
    def test_names_the_choices_there_are(self, spec: Spec) -> None:
        with pytest.raises(InvalidPreset, match="must be one of") as refused:
            validate({spec.name: "anything"})

        assert all(choice in str(refused.value) for choice in spec.choices or ())

    @pytest.mark.parametrize(
        "symbol", ["BTCUSDT", "BTC/", "/USDT", "BTC/USDT:USDT", "BTC USDT", "<b>/x", "B" * 21 + "/X"]
    )
    def test_refuses_a_symbol_that_no_signal_could_name(self, symbol: str) -> None:
        """Such an entry would stand in the list of excluded symbols and exclude nothing."""
        with pytest.raises(InvalidPreset, match="write it like BTC/USDT"):
            validate({"excluded_symbols": [symbol]})

    @pytest.mark.parametrize("value", [5, {"BTC/USDT": 1}, [f"A{number}/USDT" for number in range(501)]])
    def test_refuses_what_is_no_list_of_symbols(self, value: object) -> None:
        with pytest.raises(InvalidPreset, match="must be a list of at most 500 symbols"):
            validate({"allowed_symbols": value})

    @given(
        st.dictionaries(st.sampled_from([spec.name for spec in SPECS]), st.text() | st.floats() | st.integers())
    )
    def test_answers_anything_with_values_or_a_named_field(self, values: dict[str, Any]) -> None:
        try:
            again = validate(validate(values))
        except InvalidPreset as refused:
            again = {refused.field: None}

        assert set(again) <= set(values)


class TestAsValues:
    def test_writes_every_value_so_that_it_reads_the_same(self) -> None:
        preset = make_preset(size="2.5", allowed_symbols=["BTC/USDT"], max_notional="1000")

        assert make_preset(**as_values(preset)) == preset
