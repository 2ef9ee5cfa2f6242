"""What faults do to an order after its request was worked: fill it in pieces, or although it was canceled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from venue.engine.decimals import ceil_to
from venue.engine.orders import Order

if TYPE_CHECKING:
    from venue.dialect.calls import Call
    from venue.engine.matching import Engine
    from venue.faults import Plan


def follow_ups(call: Call, plan: Plan) -> Iterator[Coroutine[Any, Any, None]]:
    """This function will yield what has to go on in the background for the orders of a request."""
    pieces, late = plan.options("pieces"), plan.options("late_fill")
    for order in call.placed:
        if not isinstance(order, Order):
            continue
        engine = call.exchange.engines[order.market]
        if pieces:
            yield _fill_in_pieces(engine, order, int(pieces["count"]), int(pieces["ms"]))
        if late:
            yield _fill_late(engine, order, int(late["ms"]), Decimal(str(late["share"])))


async def _fill_in_pieces(engine: Engine, order: Order, count: int, ms: int) -> None:
    step = engine.listings[order.symbol].rules.step
    for _ in range(count - 2):
        await asyncio.sleep(ms / 1000)
        if not order.is_open:
            return
        engine.force_fill(order, ceil_to(order.quantity / count, step))
    await asyncio.sleep(ms / 1000)
    if order.is_open:
        engine.force_fill(order, order.remaining)


async def _fill_late(engine: Engine, order: Order, ms: int, share: Decimal) -> None:
    step = engine.listings[order.symbol].rules.step
    await asyncio.sleep(ms / 1000)
    engine.force_fill(order, ceil_to(order.remaining * share, step))
