"""Admin: the venue's own books over all accounts, and what the venue did so far.

Faults that hide, freeze or repeat things do not touch these: here is the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from venue.engine.accounts import Account
from venue.engine.decimals import plain
from venue.engine.orders import AlgoOrder, Fill, Order
from venue.engine.terms import Market
from venue.wire.admin_routes import Asked, admin


def _accounts(asked: Asked) -> list[Account]:
    name = asked.query.get("account")
    return list(asked.venue.exchange.accounts.values()) if name is None else [asked.account(name)]


def _markets(asked: Asked) -> list[Market]:
    market = asked.market()
    return list(Market) if market is None else [market]


def _fits(asked: Asked, order: Order | AlgoOrder) -> bool:
    query = asked.query
    if query.get("symbol", order.symbol) != order.symbol:
        return False
    if not order.client_id.startswith(query.get("client_order_id_prefix", "")):
        return False
    if query.get("open") == "true" and not order.is_open:
        return False
    return query.get("client_order_id", order.client_id) == order.client_id


def order_row(order: Order) -> dict[str, Any]:
    return {
        "account": order.account.name,
        "market": order.market.value,
        "symbol": order.symbol,
        "order_id": order.id,
        "client_order_id": order.client_id,
        "side": order.side.value,
        "type": order.spec.type,
        "time_in_force": order.spec.tif.value,
        "status": order.status.value,
        "price": plain(order.price) if order.price is not None else None,
        "stop_price": plain(order.spec.stop_price) if order.spec.stop_price is not None else None,
        "quantity": plain(order.quantity),
        "executed": plain(order.executed),
        "quote": plain(order.quote),
        "reduce_only": order.spec.reduce_only,
        "position_side": order.spec.position_side,
        "list_id": order.order_list.id if order.order_list else None,
        "algo_id": order.algo.id if order.algo else None,
        "hidden": order.hidden,
        "arrival_ns": order.arrival_ns,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def algo_row(algo: AlgoOrder) -> dict[str, Any]:
    spec = algo.spec
    return {
        "account": algo.account.name,
        "market": Market.USDM.value,
        "symbol": algo.symbol,
        "algo_id": algo.id,
        "client_order_id": algo.client_id,
        "side": algo.side.value,
        "type": spec.type,
        "time_in_force": spec.tif.value,
        "status": algo.status.value,
        "price": plain(spec.price) if spec.price is not None else None,
        "stop_price": plain(spec.stop_price) if spec.stop_price is not None else None,
        "quantity": plain(spec.quantity) if spec.quantity is not None else None,
        "executed": plain(algo.order.executed) if algo.order else "0",
        "order_id": algo.order.id if algo.order else None,
        "reduce_only": spec.reduce_only,
        "close_position": spec.close_position,
        "position_side": spec.position_side,
        "reason": algo.reason or None,
        "hidden": algo.hidden,
        "arrival_ns": algo.arrival_ns,
        "created_at": algo.created_at,
        "updated_at": algo.updated_at,
    }


def fill_row(fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "account": order.account.name,
        "market": order.market.value,
        "symbol": order.symbol,
        "trade_id": fill.trade_id,
        "order_id": order.id,
        "client_order_id": order.client_id,
        "side": order.side.value,
        "price": plain(fill.price),
        "quantity": plain(fill.quantity),
        "quote": plain(fill.quote),
        "commission": plain(fill.commission),
        "commission_asset": fill.commission_asset,
        "realized_pnl": plain(fill.realized_pnl),
        "is_maker": fill.is_maker,
        "time": fill.time,
    }


@admin("GET", "/admin/orders")
def orders(asked: Asked) -> Any:
    """?account, market, symbol, client_order_id, client_order_id_prefix, open=true; oldest first."""
    rows = [
        order_row(order)
        for account in _accounts(asked)
        for market in _markets(asked)
        for order in account.orders[market].all
        if _fits(asked, order)
    ]
    return sorted(rows, key=lambda row: row["arrival_ns"])


@admin("GET", "/admin/algos")
def algos(asked: Asked) -> Any:
    """The USD-M conditional orders, with the same filters as orders."""
    found = (algo for account in _accounts(asked) for algo in account.algos.all)
    return [algo_row(algo) for algo in found if _fits(asked, algo)]


def _fills(asked: Asked) -> Iterator[Fill]:
    for account in _accounts(asked):
        for market in _markets(asked):
            for fill in account.fills[market]:
                if _fits(asked, fill.order):
                    yield fill


@admin("GET", "/admin/fills")
def fills(asked: Asked) -> Any:
    """Every execution once, with the same filters as orders."""
    return [fill_row(fill) for fill in _fills(asked)]


@admin("GET", "/admin/positions")
def positions(asked: Asked) -> Any:
    """Open USD-M positions; ?all=true for closed ones too."""
    listings = asked.venue.exchange.usdm.listings
    return [
        {
            "account": account.name,
            "symbol": row.symbol,
            "position_side": row.side,
            "amount": plain(row.amount),
            "entry_price": plain(round(row.entry_price, 8)),
            "mark": plain(listings[row.symbol].mark),
            "unrealized": plain(row.unrealized(listings[row.symbol].mark)),
            "updated_at": row.updated_at,
        }
        for account in _accounts(asked)
        for row in account.positions.values()
        if (row.amount or asked.query.get("all") == "true") and asked.query.get("symbol", row.symbol) == row.symbol
    ]


@admin("GET", "/admin/balances")
def balances(asked: Asked) -> Any:
    """Spot and USD-M balances per account, and with ?totals=true the sums that must never change."""
    rows: list[dict[str, Any]] = []
    for account in _accounts(asked):
        spot = account.spot.balances.items()
        rows += [
            {
                "account": account.name,
                "market": "spot",
                "asset": asset,
                "free": plain(row.free),
                "locked": plain(row.locked),
            }
            for asset, row in spot
        ]
        rows += [
            {"account": account.name, "market": "usdm", "asset": asset, "free": plain(amount), "locked": "0"}
            for asset, amount in account.usdm.items()
        ]
    if asked.query.get("totals") != "true":
        return rows
    totals = asked.venue.exchange.totals()
    return {"balances": rows, "totals": {asset: plain(amount) for asset, amount in totals.items()}}


@admin("GET", "/admin/stats")
def stats(asked: Asked) -> Any:
    """Requests by endpoint, processor time, weights and bans; ?arrivals=true adds when each order came in."""
    venue = asked.venue
    report = venue.stats.report() | {
        "limits": {market.value: venue.limits_of(market).state() for market in Market},
        "connections": len(venue.hub.connections),
        "now": venue.clock.now(),
    }
    if asked.query.get("arrivals") == "true":
        report["arrivals"] = [
            {"client_order_id": order.client_id, "account": account.name, "arrival_ns": order.arrival_ns}
            for account in venue.exchange.accounts.values()
            for market in Market
            for order in account.orders[market].all
        ]
    return report


@admin("POST", "/admin/stats/reset")
def reset_stats(asked: Asked) -> Any:
    asked.venue.stats.reset()
    return {"reset": True}
