"""Trades that were not ours against positions that are: which close what. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from connections.contract import FillReport, Side
from core.decimals import CONTEXT, ZERO


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position, as much as matching needs."""

    position_id: UUID
    symbol: str
    side: Side
    #: absolute
    quantity: Decimal
    opened_at: datetime

    @classmethod
    def of(cls, position: Any) -> "Holding":
        """Return the holding of an ExecutionPosition row."""
        quantity, side = position.quantity, Side.BUY if position.quantity > 0 else Side.SELL
        return cls(position.pk, position.symbol, side, abs(quantity), position.opened_at)


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a trade that closes one position, with its part of the fee."""

    position_id: UUID
    fill: FillReport
    quantity: Decimal
    fee: Decimal


def closing_pieces(
    fills: Iterable[FillReport], held: Sequence[Holding], missing: Mapping[str, Decimal]
) -> list[Piece]:
    """Return which foreign trades closed our positions, oldest trade first.

    ``missing`` says, by symbol, how much less the venue holds than our positions claim; more than that is never
    taken, because an owner may sell own coins beside ours. The latest trades are what brought the holding below
    ours, so they count first. A trade is booked once, so it serves one position.
    """
    left = {each.position_id: each.quantity for each in held}
    lacking = dict(missing)
    pieces = []
    for fill in sorted(fills, key=lambda fill: fill.traded_at, reverse=True):
        wanted = lacking.get(fill.symbol, ZERO)
        target = next((each for each in held if _closes(fill, each) and left[each.position_id] > 0), None)
        if target is None or wanted <= 0:
            continue
        quantity = min(fill.quantity, left[target.position_id], wanted)
        left[target.position_id] -= quantity
        lacking[fill.symbol] = wanted - quantity
        pieces.append(Piece(target.position_id, fill, quantity, _share(fill, quantity)))
    return pieces[::-1]


def _share(fill: FillReport, quantity: Decimal) -> Decimal:
    with localcontext(CONTEXT):
        return (fill.fee * quantity / fill.quantity).quantize(Decimal("1e-18")) if fill.fee else ZERO


def _closes(fill: FillReport, held: Holding) -> bool:
    is_against = fill.symbol == held.symbol and fill.side is held.side.opposite
    return is_against and fill.traded_at >= held.opened_at
