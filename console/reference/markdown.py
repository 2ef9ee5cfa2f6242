"""The few shapes that the written pages are made of."""

from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `manage.py write_docs` from the code; change the code, not this page. -->"


def whole_page(title: str, *parts: str) -> str:
    """Return a whole page."""
    return "\n\n".join((WRITTEN, f"# {title}", *(part.strip("\n") for part in parts))) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown already, and may hold no line break."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """Return text as it stands in the code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
