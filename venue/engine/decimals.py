"""Decimal arithmetic with the direction of every rounding in the function's name."""

from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
#: Balances and commissions carry eight decimals, as Binance's do.
ATOM = Decimal("0.00000001")


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """This function will round a non-negative value down to a multiple of step."""
    return value // step * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """This function will round a non-negative value up to a multiple of step."""
    steps, rest = divmod(value, step)
    return (steps + 1) * step if rest else steps * step


def floor_atom(value: Decimal) -> Decimal:
    """This function will cut a value to eight decimals, towards zero."""
    return value.quantize(ATOM, ROUND_DOWN)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return step == 0 or value % step == 0


def places(value: Decimal) -> int:
    """This function will count the decimals a value needs: 0.10 needs one."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(value: Decimal | None) -> str:
    """This function will write a value without exponent or trailing zeros: '0.001', '1200', '0'."""
    if not value:
        return "0"
    return format(value.normalize(), "f")


def fixed(value: Decimal | None) -> str:
    """This function will write a value with exactly eight decimals, cutting what lies beyond."""
    return format((value or ZERO).quantize(ATOM, ROUND_DOWN), "f")
