"""Where the prices of a position stand to each other, as lines of a small picture. Pure.

Prices lie to scale; words that would cover each other move apart, in the order of their prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.labels import Tone

WIDTH, HEIGHT = 320, 220
#: Room above the highest and below the lowest line, and between two lines of words.
MARGIN, SPACING = 16, 20


@dataclass(frozen=True, slots=True)
class Level:
    """One price with its name."""

    name: str
    price: Decimal
    tone: Tone
    #: a target that was reached, drawn dashed
    is_reached: bool = False
    #: the price of now, drawn across everything
    is_mark: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One level in the picture; vertical places in units of the drawing, from above."""

    level: Level
    y: int
    words_y: int


def lines_of(levels: Sequence[Level], *, height: int = HEIGHT) -> list[Line]:
    """Return the lines, the highest price first; nothing when there are fewer than two prices."""
    ordered = sorted(levels, key=lambda level: (-level.price, level.name))
    if len({level.price for level in ordered}) < 2:
        return []
    top, span = ordered[0].price, ordered[0].price - ordered[-1].price
    room = height - 2 * MARGIN
    places = [MARGIN + int((top - level.price) / span * room) for level in ordered]
    words = _apart(places, height)
    return [Line(level, y, words_y) for level, y, words_y in zip(ordered, places, words, strict=True)]


def _apart(places: Sequence[int], height: int) -> list[int]:
    """Return the places with at least SPACING between two, moved as little as two sweeps allow."""
    moved: list[int] = []
    for place in places:
        moved.append(max(place, moved[-1] + SPACING) if moved else place)
    limit = height - MARGIN
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - SPACING
    return moved
