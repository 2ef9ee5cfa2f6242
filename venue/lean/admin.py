"""Admin in lean mode: accounts, prices, and what all workers together did."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from typing import Any

import orjson

from venue.engine.decimals import plain
from venue.engine.terms import Market
from venue.lean.desk import Desk
from venue.wire.admin_books import order_row
from venue.wire.answers import Answer, success


class LeanAdmin:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.requests = 0
        self._handlers = {
            ("GET", "/admin/accounts"): self._accounts,
            ("GET", "/admin/orders"): self._orders,
            ("GET", "/admin/stats"): self._stats,
            ("POST", "/admin/price"): self._price,
        }

    def publish(self) -> None:
        """This function will put this worker's counters where all workers see them."""
        desk = self.desk
        desk.records.count(desk.worker, self.requests, desk.orders, time.process_time_ns())

    def answer(self, method: str, path: str, body: str) -> Answer:
        handler = self._handlers.get((method, path))
        if handler is None:
            known = sorted(f"{verb} {name}" for verb, name in self._handlers)
            return Answer(404, orjson.dumps({"error": f"lean mode only has {known}"}))
        self.publish()
        try:
            return success(handler(orjson.loads(body or "{}")))
        except (ValueError, KeyError, ArithmeticError) as e:
            return Answer(400, orjson.dumps({"error": f"{type(e).__name__}: {e}"}))

    def _accounts(self, _: dict[str, Any]) -> Any:
        rows = self.desk.venue.exchange.accounts.values()
        return [{"name": row.name, "api_key": row.api_key, "secret": row.secret} for row in rows]

    def _orders(self, _: dict[str, Any]) -> Any:
        """Every order of every worker; the counters of the others may be a moment old."""
        orders = (self.desk.order_of(record) for record in self.desk.records.all())
        return sorted((order_row(order) for order in orders), key=lambda row: row["arrival_ns"])

    def _stats(self, _: dict[str, Any]) -> Any:
        counters = self.desk.records.counters()
        requests, orders, cpu_ns = (sum(column) for column in zip(*counters, strict=True))
        return {
            "workers": len(counters),
            "answered_by": os.getpid(),
            "requests": requests,
            "orders": orders,
            "cpu_seconds": round(cpu_ns / 1e9, 6),
            "cpu_us_per_request": round(cpu_ns / 1000 / requests, 1) if requests else None,
        }

    def _price(self, body: dict[str, Any]) -> Any:
        symbol, price = str(body["symbol"]), Decimal(str(body["price"]))
        if not price.is_finite() or price <= 0:
            raise ValueError(f"price was {price} but must be positive")
        engines = self.desk.venue.exchange.listed_in(symbol, Market(body["market"]) if "market" in body else None)
        for engine in engines:
            self.desk.records.set_price(self.desk.index_of(engine.market, symbol), price)
        return [{"market": engine.market.value, "symbol": symbol, "price": plain(price)} for engine in engines]
