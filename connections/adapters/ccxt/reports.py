"""ccxt's structures into reports, and markets into instruments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connections.adapters.ccxt.dialects import Dialect
from connections.contract import (
    AssetBalance,
    Balance,
    FillReport,
    HoldingReport,
    Instrument,
    MarketType,
    OrderReport,
    Quote,
    ReportStatus,
    Side,
)
from connections.errors import OutcomeUnknown
from core.clock import from_ms
from core.decimals import ONE, ZERO, NotANumber, parse
from core.redact import redact

_STATUS: Mapping[str, ReportStatus] = {
    "open": ReportStatus.ACCEPTED,
    "closed": ReportStatus.FILLED,
    "canceled": ReportStatus.CANCELLED,
    "cancelled": ReportStatus.CANCELLED,
    "canceling": ReportStatus.ACCEPTED,
    "expired": ReportStatus.CANCELLED,
    "rejected": ReportStatus.REJECTED,
}


def number(value: Any) -> Decimal:
    """Return a number of ccxt as Decimal; what is missing counts as zero."""
    return ZERO if value is None else parse(value)


def maybe_number(value: Any) -> Decimal | None:
    """Return a number, or None where ccxt has none or a meaningless zero."""
    return (parse(value) or None) if value is not None else None


def instrument_of(market: Mapping[str, Any]) -> Instrument:
    """Return the filters of one of ccxt's markets. Steps and limits come out in base units."""
    size = number(market.get("contractSize")) or ONE
    limits, precision = market["limits"], market["precision"]
    amount, market_amount = limits.get("amount") or {}, limits.get("market") or {}
    cost, price = limits.get("cost") or {}, limits.get("price") or {}
    return Instrument(
        symbol=market["symbol"],
        venue_symbol=market["id"],
        base=market["base"],
        quote=market["quote"],
        settle=market.get("settle") or market["quote"],
        market=market_type_of(market),
        price_tick=number(precision.get("price")),
        quantity_step=number(precision.get("amount")) * size,
        min_quantity=number(amount.get("min")) * size,
        max_quantity=number(amount.get("max")) * size,
        market_min_quantity=number(market_amount.get("min")) * size,
        market_max_quantity=number(market_amount.get("max")) * size,
        min_notional=number(cost.get("min")),
        max_notional=number(cost.get("max")),
        min_price=number(price.get("min")),
        max_price=number(price.get("max")),
        contract_size=size,
        max_leverage=number((limits.get("leverage") or {}).get("max")),
        is_active=market.get("active") is not False,
    )


def market_type_of(market: Mapping[str, Any]) -> MarketType:
    """Return the kind of one of ccxt's markets."""
    if not market.get("contract"):
        return MarketType.SPOT
    return MarketType.INVERSE if market.get("inverse") else MarketType.LINEAR


def order_report(order: Mapping[str, Any], dialect: Dialect, size: Decimal) -> OrderReport:
    """Return what ccxt's order structure says; ``size`` is base units per contract.

    Raises:
        OutcomeUnknown: the structure names no order, which is what ccxt makes of an empty or cut reply.
    """
    if not order.get("id"):
        raise OutcomeUnknown("The venue's answer names no order.", code="NO_ORDER_ID")
    try:
        return _order_report(order, dialect, size)
    except (NotANumber, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise OutcomeUnknown(f"The venue's answer cannot be read: {error}", code="UNREADABLE_ORDER") from error


def _order_report(order: Mapping[str, Any], dialect: Dialect, size: Decimal) -> OrderReport:
    filled = number(order.get("filled")) * size
    quantity = maybe_number(order.get("amount"))
    fills = tuple(
        fill_report(_with_order(trade, order), dialect, size)
        for trade in order.get("trades") or ()
        if trade.get("id")
    )
    own = order.get("clientOrderId")
    return OrderReport(
        symbol=order["symbol"],
        status=_status_of(order, filled),
        venue_order_id=str(order["id"]),
        client_order_id=_read_id(dialect, own),
        side=Side(order["side"].upper()) if order.get("side") else None,
        quantity=quantity * size if quantity is not None else None,
        filled=filled,
        average_price=maybe_number(order.get("average")),
        # ccxt fills in what a market order traded at.
        price=None if order.get("type") == "market" else maybe_number(order.get("price")),
        stop_price=maybe_number(order.get("stopPrice") or order.get("triggerPrice") or order.get("stopLossPrice")),
        fills=fills,
        reduce_only=order.get("reduceOnly"),
        updated_at=_time_of(order.get("lastUpdateTimestamp") or order.get("timestamp")),
        reason=_reason_of(order),
        raw=redact(dict(order.get("info") or {})),
    )


def _with_order(trade: Mapping[str, Any], order: Mapping[str, Any]) -> dict[str, Any]:
    # Executions inside an order's reply leave out what the order says already.
    known = {"symbol": order["symbol"], "side": order.get("side"), "order": order.get("id")}
    known["timestamp"] = order.get("lastTradeTimestamp") or order.get("timestamp")
    return known | {key: value for key, value in trade.items() if value is not None}


def _status_of(order: Mapping[str, Any], filled: Decimal) -> ReportStatus:
    status = _STATUS.get(str(order.get("status") or "open"), ReportStatus.ACCEPTED)
    quantity = number(order.get("amount"))
    if status is ReportStatus.ACCEPTED and filled > 0:
        return ReportStatus.PARTIALLY_FILLED
    # "closed" only says that it rests no longer: what was not filled was cancelled.
    if status is ReportStatus.FILLED and quantity and number(order.get("filled")) < quantity:
        return ReportStatus.CANCELLED
    return status


def _reason_of(order: Mapping[str, Any]) -> str:
    status = order.get("status")
    return str(status).upper() if status in ("expired", "rejected") else ""


def _read_id(dialect: Dialect, own: Any) -> str | None:
    if not own:
        return None
    try:
        return dialect.read(str(own))
    except ValueError:
        return str(own)  # not one of ours


def fill_report(trade: Mapping[str, Any], dialect: Dialect, size: Decimal) -> FillReport:
    """Return one execution; ``size`` is base units per contract."""
    fees = [fee for fee in trade.get("fees") or [trade.get("fee")] if fee and fee.get("cost") is not None]
    maker = trade.get("takerOrMaker")
    info = trade.get("info") or {}
    return FillReport(
        # Exchanges count trades per symbol, and a trade with oneself has one id for both its sides.
        venue_trade_id=f"{trade['symbol']}#{trade['id']}#{trade['side'][0].upper()}",
        symbol=trade["symbol"],
        side=Side(trade["side"].upper()),
        quantity=number(trade["amount"]) * size,
        price=number(trade["price"]),
        fee=sum((number(fee["cost"]) for fee in fees), ZERO),
        fee_currency=str(fees[0].get("currency") or "") if fees else "",
        traded_at=_time_of(trade.get("timestamp")) or from_ms(0),
        client_order_id=_read_id(dialect, info.get("clientOrderId") if isinstance(info, Mapping) else None),
        venue_order_id=str(trade["order"]) if trade.get("order") else None,
        is_maker=None if maker is None else maker == "maker",
    )


def balance_of(balance: Mapping[str, Any], as_of: datetime, equity: Decimal | None) -> Balance:
    """Return ccxt's balance by currency; what is zero is left out."""
    totals: Mapping[str, Any] = balance.get("total") or {}
    free: Mapping[str, Any] = balance.get("free") or {}
    assets = {
        currency: AssetBalance(free=number(free.get(currency)), total=number(total))
        for currency, total in totals.items()
        if number(total) or number(free.get(currency))
    }
    return Balance(assets=assets, as_of=as_of, equity=equity)


def coin_holdings(balance: Balance) -> list[HoldingReport]:
    """Return the coins of a spot account as holdings."""
    return [
        HoldingReport(symbol="", asset=currency, quantity=amount.total)
        for currency, amount in balance.assets.items()
        if amount.total
    ]


def position_holdings(positions: Sequence[Mapping[str, Any]], base_of: Mapping[str, str]) -> list[HoldingReport]:
    """Return ccxt's positions as signed holdings; ``base_of`` names the base currency by symbol."""
    held = []
    for position in positions:
        size = number(position.get("contractSize")) or ONE
        quantity = number(position.get("contracts")) * size
        if not quantity:
            continue
        symbol = position["symbol"]
        held.append(
            HoldingReport(
                symbol=symbol,
                asset=base_of.get(symbol, ""),
                quantity=-quantity if position.get("side") == "short" else quantity,
                entry_price=maybe_number(position.get("entryPrice")),
                mark_price=maybe_number(position.get("markPrice")),
                unrealised=number(position.get("unrealizedPnl")),
                leverage=maybe_number(position.get("leverage")),
                margin_mode=str(position.get("marginMode") or ""),
            )
        )
    return held


def quote_of(ticker: Mapping[str, Any], received_at: datetime) -> Quote | None:
    """Return the best bid and ask, or None where the market is not two-sided."""
    bid, ask = maybe_number(ticker.get("bid")), maybe_number(ticker.get("ask"))
    if bid is None or ask is None or bid > ask:
        return None
    return Quote(
        symbol=ticker["symbol"],
        bid=bid,
        ask=ask,
        quoted_at=_time_of(ticker.get("timestamp")) or received_at,
        last=maybe_number(ticker.get("last")),
    )


def _time_of(milliseconds: Any) -> datetime | None:
    return from_ms(int(milliseconds)) if milliseconds else None
