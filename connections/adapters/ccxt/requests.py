"""A ticket as the arguments of ccxt's create_order, and a pair as Binance's order list."""

from decimal import Decimal
from typing import Any

from connections.adapters.ccxt.dialects import Dialect
from connections.contract import Instrument, MarketType, OrderTicket, OrderType, PairTicket, Side, TimeInForce
from connections.errors import Unsupported
from core.clock import to_ms
from core.decimals import to_plain


def contracts(quantity: Decimal, instrument: Instrument) -> Decimal:
    """Return what the venue counts: contracts on derivatives that have a size, base units elsewhere."""
    return quantity / instrument.contract_size


def create_arguments(ticket: OrderTicket, instrument: Instrument, dialect: Dialect) -> tuple[Any, ...]:
    """Return symbol, type, side, amount, price and params of ccxt's create_order.

    A market order never carries a price: with one, ccxt's Binance buys for a cost instead of a quantity.
    """
    kind = "limit" if ticket.price is not None else "market"
    price = to_plain(ticket.price) if ticket.price is not None else None
    counted = contracts(ticket.quantity, instrument)
    amount = counted if instrument.market in dialect.numeric_amount else to_plain(counted)
    return ticket.symbol, kind, ticket.side.lower(), amount, price, _params(ticket, instrument, dialect)


def _params(ticket: OrderTicket, instrument: Instrument, dialect: Dialect) -> dict[str, Any]:
    params: dict[str, Any] = {dialect.create_param: dialect.render(ticket.client_order_id)}
    if ticket.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT) or ticket.time_in_force in (
        TimeInForce.IOC,
        TimeInForce.FOK,
    ):
        params.update(_time_in_force(ticket))
    if ticket.stop_price is not None:
        params.update(_trigger(ticket, instrument, dialect))
    if ticket.reduce_only and instrument.market is not MarketType.SPOT:
        params["reduceOnly"] = True
    if ticket.attached is not None:
        params.update(_attached(ticket))
    return params


def _time_in_force(ticket: OrderTicket) -> dict[str, Any]:
    if ticket.order_type is OrderType.MARKET:
        return {}  # a market order fills at once and cancels the rest wherever we know
    if ticket.time_in_force is TimeInForce.GTD:
        if ticket.expires_at is None:
            raise Unsupported("A good-till-date order needs the time at which it ends.")
        return {"timeInForce": "GTD", "goodTillDate": to_ms(ticket.expires_at)}
    return {"timeInForce": str(ticket.time_in_force)}


def _trigger(ticket: OrderTicket, instrument: Instrument, dialect: Dialect) -> dict[str, Any]:
    assert ticket.stop_price is not None
    stop = to_plain(ticket.stop_price)
    # Some venues make an order with stopLossPrice reduce-only, so a stop that opens must not use it.
    if instrument.market is MarketType.SPOT or ticket.reduce_only:
        return {"stopLossPrice": stop}
    params: dict[str, Any] = {"triggerPrice": stop}
    if dialect.trigger_direction:
        params["triggerDirection"] = "ascending" if ticket.side is Side.BUY else "descending"
    return params


def _attached(ticket: OrderTicket) -> dict[str, Any]:
    assert ticket.attached is not None
    params: dict[str, Any] = {}
    if ticket.attached.stop_price is not None:
        params["stopLoss"] = {"triggerPrice": to_plain(ticket.attached.stop_price)}
    if ticket.attached.target_price is not None:
        params["takeProfit"] = {"triggerPrice": to_plain(ticket.attached.target_price)}
    return params


def binance_order_list(pair: PairTicket, instrument: Instrument) -> dict[str, Any]:
    """Return the parameters of Binance's one-cancels-the-other list.

    Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints (order lists).
    """
    target, stop = pair.target, pair.stop
    if target.price is None or stop.stop_price is None:
        raise Unsupported("A pair needs a limit price for its target and a stop price for its stop.")
    upper, lower = ("above", "below") if target.side is Side.SELL else ("below", "above")
    stop_params = {
        f"{lower}Type": "STOP_LOSS" if stop.price is None else "STOP_LOSS_LIMIT",
        f"{lower}StopPrice": to_plain(stop.stop_price),
        f"{lower}ClientOrderId": stop.client_order_id,
    }
    if stop.price is not None:
        stop_params |= {f"{lower}Price": to_plain(stop.price), f"{lower}TimeInForce": "GTC"}
    return {
        "symbol": instrument.venue_symbol,
        "listClientOrderId": pair.list_client_id,
        "side": str(target.side),
        "quantity": to_plain(target.quantity),
        f"{upper}Type": "LIMIT_MAKER",
        f"{upper}Price": to_plain(target.price),
        f"{upper}ClientOrderId": target.client_order_id,
        **stop_params,
        "newOrderRespType": "FULL",
    }
