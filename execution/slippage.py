"""What an order cost against the price it was decided at. Positive is worse. Pure.

Convention: ``cost_bps = 10,000 * s * (fill - expected) / expected`` with s = +1 for a buy and -1 for a sell. Some
vendors print the opposite sign (docs/metrics.md).
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from connections.contract import Side
from core.decimals import CONTEXT

BPS = Decimal(10_000)
_FOUR = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Slippage:
    #: in the quote currency, per unit
    per_unit: Decimal
    bps: Decimal
    pips: Decimal
    #: in the quote currency, for the whole quantity
    amount: Decimal


def slippage_of(*, side: Side, expected: Decimal, fill: Decimal, quantity: Decimal, pip: Decimal) -> Slippage:
    """Return the slippage of one order. ``expected`` and ``pip`` must be above zero."""
    with localcontext(CONTEXT):
        per_unit = (fill - expected) * side.sign
        return Slippage(
            per_unit=per_unit,
            bps=(BPS * per_unit / expected).quantize(_FOUR),
            pips=(per_unit / pip).quantize(_FOUR),
            amount=(per_unit * quantity).quantize(Decimal("1e-18")),
        )
