"""What a channel, a connection's preset and a subscription say together."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.preset_specs import SPECS, Merge, SizingMode, Spec
from connections.presets import Effective, InvalidPreset, Layer, combine

D = Decimal
LIMITS = [spec for spec in SPECS if spec.merge is Merge.SMALLEST]
PAIRS = st.lists(st.sampled_from(["A/X", "B/X", "C/X", "D/X"]), unique=True)


def layered(*values: dict[str, Any]) -> Effective:
    names = ("channel", "connection", "subscription")
    return combine([Layer(name, each) for name, each in zip(names, values, strict=False)])


def name_of(spec: Spec) -> str:
    return spec.name


class TestDefaults:
    def test_hold_where_nobody_says_anything(self) -> None:
        effective = combine([])

        assert effective.preset.sizing_mode is SizingMode.PERCENT_OF_BALANCE
        assert effective.preset.size == D(5)
        assert set(effective.sources.values()) == {"default"}


class TestOverrides:
    def test_the_most_specific_layer_wins(self) -> None:
        effective = layered({"size": "1"}, {"size": "2"}, {"size": "3"})

        assert (effective.preset.size, effective.sources["size"]) == (D(3), "subscription")

    def test_what_a_layer_leaves_out_is_inherited(self) -> None:
        effective = layered({"size": "1", "leverage": "5"}, {"size": "2"}, {})

        assert (effective.preset.size, effective.preset.leverage) == (D(2), D(5))
        assert effective.sources["leverage"] == "channel"


class TestLimits:
    @pytest.mark.parametrize("spec", LIMITS, ids=name_of)
    def test_the_strictest_wins_wherever_it_stands(self, spec: Spec) -> None:
        loose, strict = {spec.name: "9"}, {spec.name: "2"}

        assert getattr(layered(loose, strict, loose).preset, spec.name) == 2
        assert getattr(layered(strict, loose, loose).preset, spec.name) == 2
        assert layered(loose, strict, loose).sources[spec.name] == "connection"

    @pytest.mark.parametrize("spec", [spec for spec in LIMITS if spec.default is not None], ids=name_of)
    def test_a_stated_limit_may_be_looser_than_the_default(self, spec: Spec) -> None:
        effective = layered({spec.name: spec.high})

        assert getattr(effective.preset, spec.name) == spec.high
        assert effective.sources[spec.name] == "channel"

    def test_a_limit_equal_to_the_default_is_still_somebodys(self) -> None:
        assert layered({"max_drift_bps": "100"}, {"max_drift_bps": "500"}).preset.max_drift_bps == D(100)


class TestAllowedSymbols:
    def test_only_what_every_layer_allows_is_allowed(self) -> None:
        effective = layered({"allowed_symbols": ["A/X", "B/X"]}, {"allowed_symbols": ["B/X", "C/X"]})

        assert effective.preset.allowed_symbols == ("B/X",)

    def test_nothing_in_common_allows_nothing(self) -> None:
        effective = layered(
            {"allowed_symbols": ["A/X"]}, {"allowed_symbols": ["B/X"]}, {"allowed_symbols": ["B/X"]}
        )

        assert effective.preset.allowed_symbols != ()
        assert not {"A/X", "B/X"} & set(effective.preset.allowed_symbols)

    def test_an_empty_list_says_nothing(self) -> None:
        assert layered({"allowed_symbols": ["A/X"]}, {"allowed_symbols": []}).preset.allowed_symbols == ("A/X",)

    @given(PAIRS, PAIRS, PAIRS)
    def test_no_layer_can_allow_what_another_does_not(
        self, channel: Any, connection: Any, subscription: Any
    ) -> None:
        lists = [each for each in (channel, connection, subscription) if each]
        combined = layered(*({"allowed_symbols": each} for each in (channel, connection, subscription)))

        # An empty result allows everything, which only three silent layers may do.
        assert bool(combined.preset.allowed_symbols) is bool(lists)
        assert all(set(combined.preset.allowed_symbols) - {"-"} <= set(each) for each in lists)


class TestExcludedSymbols:
    @given(PAIRS, PAIRS)
    def test_what_any_layer_excludes_is_excluded(self, channel: Any, connection: Any) -> None:
        combined = layered({"excluded_symbols": channel}, {"excluded_symbols": connection})

        assert set(combined.preset.excluded_symbols) == {*channel, *connection}


class TestStoredValues:
    def test_are_refused_when_they_no_longer_fit(self) -> None:
        with pytest.raises(InvalidPreset):
            combine([Layer("connection", {"size": "-5"})])
