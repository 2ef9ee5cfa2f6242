"""Amounts of money as people read them. What is rounded here is for the eye, never for the wire."""

from decimal import Decimal

from core.decimals import Direction, round_to_step, to_plain

_CENT = Decimal("0.01")
_FINE = Decimal("0.00000001")
#: Currencies counted in cents; all others are shown with eight decimals at most.
_IN_CENTS = frozenset({"USD", "USDT", "USDC", "FDUSD", "BUSD", "DAI", "TUSD", "EUR", "GBP", "CHF", "AUD", "CAD"})
MINUS = "\N{MINUS SIGN}"


def grouped(value: Decimal) -> str:
    """Return a price or quantity with its digits grouped: ``64,250.5``."""
    whole, dot, rest = to_plain(abs(value)).partition(".")
    return ("" if value >= 0 else MINUS) + f"{int(whole):,}" + dot + rest


def rounded(value: Decimal, currency: str) -> Decimal:
    """Return an amount rounded to what is worth reading in its currency."""
    return round_to_step(value, _CENT if currency in _IN_CENTS else _FINE, Direction.NEAREST)


def with_currency(value: Decimal, currency: str, *, plus: str = "") -> str:
    """Return a rounded amount with its currency, ``1,250.40 USDT``; ``plus`` stands before one above zero."""
    near = rounded(value, currency)
    places = f"{abs(near):,.2f}" if currency in _IN_CENTS else grouped(abs(near))
    before = MINUS if near < 0 else plus if near else ""
    return f"{before}{places} {currency}"
