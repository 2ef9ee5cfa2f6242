"""Everything a venue says about itself, for comparing two of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import orjson

import venue.dialect.handlers
import venue.wire.admin  # noqa: F401  (these fill the tables of routes)
from tests.venue.makers import BTC
from venue.dialect.calls import ROUTES, Call, Route, Security
from venue.dialect.params import Params
from venue.engine.accounts import Account
from venue.engine.errors import VenueError
from venue.state import Venue
from venue.wire.admin_routes import HANDLERS, Asked

#: Counts requests and processor time, which begin anew with the process.
OF_THE_PROCESS = "/admin/stats"
#: How queries name one order, conditional or list, and the endpoints that can be asked so.
NAMES = ("orderId", "algoId", "orderListId")
OF_ONE = ("/order", "/openOrder", "/algoOrder", "/orderList", "/myTrades", "/userTrades")
QUERIES = [route for (method, _), route in ROUTES.items() if method == "GET"]
PUBLIC = [route for route in QUERIES if route.security is Security.NONE]
PRIVATE = [route for route in QUERIES if route.security is not Security.NONE]


def picture(venue: Venue) -> dict[str, Any]:
    """This function will put every question to a venue that changes nothing, and keep the answers."""
    answers = _admin_answers(venue)
    accounts = venue.exchange.accounts.values()
    everyone = next(iter(accounts))
    for route in PUBLIC:
        answers |= _client_answers(venue, route, everyone, [{"interval": "1m"}, {"interval": "1h"}])
    for account in accounts:
        for route in PRIVATE:
            numbered = _numbered(account) if route.path.endswith(OF_ONE) else []
            answers |= _client_answers(venue, route, account, [{}, *numbered])
    return answers


def _admin_answers(venue: Venue) -> dict[str, Any]:
    server = cast("Any", SimpleNamespace(venue=venue))
    name = next(iter(venue.exchange.accounts))
    answers = {}
    for path in [path for method, path in HANDLERS if method == "GET" and path != OF_THE_PROCESS]:
        for query in ({}, {"all": "true", "totals": "true"}):
            asked = Asked(server, {}, query, name if path.endswith("*") else None)
            answers[f"{path} {query}"] = orjson.dumps(HANDLERS["GET", path](asked))
    return answers


def _numbered(account: Account) -> list[dict[str, str]]:
    latest = [order.id for store in account.orders.values() for order in store.all[-3:]]
    latest += [algo.id for algo in account.algos.all[-3:]] + list(account.lists)[-3:]
    return [{name: str(number)} for name in NAMES for number in latest]


def _client_answers(venue: Venue, route: Route, account: Account, queries: list[dict[str, str]]) -> dict[str, Any]:
    answers = {}
    for query in [*queries, *({"symbol": BTC, "limit": "1000", **query} for query in queries)]:
        try:
            answer = orjson.dumps(route.handler(Call(venue, Params(query), account)))
        except VenueError as e:
            answer = str(e).encode()
        answers[f"{account.name} {route.path} {query}"] = answer
    return answers
