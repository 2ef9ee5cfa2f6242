"""Faults that happen to orders, reports and snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.venue.client import ALGO, ORDER, UM_ORDER, Client

POSTS = {"method": "POST"}
DELETES = {"method": "DELETE"}
TRADES = {ORDER: "/api/v3/myTrades", UM_ORDER: "/fapi/v1/userTrades"}
both_markets = pytest.mark.parametrize("path", [ORDER, UM_ORDER])


async def eventually(read: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """This function will wait until something reads as wanted."""
    async with asyncio.timeout(3):
        while await read() != wanted:  # noqa: ASYNC110 (what is read changes at the venue, over HTTP)
            await asyncio.sleep(0.005)


def status_of(client: Client, name: str, path: str) -> Callable[[], Awaitable[tuple[str, float]]]:
    async def read() -> tuple[str, float]:
        body = (await client.query(name, path)).body
        return body["status"], float(body["executedQty"])

    return read


class TestExecution:
    @both_markets
    async def test_market_order_expires_partly_filled(self, alice_client: Client, path: str) -> None:
        await alice_client.fault("partial", POSTS, share="0.4")

        await alice_client.order(path=path, quantity="0.1", newClientOrderId="mine")

        assert await status_of(alice_client, "mine", path)() == ("EXPIRED", 0.04)

    @both_markets
    async def test_entry_fills_in_pieces(self, alice_client: Client, path: str) -> None:
        await alice_client.fault("pieces", POSTS, count=4, ms=15)

        await alice_client.order(path=path, quantity="0.1", price="50100", newClientOrderId="mine")
        first = await status_of(alice_client, "mine", path)()
        await eventually(status_of(alice_client, "mine", path), ("FILLED", 0.1))

        trades = await alice_client.signed("GET", TRADES[path], symbol="BTCUSDT")
        assert first == ("PARTIALLY_FILLED", 0.025)
        assert len(trades.body) == 4

    @both_markets
    async def test_fill_after_the_cancel(self, alice_client: Client, path: str) -> None:
        await alice_client.order(path=path, quantity="0.1", price="49000", newClientOrderId="mine")
        await alice_client.fault("late_fill", DELETES, ms=10, share="0.5")

        canceled = await alice_client.cancel("mine", path)

        assert canceled.body["status"] == "CANCELED"
        await eventually(status_of(alice_client, "mine", path), ("CANCELED", 0.05))

    @both_markets
    async def test_cancel_is_refused_because_the_order_filled(self, alice_client: Client, path: str) -> None:
        await alice_client.order(path=path, quantity="0.1", price="49000", newClientOrderId="mine")
        await alice_client.fault("race_fill", DELETES)

        canceled = await alice_client.cancel("mine", path)

        assert canceled.code == -2011
        assert await status_of(alice_client, "mine", path)() == ("FILLED", 0.1)

    async def test_cancel_of_a_conditional_loses_the_race_too(self, alice_client: Client) -> None:
        await alice_client.order(path=UM_ORDER, quantity="0.1")
        stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
        await alice_client.signed("POST", ALGO, **stop, quantity="0.1", triggerPrice="49000", clientAlgoId="stop")
        await alice_client.fault("race_fill", DELETES)

        canceled = await alice_client.signed("DELETE", ALGO, clientAlgoId="stop")

        algo = await alice_client.signed("GET", ALGO, clientAlgoId="stop")
        assert (canceled.code, algo.body["algoStatus"]) == (-2011, "FINISHED")


class TestMemory:
    @both_markets
    async def test_forgotten_order_took_effect_but_is_nowhere(self, alice_client: Client, path: str) -> None:
        await alice_client.fault("forget", POSTS, effect=True)

        placed = await alice_client.order(path=path, newClientOrderId="mine")

        trades = await alice_client.signed("GET", TRADES[path], symbol="BTCUSDT")
        every = await alice_client.signed("GET", path.replace("order", "allOrders"), symbol="BTCUSDT")
        assert placed.status == 200
        assert (await alice_client.query("mine", path)).code == -2013
        assert (trades.body, every.body) == ([], [])
        assert (await alice_client.admin("GET", "orders"))[0]["executed"] == "0.01"

    @both_markets
    async def test_forgotten_order_without_effect_never_was(self, alice_client: Client, path: str) -> None:
        await alice_client.fault("forget", POSTS, effect=False)

        placed = await alice_client.order(path=path, newClientOrderId="mine", newOrderRespType="RESULT")

        assert placed.body["status"] == "NEW"
        assert (await alice_client.query("mine", path)).code == -2013
        assert await alice_client.admin("GET", "orders") == []

    @both_markets
    async def test_order_is_found_only_after_a_while(self, alice_client: Client, path: str) -> None:
        await alice_client.fault("hide", POSTS, ms=60)

        await alice_client.order(path=path, newClientOrderId="mine")
        at_once = await alice_client.query("mine", path)

        async def found() -> int:
            return (await alice_client.query("mine", path)).status

        assert at_once.code == -2013
        await eventually(found, 200)

    @both_markets
    async def test_fill_is_listed_twice(self, alice_client: Client, path: str) -> None:
        await alice_client.fault("duplicate_fill", POSTS)

        await alice_client.order(path=path, newClientOrderId="mine")

        trades = (await alice_client.signed("GET", TRADES[path], symbol="BTCUSDT")).body
        assert trades[0] == trades[1]
        assert len(await alice_client.admin("GET", "fills")) == 1

    @pytest.mark.parametrize(("effect", "orders"), [(True, 2), (False, 0)])
    async def test_forgotten_pair_is_nowhere(self, alice_client: Client, effect: bool, orders: int) -> None:
        pair = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER"}
        pair |= {"abovePrice": "52000", "belowType": "STOP_LOSS", "belowStopPrice": "48000"}
        await alice_client.fault("forget", POSTS, effect=effect)

        placed = await alice_client.signed("POST", "/api/v3/orderList/oco", **pair)

        assert placed.body["listOrderStatus"] == "EXECUTING"
        assert (await alice_client.signed("GET", "/api/v3/openOrders")).body == []
        assert len(await alice_client.admin("GET", "orders?open=true")) == orders


class TestStale:
    @pytest.mark.parametrize(
        "path", ["/api/v3/account", "/api/v3/openOrders", "/fapi/v3/positionRisk", "/fapi/v3/balance"]
    )
    async def test_snapshots_stand_still_until_they_thaw(self, alice_client: Client, path: str) -> None:
        before = (await alice_client.signed("GET", path)).body
        await alice_client.fault("stale", {"account": "alice"}, seconds=0.2, times=None)

        await alice_client.order(price="49000")
        await alice_client.order(path=UM_ORDER, quantity="0.1")

        async def is_fresh() -> bool:
            return bool((await alice_client.signed("GET", path)).body != before)

        assert not await is_fresh()
        await eventually(is_fresh, True)

    async def test_others_see_the_truth(self, alice_client: Client, bob_client: Client) -> None:
        await alice_client.fault("stale", {"account": "alice"}, times=None)

        await bob_client.order(price="49000")

        assert len((await bob_client.signed("GET", "/api/v3/openOrders")).body) == 1
