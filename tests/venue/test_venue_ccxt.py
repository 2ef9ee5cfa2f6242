"""ccxt trades on the venue unchanged: same classes, real addresses, only the transport redirected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import ccxt.pro as ccxt
import pytest

from tests.venue.client import ORDER, Redirect
from venue.wire.server import Server

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"


@pytest.fixture
async def redirect(server: Server) -> AsyncIterator[Redirect]:
    redirect = Redirect(server.url)
    yield redirect
    await redirect.close()


def configure(server: Server, redirect: Redirect, **options: Any) -> dict[str, Any]:
    account = server.venue.exchange.accounts["alice"]
    return {
        "apiKey": account.api_key,
        "secret": account.secret,
        "session": redirect,
        # Anything but None keeps ccxt from building a TLS context for every instance.
        "ssl_context": False,
        "enableRateLimit": False,
        "timeout": 5000,
        "options": {"warnOnFetchOpenOrdersWithoutSymbol": False, **options},
    }


@pytest.fixture
async def spot(server: Server, redirect: Redirect) -> AsyncIterator[Any]:
    exchange = ccxt.binance(configure(server, redirect, fetchMarkets={"types": ["spot"]}))
    exchange.timeout_on_exit = 0
    await exchange.load_markets()
    yield exchange
    await exchange.close()


@pytest.fixture
async def usdm(server: Server, redirect: Redirect) -> AsyncIterator[Any]:
    exchange = ccxt.binanceusdm(configure(server, redirect))
    exchange.timeout_on_exit = 0
    await exchange.load_markets()
    yield exchange
    await exchange.close()


def move(server: Server, price: str) -> None:
    server.venue.exchange.move("BTCUSDT", Decimal(price))


async def soon(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, 5)


class TestSpot:
    async def test_markets_carry_limits_and_precision(self, spot: Any) -> None:
        market = spot.markets[SPOT]

        assert (market["active"], market["type"]) == (True, "spot")
        assert market["precision"] == {"amount": 1e-05, "price": 0.01, "base": 1e-08, "quote": 1e-08}
        assert market["limits"]["cost"]["min"] == 5

    async def test_balance(self, spot: Any) -> None:
        balance = await spot.fetch_balance()

        assert (balance["USDT"]["free"], balance["BTC"]["total"]) == (100000, 2)

    async def test_market_order_and_its_trades(self, spot: Any) -> None:
        order = await spot.create_order(SPOT, "market", "buy", 0.01, None, {"clientOrderId": "mine"})
        trades = await spot.fetch_my_trades(SPOT)

        assert (order["status"], order["filled"], order["clientOrderId"]) == ("closed", 0.01, "mine")
        assert order["fee"] == {"currency": "BTC", "cost": 1e-05}
        assert [(trade["order"], trade["side"], trade["takerOrMaker"]) for trade in trades] == [
            (order["id"], "buy", "taker")
        ]

    async def test_market_order_by_cost(self, spot: Any) -> None:
        order = await spot.create_market_buy_order_with_cost(SPOT, 1000)

        assert 999 < order["cost"] <= 1000

    async def test_limit_order_from_rest_to_cancel(self, spot: Any) -> None:
        await spot.create_order(SPOT, "limit", "buy", 0.01, 49000, {"clientOrderId": "mine"})

        found = await spot.fetch_order_with_client_order_id("mine", SPOT)
        listed = await spot.fetch_open_orders()
        canceled = await spot.cancel_order_with_client_order_id("mine", SPOT)

        assert (found["status"], found["price"], len(listed)) == ("open", 49000, 1)
        assert canceled["status"] == "canceled"

    async def test_edit_replaces_the_order(self, spot: Any) -> None:
        order = await spot.create_order(SPOT, "limit", "buy", 0.01, 49000)

        edited = await spot.edit_order(order["id"], SPOT, "limit", "buy", 0.02, 48000)

        assert (edited["amount"], edited["price"]) == (0.02, 48000)
        assert (await spot.fetch_order(order["id"], SPOT))["status"] == "canceled"

    @pytest.mark.parametrize(
        ("kind", "price", "trigger", "name"),
        [
            ("market", None, {"stopLossPrice": 48000}, "STOP_LOSS"),
            ("limit", 47900, {"stopLossPrice": 48000}, "STOP_LOSS_LIMIT"),
            ("market", None, {"takeProfitPrice": 52000}, "TAKE_PROFIT"),
            ("market", None, {"trailingPercent": 1, "stopLossOrTakeProfit": "stopLoss"}, "STOP_LOSS"),
        ],
    )
    async def test_conditional_orders_wait(
        self, spot: Any, kind: str, price: float | None, trigger: dict[str, Any], name: str
    ) -> None:
        order = await spot.create_order(SPOT, kind, "sell", 0.1, price, trigger)

        assert (order["status"], order["info"]["type"]) == ("open", name)

    async def test_oco(self, server: Server, spot: Any) -> None:
        pair = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER"}
        pair |= {"abovePrice": "52000", "aboveClientOrderId": "target"}
        pair |= {"belowType": "STOP_LOSS", "belowStopPrice": "48000", "belowClientOrderId": "stop"}
        await spot.private_post_orderlist_oco(pair)

        move(server, "47000")

        stop = await spot.fetch_order_with_client_order_id("stop", SPOT)
        target = await spot.fetch_order_with_client_order_id("target", SPOT)
        assert (stop["status"], target["status"]) == ("closed", "expired")

    async def test_market_data(self, spot: Any) -> None:
        ticker = await spot.fetch_ticker(SPOT)
        quotes = await spot.fetch_bids_asks([SPOT])
        prices = await spot.fetch_last_prices()
        book = await spot.fetch_order_book(SPOT, 5)
        candles = await spot.fetch_ohlcv(SPOT, "1m")

        assert ticker["last"] == prices[SPOT]["price"] == 50000
        assert quotes[SPOT]["bid"] == book["bids"][0][0] < 50000 < book["asks"][0][0]
        assert isinstance(candles, list)

    async def test_restrictions_of_the_key(self, spot: Any) -> None:
        answer = await spot.sapi_get_account_apirestrictions()

        assert (answer["enableWithdrawals"], answer["enableSpotAndMarginTrading"]) == (False, True)


class TestUsdm:
    async def test_position_from_entry_to_exit(self, server: Server, usdm: Any) -> None:
        await usdm.set_leverage(10, SWAP)
        entry = await usdm.create_order(SWAP, "market", "buy", 0.1, None, {"clientOrderId": "entry"})
        move(server, "51000")

        [held] = await usdm.fetch_positions([SWAP])
        await usdm.create_order(SWAP, "market", "sell", 0.1, None, {"reduceOnly": True})
        after = await usdm.fetch_positions([SWAP])

        assert (entry["status"], entry["filled"]) == ("closed", 0.1)
        assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", 0.1, entry["average"])
        assert held["unrealizedPnl"] == pytest.approx(99.75)
        assert after == []

    async def test_native_stop_is_placed_found_and_canceled(self, usdm: Any) -> None:
        await usdm.create_order(SWAP, "market", "buy", 0.1)
        trigger = {"stopLossPrice": 49000, "reduceOnly": True, "clientOrderId": "stop"}
        placed = await usdm.create_order(SWAP, "market", "sell", 0.1, None, trigger)

        found = await usdm.fetch_order("", SWAP, {"trigger": True, "clientOrderId": "stop"})
        listed = await usdm.fetch_open_orders(SWAP, params={"trigger": True})
        await usdm.cancel_order("", SWAP, {"trigger": True, "clientOrderId": "stop"})

        assert found["id"] == placed["id"] == listed[0]["id"]
        assert (found["status"], found["triggerPrice"]) == ("open", 49000)
        assert await usdm.fetch_open_orders(SWAP, params={"trigger": True}) == []

    async def test_close_position_stop_fires(self, server: Server, usdm: Any) -> None:
        await usdm.create_order(SWAP, "market", "buy", 0.1)
        trigger = {"stopLossPrice": 49000, "closePosition": True, "clientOrderId": "stop"}
        await usdm.create_order(SWAP, "market", "sell", None, None, trigger)

        move(server, "48000")

        fired = await usdm.fetch_order("", SWAP, {"trigger": True, "clientOrderId": "stop"})
        assert fired["status"] == "closed"
        assert await usdm.fetch_positions([SWAP]) == []

    async def test_balance_modes_and_tiers(self, usdm: Any) -> None:
        balance = await usdm.fetch_balance()
        await usdm.set_margin_mode("isolated", SWAP)
        await usdm.set_position_mode(True)
        mode = await usdm.fetch_position_mode(SWAP)
        tiers = await usdm.fetch_leverage_tiers([SWAP])
        leverages = await usdm.fetch_leverages([SWAP])

        assert balance["USDT"]["free"] == 10000
        assert mode["hedged"] is True
        assert tiers[SWAP][0]["maxLeverage"] == 125
        assert leverages[SWAP]["marginMode"] == "isolated"

    async def test_amend_and_batch(self, usdm: Any) -> None:
        rows = [
            {"symbol": SWAP, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
            for price in (48000, 48500)
        ]
        orders = await usdm.create_orders(rows)

        edited = await usdm.edit_order(orders[0]["id"], SWAP, "limit", "buy", 0.02, 48100)
        await usdm.cancel_orders([orders[1]["id"]], SWAP)

        assert (edited["amount"], edited["price"]) == (0.02, 48100)
        assert [order["id"] for order in await usdm.fetch_open_orders(SWAP)] == [orders[0]["id"]]

    async def test_trades_and_mark_price(self, usdm: Any) -> None:
        await usdm.create_order(SWAP, "market", "buy", 0.1)

        trades = await usdm.fetch_my_trades(SWAP)
        mark = await usdm.fetch_mark_price(SWAP)

        assert trades[0]["fee"]["currency"] == "USDT"
        assert mark["markPrice"] == 50000


class TestErrors:
    @pytest.mark.parametrize(
        ("order", "error"),
        [
            ((SPOT, "market", "buy", 10), ccxt.InsufficientFunds),
            ((SPOT, "limit", "buy", 0.01, 100), ccxt.InvalidOrder),
            ((SPOT, "limit", "sell", 0.00002, 60000), ccxt.BadRequest),
        ],
    )
    async def test_of_spot_have_their_class(self, spot: Any, order: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            await spot.create_order(*order)

    async def test_of_usdm_have_their_class(self, usdm: Any) -> None:
        with pytest.raises(ccxt.InsufficientFunds):
            await usdm.create_order(SWAP, "market", "buy", 10)
        with pytest.raises(ccxt.InvalidOrder):
            await usdm.create_order(SWAP, "market", "sell", 0.1, None, {"reduceOnly": True})
        with pytest.raises(ccxt.OrderImmediatelyFillable):
            await usdm.create_order(SWAP, "market", "sell", 0.1, None, {"stopLossPrice": 51000})
        with pytest.raises(ccxt.OrderNotFound):
            await usdm.fetch_order("1", SWAP)

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ({"kind": "unknown"}, ccxt.OperationFailed),
            ({"kind": "unknown", "code": -1007}, ccxt.RequestTimeout),
            ({"kind": "reset"}, ccxt.ExchangeNotAvailable),
            ({"kind": "status", "status": 504}, ccxt.RequestTimeout),
            ({"kind": "status", "status": 502}, ccxt.ExchangeNotAvailable),
            ({"kind": "throttle", "status": 418}, ccxt.DDoSProtection),
            ({"kind": "busy"}, ccxt.OperationFailed),
            ({"kind": "skew"}, ccxt.InvalidNonce),
        ],
    )
    async def test_of_faults_have_their_class(
        self, server: Server, spot: Any, fault: dict[str, Any], error: type[Exception]
    ) -> None:
        server.venue.faults.add({"match": {"method": "POST", "path": ORDER}, "fault": fault})

        with pytest.raises(error):
            await spot.create_order(SPOT, "market", "buy", 0.01)

    @pytest.mark.parametrize("body", ["truncated", "empty", "html", "object"])
    async def test_garbage_passes_for_an_order_without_id(self, server: Server, spot: Any, body: str) -> None:
        match = {"method": "POST", "path": ORDER}
        server.venue.faults.add({"match": match, "fault": {"kind": "garbage", "body": body}})

        order = await spot.create_order(SPOT, "market", "buy", 0.01)

        assert order["id"] is None


class TestPro:
    async def test_watches_spot_prices(self, server: Server, spot: Any) -> None:
        quotes = await soon(spot.watch_bids_asks([SPOT]))
        tickers = await soon(spot.watch_tickers([SPOT]))
        book = await soon(_first_change(spot.watch_order_book(SPOT), server))

        assert quotes[SPOT]["bid"] < 50000 < quotes[SPOT]["ask"]
        assert tickers[SPOT]["last"] == 50000
        assert book["bids"][0][0] > 0

    async def test_watches_usdm_prices(self, server: Server, usdm: Any) -> None:
        quotes = await soon(usdm.watch_bids_asks([SWAP]))
        tickers = await soon(usdm.watch_tickers([SWAP]))
        marks = await soon(usdm.watch_mark_prices([SWAP]))
        trades = await soon(_first_change(usdm.watch_trades(SWAP), server))

        assert quotes[SWAP]["bid"] < 50000 < quotes[SWAP]["ask"]
        assert (tickers[SWAP]["last"], marks[SWAP]["markPrice"]) == (50000, 50000)
        assert trades[-1]["price"] == 51000

    async def test_watches_spot_orders(self, server: Server, spot: Any) -> None:
        watching = asyncio.ensure_future(spot.watch_orders())
        await _following(server)

        await spot.create_order(SPOT, "limit", "buy", 0.01, 49000, {"clientOrderId": "mine"})

        [order] = await soon(watching)
        assert (order["clientOrderId"], order["status"]) == ("mine", "open")

    async def test_watches_usdm_orders(self, server: Server, usdm: Any) -> None:
        watching = asyncio.ensure_future(usdm.watch_orders())
        await _following(server)

        await usdm.create_order(SWAP, "limit", "buy", 0.01, 49000, {"clientOrderId": "mine"})

        [order] = await soon(watching)
        assert (order["clientOrderId"], order["status"]) == ("mine", "open")

    async def test_watches_positions_and_balance(self, server: Server, usdm: Any) -> None:
        usdm.options["watchPositions"] = {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False}
        positions = asyncio.ensure_future(usdm.watch_positions())
        balance = asyncio.ensure_future(usdm.watch_balance())
        await _following(server)

        await usdm.create_order(SWAP, "market", "sell", 0.1)

        assert (await soon(positions))[0]["side"] == "short"
        assert (await soon(balance))["USDT"]["total"] < 10000


async def _following(server: Server) -> None:
    """This function will wait until somebody follows an account."""
    async with asyncio.timeout(5):
        while not any(connection.accounts for connection in server.venue.hub.connections):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def _first_change(watching: Any, server: Server) -> Any:
    """This function will move the price until what is watched has something to say."""
    task = asyncio.ensure_future(watching)
    async with asyncio.timeout(5):
        while not task.done():
            move(server, "51000")
            await asyncio.sleep(0.05)
    return task.result()
