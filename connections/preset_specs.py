"""Every value a trading preset may hold: its bounds, its default, and how layers combine.

The forms, the API and the documentation are made from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class SizingMode(StrEnum):
    FIXED_QUANTITY = "FIXED_QUANTITY"  # size is a quantity in base units
    FIXED_AMOUNT = "FIXED_AMOUNT"  # size is an amount in the quote currency
    PERCENT_OF_BALANCE = "PERCENT_OF_BALANCE"  # size is per cent of the free balance
    RISK_PERCENT = "RISK_PERCENT"  # size is per cent of equity lost if the stop is hit


class OppositePolicy(StrEnum):
    """What an entry does that would trade against a position of the same account and symbol."""

    SKIP = "SKIP"
    ALLOW = "ALLOW"


class DuplicatePolicy(StrEnum):
    """What an entry does that would add to a position of the same account, symbol and side."""

    SKIP = "SKIP"
    ADD = "ADD"


class MarginMode(StrEnum):
    ISOLATED = "ISOLATED"
    CROSS = "CROSS"


class RefusalPolicy(StrEnum):
    """What happens when a venue refuses the stop of a position."""

    FLATTEN = "FLATTEN"  # close at market
    WATCH = "WATCH"  # keep it and watch the price here


class FieldKind(StrEnum):
    NUMBER = "NUMBER"
    COUNT = "COUNT"
    CHOICE = "CHOICE"
    SYMBOLS = "SYMBOLS"


class Merge(StrEnum):
    """How the same value in two layers becomes one."""

    OVERRIDE = "OVERRIDE"  # the more specific layer wins
    SMALLEST = "SMALLEST"  # a limit: the strictest wins
    UNION = "UNION"  # a list of what is forbidden
    INTERSECTION = "INTERSECTION"  # a list of what is allowed


@dataclass(frozen=True, slots=True)
class Spec:
    """One value a preset may hold."""

    name: str
    kind: FieldKind
    label: str
    help: str
    default: Any
    merge: Merge = Merge.OVERRIDE
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    #: a number of which venues take whole ones only
    is_whole: bool = False
    choices: type[StrEnum] | None = None


def _number(text: str) -> Decimal:
    return Decimal(text)


SPECS: tuple[Spec, ...] = (
    Spec(
        "sizing_mode",
        FieldKind.CHOICE,
        "Sizing",
        "What the size below counts.",
        SizingMode.PERCENT_OF_BALANCE,
        choices=SizingMode,
    ),
    Spec(
        "size",
        FieldKind.NUMBER,
        "Size",
        "A quantity, an amount in the quote currency, or per cent, as the sizing says.",
        _number("5"),
        low=_number("0.00000001"),
        high=_number("1000000000"),
    ),
    Spec(
        "multiplier",
        FieldKind.NUMBER,
        "Multiplier",
        "Every size is multiplied by it.",
        _number("1"),
        low=_number("0.01"),
        high=_number("100"),
    ),
    Spec(
        "max_quantity",
        FieldKind.NUMBER,
        "Largest quantity",
        "An order is cut to this quantity.",
        None,
        Merge.SMALLEST,
        low=_number("0.00000001"),
    ),
    Spec(
        "max_notional",
        FieldKind.NUMBER,
        "Largest order",
        "An order is cut to this value.",
        None,
        Merge.SMALLEST,
        unit="quote currency",
        low=_number("0.01"),
    ),
    Spec(
        "max_balance_pct",
        FieldKind.NUMBER,
        "Largest share of balance",
        "An order is cut to this share of the free balance.",
        None,
        Merge.SMALLEST,
        unit="%",
        low=_number("0.01"),
        high=_number("100"),
    ),
    Spec(
        "max_open_positions",
        FieldKind.COUNT,
        "Most open positions",
        "No entry while the account holds this many.",
        20,
        Merge.SMALLEST,
        low=_number("1"),
        high=_number("1000"),
    ),
    Spec(
        "leverage",
        FieldKind.NUMBER,
        "Leverage",
        "Set at the venue before the first order of a symbol. Derivatives only.",
        _number("1"),
        unit="x",
        low=_number("1"),
        high=_number("125"),
        is_whole=True,
    ),
    Spec(
        "margin_mode",
        FieldKind.CHOICE,
        "Margin mode",
        "Derivatives only.",
        MarginMode.ISOLATED,
        choices=MarginMode,
    ),
    Spec(
        "allowed_symbols",
        FieldKind.SYMBOLS,
        "Only these symbols",
        "Empty allows every symbol.",
        (),
        Merge.INTERSECTION,
    ),
    Spec(
        "excluded_symbols",
        FieldKind.SYMBOLS,
        "Never these symbols",
        "Signals for them are skipped.",
        (),
        Merge.UNION,
    ),
    Spec(
        "opposite_policy",
        FieldKind.CHOICE,
        "Opposite signal",
        "An entry against a position of the same symbol.",
        OppositePolicy.SKIP,
        choices=OppositePolicy,
    ),
    Spec(
        "duplicate_policy",
        FieldKind.CHOICE,
        "Same signal side",
        "An entry on top of a position of the same symbol and side.",
        DuplicatePolicy.SKIP,
        choices=DuplicatePolicy,
    ),
    Spec(
        "max_drift_bps",
        FieldKind.NUMBER,
        "Largest drift",
        "No entry when the market has moved further than this from the signal's price.",
        _number("100"),
        Merge.SMALLEST,
        unit="bps",
        low=_number("0"),
        high=_number("10000"),
    ),
    Spec(
        "slippage_alert_bps",
        FieldKind.NUMBER,
        "Slippage alert",
        "You are told when a fill is worse than expected by more than this.",
        _number("50"),
        unit="bps",
        low=_number("0"),
        high=_number("10000"),
    ),
    Spec(
        "refusal_policy",
        FieldKind.CHOICE,
        "Refused stop",
        "What happens to a position whose stop the venue refuses.",
        RefusalPolicy.FLATTEN,
        choices=RefusalPolicy,
    ),
    Spec(
        "balance_max_age_s",
        FieldKind.COUNT,
        "Oldest balance",
        "A stored balance older than this is asked for again before an order.",
        300,
        Merge.SMALLEST,
        unit="s",
        low=_number("1"),
        high=_number("86400"),
    ),
)
BY_NAME: Mapping[str, Spec] = {spec.name: spec for spec in SPECS}
