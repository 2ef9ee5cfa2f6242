"""Exact numbers: parsing at the door, rounding with a stated direction, and text that never uses exponents."""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    InvalidOperation,
    localcontext,
)
from enum import StrEnum

ZERO = Decimal(0)
ONE = Decimal(1)

#: Wide enough for a price with 18 decimals times a quantity with 18 decimals in any currency we know.
CONTEXT = Context(prec=60)

#: Larger than any honest price or quantity. What exceeds it is a mistake or an attack.
LARGEST = Decimal("1e18")

#: More decimals than any currency has. A few characters such as 1e-999999999 would fill the memory as plain text.
MOST_DECIMALS = 40


class Direction(StrEnum):
    """Where a number between two steps goes. Every rounding in the project names one."""

    DOWN = "DOWN"  # towards zero: quantities
    FLOOR = "FLOOR"  # towards the lower price
    CEILING = "CEILING"  # towards the higher price
    NEAREST = "NEAREST"  # halves away from zero: money on a page, never on the wire


_ROUNDING = {
    Direction.DOWN: ROUND_DOWN,
    Direction.FLOOR: ROUND_FLOOR,
    Direction.CEILING: ROUND_CEILING,
    Direction.NEAREST: ROUND_HALF_UP,
}


class NotANumber(ValueError):
    """The text is no finite decimal number that money code may touch."""


def parse(value: object) -> Decimal:
    """Return ``value`` as a finite Decimal.

    Floats go through their shortest text, so 0.1 stays 0.1. Booleans are refused although Python counts
    them as integers.

    Raises:
        NotANumber: not a finite number, larger than ``LARGEST``, or with more than ``MOST_DECIMALS``.
    """
    if isinstance(value, bool) or value is None:
        raise NotANumber(f"{value!r} is not a number.")
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        raise NotANumber(f"{str(value)[:40]!r} is not a number.") from None
    if not number.is_finite():
        raise NotANumber(f"{number} is not a finite number.")
    if _exponent(number) < -MOST_DECIMALS:
        raise NotANumber(f"{str(value)[:40]} has more than {MOST_DECIMALS} decimals.")
    if not -LARGEST <= number <= LARGEST:  # abs() would overflow on 1e999999999
        raise NotANumber(f"{str(value)[:40]} is larger than any price or quantity ({to_plain(LARGEST)}).")
    return number


def round_to_step(value: Decimal, step: Decimal, direction: Direction) -> Decimal:
    """Return the multiple of ``step`` next to ``value`` in ``direction``.

    A step of zero means that the venue states none; the value comes back as it was.

    Raises:
        ValueError: ``step`` is negative.
    """
    if step < 0:
        raise ValueError(f"The step was {step} but a step cannot be negative.")
    if step == 0:
        return value
    with localcontext(CONTEXT):
        steps = (value / step).to_integral_value(rounding=_ROUNDING[direction])
        return (steps * step).quantize(step) if steps else ZERO


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Return whether ``value`` lies on a step; true where the venue states no step."""
    return step == 0 or round_to_step(value, step, Direction.DOWN) == value


def decimal_places(step: Decimal) -> int:
    """Return how many decimals a number on this step shows: 0.0100 -> 2, 5 -> 0."""
    return max(0, -_exponent(step.normalize()))


def to_plain(value: Decimal) -> str:
    """Return the number as text without an exponent and without idle zeros: 1E-7 -> 0.0000001, 1.50 -> 1.5."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
