"""Snapshots frozen by a `stale` fault: balances, positions and open orders as they were when it was set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from venue.dialect.calls import ROUTES, Call, Route
from venue.dialect.params import Params
from venue.engine.errors import VenueError

if TYPE_CHECKING:
    from venue.faults import Plan, Rule
    from venue.state import Venue

FROZEN = (
    "/api/v3/account",
    "/api/v3/openOrders",
    "/api/v3/openOrderList",
    "/fapi/v1/openOrders",
    "/fapi/v1/openAlgoOrders",
    "/fapi/v1/account",
    "/fapi/v2/account",
    "/fapi/v3/account",
    "/fapi/v1/balance",
    "/fapi/v2/balance",
    "/fapi/v3/balance",
    "/fapi/v1/positionRisk",
    "/fapi/v2/positionRisk",
    "/fapi/v3/positionRisk",
)


def freeze(venue: Venue, rule: Rule) -> None:
    """This function will take the snapshots a `stale` rule will answer with, of the accounts it can match."""
    rule.until = venue.clock.now() + int(float(rule.options["seconds"]) * 1000)
    for account in venue.exchange.accounts.values():
        if rule.match.account not in (None, account.name) or rule.match.api_key not in (None, account.api_key):
            continue
        for path in FROZEN:
            call = Call(venue, Params({}), account)
            try:
                rule.frozen[f"{account.name} {path}"] = ROUTES["GET", path].handler(call)
            except VenueError:
                continue


def frozen_answer(plan: Plan, route: Route, call: Call) -> Any:
    """This function will give the frozen answer to a request, or None when there is none (any more)."""
    rule = plan.by_kind.get("stale")
    if rule is None or call._account is None or route.method != "GET" or rule.until <= call.now:
        return None
    found = rule.frozen.get(f"{call.account.name} {route.path}")
    symbol = call.params.get("symbol")
    if isinstance(found, list) and symbol is not None:
        return [row for row in found if row.get("symbol") == symbol]
    return found
