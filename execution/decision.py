"""An outside opinion before sizing: accept, veto or multiply. This is where a scorer plugs in.

An address in ``SIGNALBOX_DECISION_URL`` is asked once a batch, with a time limit; without one nothing is asked. A
scorer that is late, broken or silent about an account leaves it at the default the operator has set.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import aiohttp
from django.conf import settings

from core.decimals import ONE, ZERO, NotANumber, parse, to_plain
from core.loop import background
from events import operational
from execution.context import Loaded

logger = logging.getLogger(__name__)

LARGEST_MULTIPLIER = Decimal(10)
ACCEPT, VETO = "ACCEPT", "VETO"


@dataclass(frozen=True, slots=True)
class Opinion:
    #: times every size; zero vetoes
    multiplier: Decimal
    #: for the record, in the scorer's words
    words: str


def apply_hook(loaded: Sequence[Loaded]) -> list[Loaded]:
    """Return the rows with the opinions about them. Cost: one request a batch, or none."""
    url = settings.SIGNALBOX_DECISION_URL
    if not url or not loaded:
        return list(loaded)
    opinions = ask(url, loaded)
    default = _default()
    return [_with(each, opinions.get(each.case.log_id, default)) for each in loaded]


def ask(url: str, loaded: Sequence[Loaded]) -> dict[UUID, Opinion]:
    """Return what the scorer says, by row; nothing when it does not answer in time or in form."""
    limit = operational.value("execution.decision_timeout").total_seconds()
    try:
        reply = background.run(_post(url, _question(loaded), limit), timeout_s=limit + 1)
        return _read(reply)
    except (TimeoutError, aiohttp.ClientError, ValueError, KeyError, TypeError, NotANumber) as error:
        logger.warning("The decision service gave no usable answer (%s); the default holds.", type(error).__name__)
        return {}


async def _post(url: str, question: dict[str, Any], limit: float) -> Any:
    async with (
        asyncio.timeout(limit),
        aiohttp.ClientSession() as session,
        session.post(url, json=question, allow_redirects=False) as reply,
    ):
        reply.raise_for_status()
        return await reply.json()


def _question(loaded: Sequence[Loaded]) -> dict[str, Any]:
    terms = loaded[0].case.signal.terms
    return {
        "signal": {
            "id": str(loaded[0].case.signal.signal_id),
            "currency_pair": terms.currency_pair,
            "direction": terms.direction,
            "order_type": terms.order_type,
            "open_price": to_plain(terms.open_price) if terms.open_price else None,
            "sl": to_plain(terms.sl) if terms.sl else None,
        },
        "executions": [
            {"id": str(each.case.log_id), "price": to_plain(each.case.quote.mid) if each.case.quote else None}
            for each in loaded
        ],
    }


def _read(reply: Mapping[str, Any]) -> dict[UUID, Opinion]:
    opinions = {}
    for row in reply["decisions"]:
        multiplier = min(max(parse(row.get("multiplier", 1)), ZERO), LARGEST_MULTIPLIER)
        opinions[UUID(row["id"])] = Opinion(multiplier, str(row.get("note", ""))[:200])
    return opinions


def _default() -> Opinion:
    if operational.value("execution.decision_default") == VETO:
        return Opinion(ZERO, "The decision service did not answer, and the default is no.")
    return Opinion(ONE, "The decision service did not answer; the default is yes.")


def _with(loaded: Loaded, opinion: Opinion) -> Loaded:
    return replace(loaded, case=replace(loaded.case, multiplier=opinion.multiplier, decision=opinion.words))
