"""Cells of admin lists and pages: labels in colour, ids to copy, exact numbers, stored values in words.

A maker is given the name of a column and returns what ``list_display`` and ``fields`` take.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.decimals import to_plain
from core.labels import Label, Tone

Cell = Callable[[Any], Any]
NOTHING = "-"
#: As much of an id as tells two rows of a list apart; those that begin with a time differ at their end.
SHOWN_OF_ID = 8
_VARIANTS: Mapping[Tone, str] = {
    Tone.GOOD: "success", Tone.BUY: "success", Tone.BAD: "danger", Tone.SELL: "danger", Tone.WARN: "warning",
    Tone.LIVE: "warning", Tone.INFO: "info", Tone.TESTNET: "info", Tone.QUIET: "", Tone.REHEARSAL: "primary",
}  # fmt: skip


def label(value: Label | None) -> SafeString | str:
    """Show a label in the colour of its tone; the title says what it means."""
    if value is None:
        return NOTHING
    context = {"text": value.text, "type": _VARIANTS[value.tone], "label_title": value.hint}
    return render_to_string("unfold/helpers/label.html", context)


def copyable(value: object, shown: str = "") -> SafeString | str:
    """Show an id that a click copies in full; ``shown`` may be shorter."""
    text = "" if value is None else str(value)
    if not text:
        return NOTHING
    return format_html(
        '<button type="button" class="copy-id" data-text="{}" title="Copy {}">{}'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button>',
        text,
        text,
        shown or text,
    )


def number(value: Decimal | None) -> str:
    """Show a number exactly, without idle zeros and exponents."""
    return NOTHING if value is None else to_plain(value)


def link(url_name: str, key: object, words: object) -> SafeString | str:
    """Link to a page of the admin, such as ``signals_signal_change``."""
    return format_html('<a class="text-link" href="{}">{}</a>', reverse(f"admin:{url_name}", args=[key]), words)


def lines(values: Any) -> SafeString | str:
    """Show stored values as lines of name and value."""
    if not values:
        return NOTHING
    if isinstance(values, Mapping):
        rows = [(str(name).replace("_", " ").capitalize(), in_words(value)) for name, value in values.items()]
    else:
        rows = [(str(place), in_words(value)) for place, value in enumerate(values, start=1)]
    return format_html(
        '<dl class="values">{}</dl>', format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", rows)
    )


def in_words(value: Any) -> str:
    """Return a stored value on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {in_words(inner)}" for name, inner in value.items()) or NOTHING
    if isinstance(value, list | tuple):
        return ", ".join(in_words(inner) for inner in value) or NOTHING
    return NOTHING if value in (None, "") else str(value)


def label_of(column: str, labels: Mapping[str, Label], heading: str = "") -> Cell:
    """Make the cell of a column whose codes have labels."""
    return _named(column, heading, lambda row: label(labels.get(getattr(row, column))))


def amount_of(column: str, heading: str = "") -> Cell:
    """Make the cell of a price, quantity or amount."""
    return _named(column, heading, lambda row: number(getattr(row, column)))


def id_of(column: str, heading: str = "", *, is_short: bool = False) -> Cell:
    """Make the cell of an id to copy; short for lists."""

    def cell(row: Any) -> SafeString | str:
        text = str(getattr(row, column) or "")
        return copyable(text, f"…{text[-SHOWN_OF_ID:]}" if is_short and len(text) > SHOWN_OF_ID else "")

    return _named(column, heading, cell)


def values_of(column: str, heading: str = "") -> Cell:
    """Make the cell of a stored mapping or list."""
    return _named(column, heading, lambda row: lines(getattr(row, column)))


def linked(column: str, url_name: str, heading: str = "") -> Cell:
    """Make the cell of a foreign key, as a link to its row. Name the key in ``list_select_related``."""

    def cell(row: Any) -> SafeString | str:
        related = getattr(row, column)
        return NOTHING if related is None else link(url_name, related.pk, related)

    return _named(column, heading, cell)


def _named(column: str, heading: str, show: Cell) -> Cell:
    @admin.display(description=heading or column.replace("_", " ").capitalize(), empty_value=NOTHING)
    def cell(row: Any) -> Any:
        return show(row)

    cell.__name__ = column
    return cell
