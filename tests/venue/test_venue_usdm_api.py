"""The USD-M dialect over HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.venue.client import ALGO, UM_ORDER, Client, Reply

V3 = "/fapi/v3"


async def place(client: Client, **params: Any) -> Reply:
    return await client.order(path=UM_ORDER, newOrderRespType="RESULT", **params)


async def place_stop(client: Client, stop: str = "49000", **changes: Any) -> Reply:
    defaults: dict[str, Any] = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "0.1",
        "triggerPrice": stop,
        "clientAlgoId": "stop",
    }
    sent = {name: value for name, value in {**defaults, **changes}.items() if value is not None}
    return await client.signed("POST", ALGO, **sent)


async def find_stop(client: Client, name: str = "stop") -> Reply:
    return await client.signed("GET", ALGO, clientAlgoId=name)


class TestNewOrder:
    async def test_answers_ack_as_if_nothing_happened_yet(self, alice_client: Client) -> None:
        reply = await alice_client.order(path=UM_ORDER, newClientOrderId="mine")

        assert (reply.body["status"], reply.body["executedQty"]) == ("NEW", "0")
        assert (await alice_client.query("mine", UM_ORDER)).body["status"] == "FILLED"

    async def test_answers_result_with_what_happened(self, alice_client: Client) -> None:
        reply = await place(alice_client)

        assert (reply.body["status"], reply.body["cumQuote"]) == ("FILLED", "500.025")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"symbol": "NOPEUSDT"}, -1121),
            ({"side": "HOLD"}, -1117),
            ({"type": "MAYBE"}, -1116),
            ({"type": "STOP_MARKET", "stopPrice": "49000"}, -4120),
            ({"quantity": "0"}, -4003),
            ({"quantity": "0.0001"}, -1111),
            ({"quantity": "501"}, -4005),
            ({"quantity": "0.001", "price": "49000"}, -4164),
            ({"price": "49000.01"}, -1111),
            ({"price": "0"}, -4001),
            ({"price": "53000"}, -4016),
            ({"side": "SELL", "price": "47000"}, -4024),
            ({"quantity": "10"}, -2019),
            ({"reduceOnly": "true"}, -2022),
            ({"positionSide": "LONG"}, -4061),
            ({"newClientOrderId": "x" * 37}, -4015),
            ({"price": "50100", "timeInForce": "GTX"}, -5022),
            ({"quantity": "100", "price": "50100", "timeInForce": "FOK"}, -5021),
            ({"price": "49000", "timeInForce": "GTD"}, -1102),
            ({"price": "49000", "timeInForce": "GTD", "goodTillDate": "1"}, -5040),
            ({"timeInForce": "GTC"}, -1106),
        ],
    )
    async def test_refuses_with_binances_codes(
        self, alice_client: Client, changes: dict[str, str], code: int
    ) -> None:
        reply = await place(alice_client, **changes)

        assert (reply.status, reply.code) == (400, code)

    async def test_open_client_id_may_not_be_used_again(self, alice_client: Client) -> None:
        await place(alice_client, price="49000", newClientOrderId="same")

        assert (await place(alice_client, price="49000", newClientOrderId="same")).code == -4116

    async def test_reduce_only_is_unknown_to_hedge_mode(self, alice_client: Client) -> None:
        await alice_client.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")

        reply = await place(alice_client, positionSide="LONG", reduceOnly="true")

        assert reply.code == -1106

    async def test_amend_changes_price_and_quantity(self, alice_client: Client) -> None:
        placed = await place(alice_client, price="49000")

        reply = await alice_client.signed(
            "PUT",
            UM_ORDER,
            symbol="BTCUSDT",
            side="BUY",
            orderId=placed.body["orderId"],
            quantity="0.02",
            price="48000",
        )

        assert (reply.body["origQty"], reply.body["price"]) == ("0.02", "48000")

    async def test_batch_members_fail_alone(self, alice_client: Client) -> None:
        good = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        orders = [good, {**good, "quantity": "0"}]

        reply = await alice_client.signed("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps(orders))

        assert reply.body[0]["symbol"] == "BTCUSDT"
        assert reply.body[1]["code"] == -4003


class TestConditional:
    async def test_waits_apart_from_orders(self, alice_client: Client) -> None:
        placed = await place_stop(alice_client)

        assert placed.body["algoStatus"] == "NEW"
        assert (await alice_client.query("stop", UM_ORDER)).code == -2013
        assert [
            row["clientAlgoId"] for row in (await alice_client.signed("GET", "/fapi/v1/openAlgoOrders")).body
        ] == ["stop"]

    async def test_names_the_order_it_became(self, alice_client: Client) -> None:
        await place(alice_client, quantity="0.1")
        await place_stop(alice_client, reduceOnly="true")

        await alice_client.admin("POST", "price", symbol="BTCUSDT", price="48900")

        algo = (await find_stop(alice_client)).body
        order = (await alice_client.query("stop", UM_ORDER)).body
        assert algo["algoStatus"] == "FINISHED"
        assert algo["actualOrderId"] == str(order["orderId"])
        assert (order["status"], order["origType"]) == ("FILLED", "STOP_MARKET")

    async def test_mark_price_stop_ignores_the_last_price(self, alice_client: Client) -> None:
        await place_stop(alice_client, workingType="MARK_PRICE", stop="49999.9")

        await place(alice_client, quantity="0.01")

        assert (await find_stop(alice_client)).body["algoStatus"] == "NEW"

    async def test_is_canceled_by_client_id(self, alice_client: Client) -> None:
        await place_stop(alice_client)

        reply = await alice_client.signed("DELETE", ALGO, clientAlgoId="stop")

        assert (reply.body["code"], reply.body["msg"]) == ("200", "success")
        assert (await find_stop(alice_client)).body["algoStatus"] == "CANCELED"
        assert (await alice_client.signed("DELETE", ALGO, clientAlgoId="stop")).code == -2011

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"algoType": "VP"}, -1130),
            ({"type": "MARKET"}, -1116),
            ({"stop": "51000"}, -2021),
            ({"stop": "48000.01"}, -1111),
            ({"quantity": None}, -1102),
            ({"closePosition": "true"}, -4137),
            ({"closePosition": "true", "quantity": None, "reduceOnly": "true"}, -1106),
            ({"type": "STOP"}, -1102),
            ({"price": "48000"}, -1106),
            ({"type": "TRAILING_STOP_MARKET", "callbackRate": "20"}, -2007),
            ({"triggerPrice": None}, -1102),
        ],
    )
    async def test_refuses_with_binances_codes(
        self, alice_client: Client, changes: dict[str, Any], code: int
    ) -> None:
        reply = await place_stop(alice_client, **changes)

        assert reply.code == code

    async def test_client_id_may_not_be_used_twice_while_open(self, alice_client: Client) -> None:
        await place_stop(alice_client)

        assert (await place_stop(alice_client)).code == -4116


class TestAccount:
    async def test_shows_margin_and_position(self, alice_client: Client) -> None:
        await place(alice_client, quantity="0.1")

        account = (await alice_client.signed("GET", f"{V3}/account")).body
        risk = (await alice_client.signed("GET", f"{V3}/positionRisk")).body
        balance = (await alice_client.signed("GET", f"{V3}/balance")).body

        assert risk[0]["positionAmt"] == "0.1"
        assert account["positions"][0]["positionAmt"] == "0.1"
        assert account["totalWalletBalance"] == balance[0]["balance"] == "9997.499875"

    async def test_v2_lists_every_symbol_with_its_settings(self, alice_client: Client) -> None:
        await alice_client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=7)

        risk = (await alice_client.signed("GET", "/fapi/v2/positionRisk")).body

        assert [(row["symbol"], row["leverage"], row["positionAmt"]) for row in risk] == [("BTCUSDT", "7", "0")]

    async def test_trades_and_income_tell_the_same_story(self, alice_client: Client) -> None:
        await place(alice_client, quantity="0.1")
        await alice_client.admin("POST", "price", symbol="BTCUSDT", price="51000")
        await place(alice_client, side="SELL", quantity="0.1", reduceOnly="true")

        trades = (await alice_client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body
        income = (await alice_client.signed("GET", "/fapi/v1/income", incomeType="REALIZED_PNL")).body

        assert trades[-1]["realizedPnl"] == income[-1]["income"] == "99.49"


class TestSettings:
    @pytest.mark.parametrize(("leverage", "code"), [("0", -4028), ("126", -4028), ("abc", -4028)])
    async def test_refuse_impossible_leverage(self, alice_client: Client, leverage: str, code: int) -> None:
        reply = await alice_client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=leverage)

        assert reply.code == code

    async def test_margin_type_changes_only_when_flat(self, alice_client: Client) -> None:
        path, params = "/fapi/v1/marginType", {"symbol": "BTCUSDT", "marginType": "ISOLATED"}

        changed = await alice_client.signed("POST", path, **params)
        again = await alice_client.signed("POST", path, **params)
        await place(alice_client)
        held = await alice_client.signed("POST", path, symbol="BTCUSDT", marginType="CROSSED")

        assert (changed.body, again.code, held.code) == ({"code": 200, "msg": "success"}, -4046, -4048)

    async def test_position_mode_changes_only_when_flat(self, alice_client: Client) -> None:
        path = "/fapi/v1/positionSide/dual"
        await place(alice_client, price="49000")

        same = await alice_client.signed("POST", path, dualSidePosition="false")
        held = await alice_client.signed("POST", path, dualSidePosition="true")

        assert (same.code, held.code) == (-4059, -4067)

    async def test_brackets_fit_together(self, alice_client: Client) -> None:
        reply = await alice_client.signed("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT")

        rows = reply.body[0]["brackets"]
        assert [row["notionalFloor"] for row in rows[1:]] == [row["notionalCap"] for row in rows[:-1]]


class TestCountdown:
    async def test_cancels_open_orders_when_nobody_reports(self, alice_client: Client) -> None:
        await place(alice_client, price="49000", newClientOrderId="rests")

        await alice_client.signed("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=10)

        deadline = time.monotonic() + 2
        while (await alice_client.query("rests", UM_ORDER)).body["status"] == "NEW":
            assert time.monotonic() < deadline
