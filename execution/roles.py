"""What an order is for."""

from enum import StrEnum


class OrderRole(StrEnum):
    ENTRY = "entry"
    STOP = "stop"
    TARGET = "target"
    CLOSE = "close"
    SLICE = "slice"


#: Orders that only ever make a position smaller.
EXITS = frozenset({OrderRole.STOP, OrderRole.TARGET, OrderRole.CLOSE})

#: A piece's sequences start at piece * PIECE_SPAN + 1, so that pieces never meet in one numbering. While a venue is
#: away an exit takes two or three a minute, for days if need be.
PIECE_SPAN = 100_000


def first_sequence(piece: int) -> int:
    """Return the first sequence of a piece."""
    return piece * PIECE_SPAN + 1
