"""Small pieces that every page uses: icons, links of the navigation, badges, texts to copy."""

from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.labels import Label

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Show an icon of our sprite; it is decoration, so words must stand beside it or on what holds it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("img/icons.svg"), name
    )


@register.simple_tag(takes_context=True)
def nav_link(context: dict[str, Any], url_name: str, text: str, icon_name: str = "") -> SafeString:
    """Link to a page and mark the link while the reader is there or below."""
    address = reverse(url_name)
    path = getattr(context.get("request"), "path", "")
    is_here = path == address if address == "/" else path.startswith(address)
    current = format_html(' aria-current="{}"', "page" if path == address else "true") if is_here else ""
    return format_html('<a href="{}"{}>{}{}</a>', address, current, icon(icon_name) if icon_name else "", text)


@register.simple_tag(takes_context=True)
def refreshes(context: dict[str, Any], *topics: str, every: int = 60) -> SafeString:
    """Write the attributes of a region that asks for itself again when news of a topic come, and by the clock.

    The address is the page's own: the view answers with the region alone (``accounts.pages``). News that come in a
    burst cause one request in two seconds; the last of them is never missed.
    """
    triggers = [f"live-{topic} from:body throttle:2s" for topic in (*topics, "resync")]
    return format_html(
        'data-refreshes hx-get="{}" hx-trigger="{}" hx-swap="outerMorph"',
        context["request"].get_full_path(),
        ", ".join([*triggers, f"every {every}s"]),
    )


@register.filter
def badge(label: Label | None) -> SafeString | str:
    """Show a label as a badge; nothing for None."""
    if label is None:
        return ""
    title = format_html(' title="{}"', label.hint) if label.hint else ""
    return format_html('<span class="badge tone-{}"{}>{}</span>', label.tone, title, label.text)


@register.simple_tag
def copyable(text: object, shown: str = "") -> SafeString | str:
    """Show an id that a click copies in full; ``shown`` may be shorter."""
    whole = "" if text is None else str(text)
    if not whole:
        return "-"
    return format_html(
        '<button type="button" class="copy" data-text="{}" title="Copy {}">{}{}</button>',
        whole,
        whole,
        shown or whole,
        icon("copy"),
    )
