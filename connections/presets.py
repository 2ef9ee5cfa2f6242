"""How an account trades, as values in layers. What a layer leaves out is inherited.

Defaults come from the channel, then the connection's preset, then the subscription, the later winning;
limits do not override, the strictest wins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connections.preset_specs import (
    BY_NAME,
    SPECS,
    DuplicatePolicy,
    FieldKind,
    MarginMode,
    Merge,
    OppositePolicy,
    RefusalPolicy,
    SizingMode,
    Spec,
)
from core.decimals import NotANumber, parse, to_plain

#: Pairs as signals name them: anything else would stand in a list and never match.
_PAIR = re.compile(r"[A-Z0-9][A-Z0-9.]{0,19}/[A-Z0-9][A-Z0-9.]{0,19}")
MOST_SYMBOLS = 500
_PER_CENT = frozenset({SizingMode.PERCENT_OF_BALANCE, SizingMode.RISK_PERCENT})
_WHOLE = Decimal(100)


class InvalidPreset(ValueError):
    """A value does not fit. ``field`` names it; the message says what would pass."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Preset:
    """The effective values of one account, for rules to read."""

    sizing_mode: SizingMode
    size: Decimal
    multiplier: Decimal
    #: None when no limit is set
    max_quantity: Decimal | None
    max_notional: Decimal | None
    max_balance_pct: Decimal | None
    max_open_positions: int
    leverage: Decimal
    margin_mode: MarginMode
    #: empty allows every symbol
    allowed_symbols: tuple[str, ...]
    excluded_symbols: tuple[str, ...]
    opposite_policy: OppositePolicy
    duplicate_policy: DuplicatePolicy
    max_drift_bps: Decimal
    slippage_alert_bps: Decimal
    refusal_policy: RefusalPolicy
    balance_max_age_s: int


@dataclass(frozen=True, slots=True)
class Layer:
    """Some values and where they come from, such as "channel" or "subscription"."""

    source: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effective:
    """The combined values, and for each the layer it came from."""

    preset: Preset
    sources: Mapping[str, str]


def validate(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as JSON may hold them: numbers as text, choices upper-case, symbols sorted.

    Raises:
        InvalidPreset: an unknown name, a wrong type, or a number out of bounds.
    """
    clean: dict[str, Any] = {}
    for name, value in values.items():
        spec = BY_NAME.get(name)
        if spec is None:
            raise InvalidPreset(name, f"{name!r} is not a value of a preset.")
        if value is None or value == "" or value == []:
            continue
        clean[name] = _VALIDATORS[spec.kind](spec, value)
    _check_per_cent(clean)
    return clean


def combine(layers: Sequence[Layer]) -> Effective:
    """Return the effective preset of layers given from the most general to the most specific.

    Raises:
        InvalidPreset: a stored value no longer fits.
    """
    chosen: dict[str, Any] = {spec.name: spec.default for spec in SPECS}
    sources: dict[str, str] = {spec.name: "default" for spec in SPECS}
    for layer in layers:
        for name, raw in validate(layer.values).items():
            spec = BY_NAME[name]
            value = _typed(spec, raw)
            # A default is nobody's limit, so the first layer that states one replaces it, upwards too.
            merged = value if sources[name] == "default" else _merge(spec, chosen[name], value)
            # A limit that is not the strictest changes nothing, and says so by not being the source.
            if sources[name] == "default" or merged != chosen[name] or spec.merge is Merge.OVERRIDE:
                sources[name] = layer.source
            chosen[name] = merged
    return Effective(preset=Preset(**chosen), sources=sources)


def as_values(preset: Preset) -> dict[str, Any]:
    """Return an effective preset as JSON, for the record of an execution."""
    return {spec.name: _jsonable(getattr(preset, spec.name)) for spec in SPECS}


def _merge(spec: Spec, known: Any, value: Any) -> Any:
    if spec.merge is Merge.SMALLEST:
        return min(known, value)
    if spec.merge is Merge.UNION:
        return tuple(sorted({*known, *value}))
    if spec.merge is Merge.INTERSECTION and known:
        return tuple(sorted(set(known) & set(value))) or _NOTHING
    return value


#: An empty tuple allows everything, so an intersection that came out empty must still forbid everything.
_NOTHING = ("-",)


def _typed(spec: Spec, raw: Any) -> Any:
    if spec.kind is FieldKind.NUMBER:
        return Decimal(raw)
    if spec.kind is FieldKind.COUNT:
        return int(raw)
    if spec.kind is FieldKind.SYMBOLS:
        return tuple(raw)
    assert spec.choices is not None
    return spec.choices(raw)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return to_plain(value)
    return list(value) if isinstance(value, tuple) else value


def _check_number(spec: Spec, value: Any) -> str:
    try:
        number = parse(value)
    except NotANumber as error:
        raise InvalidPreset(spec.name, f"{spec.label}: {error}") from error
    if spec.low is not None and number < spec.low:
        raise InvalidPreset(
            spec.name, f"{spec.label} was {to_plain(number)} but must be at least {to_plain(spec.low)}."
        )
    if spec.high is not None and number > spec.high:
        raise InvalidPreset(
            spec.name, f"{spec.label} was {to_plain(number)} but must be at most {to_plain(spec.high)}."
        )
    if spec.is_whole and number != number.to_integral_value():
        raise InvalidPreset(spec.name, f"{spec.label} was {to_plain(number)} but must be a whole number.")
    return to_plain(number)


def _check_per_cent(clean: Mapping[str, Any]) -> None:
    mode = clean.get("sizing_mode")
    if mode in _PER_CENT and Decimal(clean.get("size", 0)) > _WHOLE:
        raise InvalidPreset("size", f"Size was {clean['size']} per cent but must be at most {_WHOLE} by {mode}.")


def _check_count(spec: Spec, value: Any) -> int:
    text = _check_number(spec, value)
    if not text.isdigit():
        raise InvalidPreset(spec.name, f"{spec.label} was {text} but must be a whole number.")
    return int(text)


def _check_choice(spec: Spec, value: Any) -> str:
    assert spec.choices is not None
    text = str(value).strip().upper()
    if text not in set(spec.choices):
        raise InvalidPreset(
            spec.name, f"{spec.label} was {str(value)[:40]!r} but must be one of {', '.join(spec.choices)}."
        )
    return text


def _check_symbols(spec: Spec, value: Any) -> list[str]:
    parts = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) > MOST_SYMBOLS:
        raise InvalidPreset(spec.name, f"{spec.label} must be a list of at most {MOST_SYMBOLS} symbols.")
    symbols = sorted({str(part).strip().upper() for part in parts if str(part).strip()})
    for symbol in symbols:
        if not _PAIR.fullmatch(symbol):
            raise InvalidPreset(spec.name, f"{spec.label}: {symbol[:40]!r} is no pair; write it like BTC/USDT.")
    return symbols


_VALIDATORS = {
    FieldKind.NUMBER: _check_number,
    FieldKind.COUNT: _check_count,
    FieldKind.CHOICE: _check_choice,
    FieldKind.SYMBOLS: _check_symbols,
}
