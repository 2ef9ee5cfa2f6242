"""Finding an order again, and its executions, by whatever an exchange lets one search for."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connections.adapters.ccxt.dialects import Dialect, Lookup
from connections.adapters.ccxt.history import trades_since
from connections.adapters.ccxt.library import ccxt
from connections.adapters.ccxt.reports import fill_report, order_report
from connections.contract import FillReport, MarketType, OrderRef, OrderReport, OrderType
from connections.errors import OutcomeUnknown
from core.clock import now, to_ms

#: Lists are asked from a little before the order left, because clocks differ.
SEARCH_MARGIN = timedelta(minutes=1)
_CONDITIONAL = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


class Finder:
    """Looks orders up on one account. Every call may raise ccxt's errors; the adapter translates them."""

    def __init__(self, exchange: Any, dialect: Dialect, market: MarketType) -> None:
        self._exchange = exchange
        self._dialect = dialect
        self._market = market

    def shelf(self, order_type: OrderType) -> dict[str, Any]:
        """Return the parameter that reaches the shelf on which orders of this type are kept."""
        on_own_shelf = order_type in _CONDITIONAL and self._market in self._dialect.trigger_shelf
        return {"trigger": True} if on_own_shelf else {}

    async def find(self, ref: OrderRef) -> OrderReport | None:
        """Return the order with its fills; None when the venue's own answer says that there is none."""
        order = await self._find_order(ref)
        if order is None:
            return None
        report = order_report(order, self._dialect, self.contract_size(ref.symbol))
        report = await self._follow_trigger(ref, order, report)
        return await self.with_fills(report, ref)

    async def with_fills(self, report: OrderReport, ref: OrderRef) -> OrderReport:
        """Return the report with the executions it lacks."""
        if report.has_all_fills:
            return report
        return replace(report, fills=tuple(await self._fills_of(report, ref)))

    def contract_size(self, symbol: str) -> Decimal:
        size = self._exchange.market(symbol).get("contractSize")
        return Decimal(str(size)) if size else Decimal(1)

    async def _find_order(self, ref: OrderRef) -> Mapping[str, Any] | None:
        try:
            if self._dialect.find is Lookup.CALL:
                own = self._dialect.render_lookup(ref.client_order_id)
                params = self.shelf(ref.order_type)
                return await self._exchange.fetch_order_with_client_order_id(own, ref.symbol, params)
            if ref.venue_order_id and self._exchange.has.get("fetchOrder") is True:
                return await self._exchange.fetch_order(ref.venue_order_id, ref.symbol)
        except ccxt.OrderNotFound:
            return None
        return await self._search_lists(ref)

    async def _search_lists(self, ref: OrderRef) -> Mapping[str, Any] | None:
        params: dict[str, Any] = {}
        if self._dialect.find is Lookup.LIST:
            params[self._dialect.find_param] = self._dialect.render_lookup(ref.client_order_id)
        since = to_ms(ref.submitted_at - SEARCH_MARGIN) if ref.submitted_at else None
        nameless = 0
        for name in self._listing_calls():
            start = None if name == "fetch_open_orders" else since
            for order in await getattr(self._exchange, name)(ref.symbol, start, None, dict(params)):
                if self._is_same(order, ref):
                    return order
                nameless += not order.get("clientOrderId") and (order.get("timestamp") or since or 0) >= (
                    since or 0
                )
        if nameless:
            raise OutcomeUnknown(
                f"The venue lists {nameless} orders of that time without our id; any may be this one.",
                code="NAMELESS_ORDERS",
            )
        return None

    def _listing_calls(self) -> list[str]:
        has = self._exchange.has
        if has.get("fetchCanceledAndClosedOrders"):
            return ["fetch_open_orders", "fetch_canceled_and_closed_orders"]
        if has.get("fetchOrders") is True:
            return ["fetch_orders"]
        calls = ["fetch_open_orders", "fetch_closed_orders"]
        return [*calls, "fetch_canceled_orders"] if has.get("fetchCanceledOrders") is True else calls

    def _is_same(self, order: Mapping[str, Any], ref: OrderRef) -> bool:
        if ref.venue_order_id and str(order.get("id")) == ref.venue_order_id:
            return True
        own = order.get("clientOrderId")
        return bool(own) and str(own) in (
            self._dialect.render(ref.client_order_id),
            self._dialect.render_lookup(ref.client_order_id),
        )

    async def _follow_trigger(self, ref: OrderRef, order: Mapping[str, Any], report: OrderReport) -> OrderReport:
        # A triggered conditional order of Binance's derivatives lives on as an order of its own.
        actual = str((order.get("info") or {}).get("actualOrderId") or "")
        if not self.shelf(ref.order_type) or not actual or actual == "0":
            return report
        child = await self._exchange.fetch_order(actual, ref.symbol)
        followed = order_report(child, self._dialect, self.contract_size(ref.symbol))
        return replace(followed, client_order_id=ref.client_order_id, stop_price=report.stop_price)

    async def _fills_of(self, report: OrderReport, ref: OrderRef) -> list[FillReport]:
        size = self.contract_size(ref.symbol)
        venue_id = report.venue_order_id
        trades = await self._trades(venue_id, ref)
        mine = [trade for trade in trades if str(trade.get("order")) == venue_id]
        fills = (fill_report(trade, self._dialect, size) for trade in mine)
        return [replace(fill, client_order_id=ref.client_order_id) for fill in fills]

    async def _trades(self, venue_id: str | None, ref: OrderRef) -> list[Mapping[str, Any]]:
        # ccxt states the call per exchange, but some exchanges have it on one of their markets only.
        if self._exchange.has.get("fetchOrderTrades") is True:
            with suppress(ccxt.NotSupported):
                return list(await self._exchange.fetch_order_trades(venue_id, ref.symbol))
        if ref.submitted_at is None:
            return list(await self._exchange.fetch_my_trades(ref.symbol))
        # It may have rested for longer than one list covers.
        since = ref.submitted_at - SEARCH_MARGIN
        return await trades_since(self._exchange, self._dialect, self._market, ref.symbol, since, now())
