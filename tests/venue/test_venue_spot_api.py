"""The spot dialect over HTTP: answers as Binance writes them, refusals with its codes and words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venue.client import ORDER, Client

OCO = "/api/v3/orderList/oco"
PAIR = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "52000",
    "aboveClientOrderId": "target",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "48000",
    "belowPrice": "47900",
    "belowTimeInForce": "GTC",
    "belowClientOrderId": "stop",
    "listClientOrderId": "pair",
}


class TestExchangeInfo:
    async def test_lists_filters_a_client_needs(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", "/api/v3/exchangeInfo")

        symbol = next(row for row in reply.body["symbols"] if row["symbol"] == "BTCUSDT")
        assert {row["filterType"] for row in symbol["filters"]} >= {
            "PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "PERCENT_PRICE_BY_SIDE", "MAX_NUM_ORDERS",
            "MAX_NUM_ALGO_ORDERS",
        }  # fmt: skip
        assert reply.body["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"

    async def test_of_an_unknown_symbol_is_refused(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", "/api/v3/exchangeInfo", "symbol=NOPE")

        assert (reply.status, reply.code) == (400, -1121)


class TestNewOrder:
    async def test_answers_a_market_order_in_full(self, alice_client: Client) -> None:
        reply = await alice_client.order(newClientOrderId="mine")

        assert reply.status == 200
        assert reply.body["status"] == "FILLED"
        assert reply.body["clientOrderId"] == "mine"
        assert reply.body["executedQty"] == "0.01000000"
        assert reply.body["fills"][0]["commissionAsset"] == "BTC"

    @pytest.mark.parametrize(
        ("response", "has_status", "has_fills"),
        [("ACK", False, False), ("RESULT", True, False), ("FULL", True, True)],
    )
    async def test_answers_as_much_as_was_asked(
        self, alice_client: Client, response: str, has_status: bool, has_fills: bool
    ) -> None:
        reply = await alice_client.order(newOrderRespType=response)

        assert ("status" in reply.body, "fills" in reply.body) == (has_status, has_fills)

    async def test_makes_a_client_id_when_none_is_sent(self, alice_client: Client) -> None:
        reply = await alice_client.order()

        assert len(reply.body["clientOrderId"]) == 22

    async def test_test_endpoint_checks_and_places_nothing(self, alice_client: Client) -> None:
        fine = await alice_client.order(path=f"{ORDER}/test")
        refused = await alice_client.order(path=f"{ORDER}/test", quantity="50")

        assert (fine.status, fine.body, refused.code) == (200, {}, -2010)
        assert await alice_client.admin("GET", "orders") == []

    @pytest.mark.parametrize(
        ("changes", "code", "words"),
        [
            ({"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
            ({"side": "HOLD"}, -1117, "Invalid side."),
            ({"type": "MAYBE"}, -1116, "Invalid orderType."),
            ({"price": "50000", "timeInForce": "XXX"}, -1115, "Invalid timeInForce."),
            ({"price": "50000", "type": "LIMIT", "timeInForce": ""}, -1102, "'timeInForce'"),
            ({"type": "LIMIT", "timeInForce": "GTC"}, -1102, "'price'"),
            ({"timeInForce": "GTC"}, -1106, "'timeInForce' sent when not required"),
            ({"quantity": "abc"}, -1100, "Illegal characters found in parameter 'quantity'"),
            ({"quantity": "-1"}, -1100, "Illegal characters found in parameter 'quantity'"),
            ({"quantity": "NaN"}, -1100, "Illegal characters found in parameter 'quantity'"),
            ({"quantity": "1e5"}, -1100, "Illegal characters found in parameter 'quantity'"),
            ({"quantity": "0"}, -1013, "Invalid quantity."),
            ({"quantity": "0.0000000001"}, -1111, "too much precision"),
            ({"quantity": "0.000001"}, -1013, "LOT_SIZE"),
            ({"quantity": "0.010005123"}, -1111, "too much precision"),
            ({"quantity": "99999999"}, -1013, "LOT_SIZE"),
            ({"quantity": "6000"}, -1013, "MARKET_LOT_SIZE"),
            ({"quantity": "0.00002"}, -1013, "NOTIONAL"),
            ({"price": "50000.001"}, -1013, "PRICE_FILTER"),
            ({"price": "0"}, -1013, "Invalid price."),
            ({"price": "400000"}, -1013, "PERCENT_PRICE_BY_SIDE"),
            ({"quantity": "1.99", "price": "60000"}, -2010, "insufficient balance"),
            ({"newClientOrderId": "ä"}, -1100, "newClientOrderId"),
            ({"newClientOrderId": "x" * 37}, -1100, "newClientOrderId"),
            ({"stopLoss": "{}"}, -1104, "Not all sent parameters were read"),
            ({"quoteOrderQty": "100"}, -1128, "Combination"),
            ({"type": "STOP_LOSS"}, -1102, "'stopPrice' or 'trailingDelta'"),
            ({"type": "STOP_LOSS", "side": "SELL", "stopPrice": "51000"}, -2010, "Stop price would trigger"),
            ({"type": "LIMIT_MAKER", "price": "50100", "timeInForce": None}, -2010, "immediately match and take"),
        ],
    )
    async def test_refuses_with_binances_words(
        self, alice_client: Client, changes: dict[str, Any], code: int, words: str
    ) -> None:
        sent: dict[str, Any] = {"timeInForce": "GTC"} if "price" in changes else {}
        sent = {name: value for name, value in {**sent, **changes}.items() if value is not None}

        reply = await alice_client.signed(
            "POST",
            ORDER,
            **{"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01", "type": _kind(changes), **sent},
        )

        assert (reply.status, reply.code) == (400, code)
        assert words in reply.body["msg"]

    async def test_refuses_a_halted_symbol(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "symbols", symbol="BTCUSDT", market="spot", status="HALT")

        reply = await alice_client.order()

        assert (reply.code, reply.body["msg"]) == (-1013, "Market is closed.")

    async def test_refuses_an_account_that_may_not_trade(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "accounts/alice", permissions={"can_trade": False})

        reply = await alice_client.order()

        assert reply.body == {"code": -2010, "msg": "This account may not place or cancel orders."}


def _kind(changes: dict[str, Any]) -> str:
    return "LIMIT" if "price" in changes else "MARKET"


class TestOrderQueries:
    async def test_find_an_order_by_either_id(self, alice_client: Client) -> None:
        placed = await alice_client.order(price="49000", newClientOrderId="rests")

        by_name = await alice_client.query("rests")
        by_number = await alice_client.signed("GET", ORDER, symbol="BTCUSDT", orderId=placed.body["orderId"])

        assert by_name.body == by_number.body
        assert (by_name.body["status"], by_name.body["isWorking"]) == ("NEW", True)

    async def test_say_when_there_is_none(self, alice_client: Client) -> None:
        query = await alice_client.query("nothing")
        cancel = await alice_client.cancel("nothing")

        assert query.body == {"code": -2013, "msg": "Order does not exist."}
        assert cancel.body == {"code": -2011, "msg": "Unknown order sent."}

    async def test_another_accounts_order_does_not_exist(self, alice_client: Client, bob_client: Client) -> None:
        await alice_client.order(price="49000", newClientOrderId="alices")

        assert (await bob_client.query("alices")).code == -2013

    async def test_the_latest_of_a_reused_id_is_found(self, alice_client: Client) -> None:
        await alice_client.order(newClientOrderId="again")
        second = await alice_client.order(newClientOrderId="again")

        found = await alice_client.query("again")

        assert found.body["orderId"] == second.body["orderId"]

    async def test_lists_are_by_symbol_and_page_from_an_id(self, alice_client: Client) -> None:
        orders = [await alice_client.order() for _ in range(3)]
        second = orders[1].body["orderId"]

        page = await alice_client.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT", orderId=second, limit=1)
        trades = await alice_client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=second)

        assert [row["orderId"] for row in page.body] == [second]
        assert [row["orderId"] for row in trades.body] == [second]

    async def test_open_orders_show_what_rests(self, alice_client: Client) -> None:
        await alice_client.order(price="49000", newClientOrderId="rests")
        await alice_client.order()

        reply = await alice_client.signed("GET", "/api/v3/openOrders")

        assert [row["clientOrderId"] for row in reply.body] == ["rests"]


class TestCancel:
    async def test_answers_with_the_order(self, alice_client: Client) -> None:
        await alice_client.order(price="49000", newClientOrderId="rests")

        reply = await alice_client.cancel("rests")

        assert (reply.body["status"], reply.body["origClientOrderId"]) == ("CANCELED", "rests")
        assert (await alice_client.cancel("rests")).code == -2011

    async def test_all_needs_something_to_cancel(self, alice_client: Client) -> None:
        await alice_client.order(price="49000")
        await alice_client.signed("POST", OCO, **PAIR)

        first = await alice_client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
        second = await alice_client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

        assert len(first.body) == 2
        assert second.code == -2011


class TestCancelReplace:
    REPLACE = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "48000",
        "cancelReplaceMode": "STOP_ON_FAILURE",
    }

    async def test_swaps_one_order_for_another(self, alice_client: Client) -> None:
        await alice_client.order(price="49000", newClientOrderId="old")

        reply = await alice_client.signed(
            "POST", f"{ORDER}/cancelReplace", cancelOrigClientOrderId="old", newClientOrderId="new", **self.REPLACE
        )

        assert (reply.body["cancelResult"], reply.body["newOrderResult"]) == ("SUCCESS", "SUCCESS")
        assert (await alice_client.query("old")).body["status"] == "CANCELED"
        assert (await alice_client.query("new")).body["status"] == "NEW"

    async def test_does_not_place_when_the_cancel_fails(self, alice_client: Client) -> None:
        reply = await alice_client.signed(
            "POST", f"{ORDER}/cancelReplace", cancelOrigClientOrderId="none", **self.REPLACE
        )

        assert (reply.status, reply.code) == (400, -2022)
        assert reply.body["data"]["newOrderResult"] == "NOT_ATTEMPTED"

    async def test_says_when_only_the_new_order_failed(self, alice_client: Client) -> None:
        await alice_client.order(price="49000", newClientOrderId="old")

        reply = await alice_client.signed(
            "POST",
            f"{ORDER}/cancelReplace",
            cancelOrigClientOrderId="old",
            **{**self.REPLACE, "quantity": "50"},
        )

        assert (reply.status, reply.code) == (409, -2021)
        assert reply.body["data"]["newOrderResponse"]["code"] == -2010


class TestOco:
    async def test_places_both_legs(self, alice_client: Client) -> None:
        reply = await alice_client.signed("POST", OCO, **PAIR)

        assert reply.body["listOrderStatus"] == "EXECUTING"
        assert [row["clientOrderId"] for row in reply.body["orderReports"]] == ["target", "stop"]
        assert (await alice_client.query("stop")).body["orderListId"] == reply.body["orderListId"]

    async def test_is_done_when_a_leg_filled(self, alice_client: Client) -> None:
        placed = await alice_client.signed("POST", OCO, **PAIR)

        await alice_client.admin("POST", "price", symbol="BTCUSDT", price="53000")

        listed = await alice_client.signed("GET", "/api/v3/orderList", orderListId=placed.body["orderListId"])
        assert listed.body["listOrderStatus"] == "ALL_DONE"
        assert (await alice_client.query("target")).body["status"] == "FILLED"
        assert (await alice_client.query("stop")).body["status"] == "EXPIRED"

    async def test_is_canceled_as_a_list(self, alice_client: Client) -> None:
        await alice_client.signed("POST", OCO, **PAIR)

        reply = await alice_client.signed(
            "DELETE", "/api/v3/orderList", symbol="BTCUSDT", listClientOrderId="pair"
        )

        assert [row["status"] for row in reply.body["orderReports"]] == ["CANCELED", "CANCELED"]
        assert (await alice_client.signed("GET", "/api/v3/openOrderList")).body == []

    async def test_former_endpoint_still_works(self, alice_client: Client) -> None:
        reply = await alice_client.signed(
            "POST",
            "/api/v3/order/oco",
            symbol="BTCUSDT",
            side="SELL",
            quantity="1",
            price="52000",
            stopPrice="48000",
            stopLimitPrice="47900",
            stopLimitTimeInForce="GTC",
        )

        assert [row["type"] for row in reply.body["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"abovePrice": "49000"}, -2010),
            ({"belowType": "TAKE_PROFIT"}, -2010),
            ({"quantity": "3"}, -2010),
            ({"belowStopPrice": "48000.001"}, -1013),
            ({"belowClientOrderId": "target"}, -2010),
        ],
    )
    async def test_is_refused_whole(self, alice_client: Client, changes: dict[str, str], code: int) -> None:
        sent = {**PAIR, **changes}
        sent = {
            name: value for name, value in sent.items() if not (changes.get("belowType") and name == "belowPrice")
        }

        reply = await alice_client.signed("POST", OCO, **sent)

        assert reply.code == code
        assert (await alice_client.signed("GET", "/api/v3/openOrders")).body == []


class TestAccount:
    async def test_shows_free_and_locked(self, alice_client: Client) -> None:
        await alice_client.order(price="49000", quantity="0.1")

        reply = await alice_client.signed("GET", "/api/v3/account")

        usdt = next(row for row in reply.body["balances"] if row["asset"] == "USDT")
        assert usdt == {"asset": "USDT", "free": "95100.00000000", "locked": "4900.00000000"}
        assert reply.body["canTrade"] is True


class TestMarketData:
    async def test_depth_is_best_first(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", "/api/v3/depth", "symbol=BTCUSDT&limit=5")

        bids = [float(price) for price, _ in reply.body["bids"]]
        assert len(bids) == 5
        assert bids == sorted(bids, reverse=True)

    async def test_tickers_for_one_some_or_all(self, alice_client: Client) -> None:
        one = await alice_client.send("GET", "/api/v3/ticker/price", "symbol=BTCUSDT")
        some = await alice_client.send("GET", "/api/v3/ticker/bookTicker", 'symbols=["BTCUSDT","BNBUSDT"]')
        every = await alice_client.send("GET", "/api/v3/ticker/24hr")

        assert one.body["price"] == "50000.00000000"
        assert [row["symbol"] for row in some.body] == ["BTCUSDT", "BNBUSDT"]
        assert len(every.body) == 2

    async def test_trades_and_candles_remember(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "price", symbol="BTCUSDT", price="51000")

        trades = await alice_client.send("GET", "/api/v3/trades", "symbol=BTCUSDT")
        candles = await alice_client.send("GET", "/api/v3/klines", "symbol=BTCUSDT&interval=1h")

        assert trades.body[-1]["price"] == "51000.00000000"
        assert candles.body[-1][4] == "51000.00000000"

    async def test_an_unknown_interval_is_refused(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", "/api/v3/klines", "symbol=BTCUSDT&interval=7m")

        assert reply.code == -1120
