"""Times on pages: in the reader's zone, and saying which zone that is. The full time in UTC is in the title."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.clock import now

register = template.Library()


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Show a time with its zone, ``2026-11-21 13:14:05 CET``; a dash where there is none."""
    if value is None:
        return "-"
    local = timezone.localtime(value)
    return _time(value, local.strftime("%Y-%m-%d %H:%M:%S %Z"))


@register.filter
def age(value: datetime | None) -> SafeString | str:
    """Show how long ago a time was, ``3 min ago``; the page keeps it growing. A dash where there is none."""
    if value is None:
        return "-"
    return _time(value, words_of(int((now() - value).total_seconds())), " data-age")


def words_of(seconds: int) -> str:
    """Return an age in words. ``static/js/live.js`` says the same."""
    if seconds < 5:
        return "now"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _time(value: datetime, shown: str, marker: str = "") -> SafeString:
    full = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"
    iso = timezone.localtime(value).isoformat()
    return format_html('<time datetime="{}" title="{}"{}>{}</time>', iso, full, SafeString(marker), shown)
