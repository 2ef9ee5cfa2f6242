"""Numbers on pages: grouped, without idle zeros, and exact to the last digit in the title where they are rounded."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.decimals import Direction, round_to_step, to_plain

register = template.Library()

_CENT = Decimal("0.01")
_FINE = Decimal("0.00000001")
#: Currencies counted in cents; all others are shown with eight decimals at most.
_IN_CENTS = frozenset({"USD", "USDT", "USDC", "FDUSD", "BUSD", "DAI", "TUSD", "EUR", "GBP", "CHF", "AUD", "CAD"})
_MINUS = "\N{MINUS SIGN}"


@register.filter
def number(value: Decimal | None) -> str:
    """Show a price or quantity: ``64,250.5``; a dash where there is none."""
    if value is None:
        return "-"
    whole, dot, rest = to_plain(abs(value)).partition(".")
    return ("" if value >= 0 else _MINUS) + f"{int(whole):,}" + dot + rest


@register.filter
def money(value: Decimal | None, currency: str) -> SafeString | str:
    """Show an amount with its currency, rounded for the eye."""
    return "-" if value is None else _money(value, currency, "")


@register.filter
def profit(value: Decimal | None, currency: str) -> SafeString | str:
    """Show a profit or loss with its sign, coloured."""
    if value is None:
        return "-"
    kind = "good" if value > 0 else "bad" if value < 0 else "muted"
    return format_html(
        '<span class="{} nowrap">{}</span>', kind, _money(value, currency, "+" if value > 0 else "")
    )


@register.filter
def milliseconds(value: int | None) -> str:
    """Show a duration: ``850 ms``, ``12.4 s``, ``3 min 20 s``; a dash where there is none."""
    if value is None:
        return "-"
    if abs(value) < 1000:
        return f"{value} ms"
    seconds = value / 1000
    return f"{seconds:.1f} s" if abs(seconds) < 120 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _money(value: Decimal, currency: str, sign: str) -> SafeString:
    rounded = _rounded(value, currency)
    places = f"{abs(rounded):,.2f}" if currency in _IN_CENTS else number(abs(rounded))
    before = _MINUS if rounded < 0 else sign if rounded else ""
    exact = f"{to_plain(value)} {currency}"
    return format_html(
        '<data value="{}" title="{}">{}{} {}</data>', to_plain(value), exact, before, places, currency
    )


def _rounded(value: Decimal, currency: str) -> Decimal:
    return round_to_step(value, _CENT if currency in _IN_CENTS else _FINE, Direction.NEAREST)
