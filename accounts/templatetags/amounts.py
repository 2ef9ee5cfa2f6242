"""Numbers on pages: grouped, without idle zeros, and exact to the last digit in the title where they are rounded."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.amounts import grouped, with_currency
from core.decimals import to_plain

register = template.Library()


@register.filter
def number(value: Decimal | None) -> str:
    """Show a price or quantity: ``64,250.5``; a dash where there is none."""
    return "-" if value is None else grouped(value)


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


def _money(value: Decimal, currency: str, plus: str) -> SafeString:
    exact = f"{to_plain(value)} {currency}"
    shown = with_currency(value, currency, plus=plus)
    return format_html('<data value="{}" title="{}">{}</data>', to_plain(value), exact, shown)
