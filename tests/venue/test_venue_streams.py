"""WebSocket streams: public data, private reports, and the faults that disturb them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from tests.venue.client import ALGO, UM_ORDER, Client
from venue.wire.signing import sign

SPOT, USDM = "stream.binance.com", "fstream.binance.com"
API, UM_API = "ws-api.binance.com", "ws-fapi.binance.com"


@asynccontextmanager
async def subscribed(client: Client, host: str, *names: str, path: str = "/ws") -> AsyncIterator[Any]:
    async with client.socket(path, host) as socket:
        await socket.send_json({"method": "SUBSCRIBE", "params": list(names), "id": 1})
        yield socket


async def event(socket: Any, kind: str | None = None) -> Any:
    """This function will read until an event of a kind comes, or one with a symbol but no kind."""
    async with asyncio.timeout(3):
        while True:
            message = await socket.receive_json()
            body = message.get("data", message) if isinstance(message, dict) else message[0]
            if isinstance(body, dict) and (body.get("e") == kind if kind else "s" in body and "e" not in body):
                return message


@asynccontextmanager
async def spot_reports(client: Client) -> AsyncIterator[Any]:
    """This function will follow the account as ccxt does: signed, over the WebSocket API."""
    async with client.socket("/ws-api/v3", API) as socket:
        params = {"apiKey": client.account.api_key, "timestamp": int(time.time() * 1000)}
        payload = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
        signed = params | {"signature": sign(client.account.secret, payload)}
        await socket.send_json({"id": 1, "method": "userDataStream.subscribe.signature", "params": signed})
        assert (await socket.receive_json())["result"] == {"subscriptionId": 0}
        yield socket


@asynccontextmanager
async def usdm_reports(client: Client) -> AsyncIterator[Any]:
    key = (await client.send("POST", "/fapi/v1/listenKey")).body["listenKey"]
    async with client.socket(f"/private/ws?listenKey={key}", USDM) as socket:
        yield socket


async def executions(socket: Any, count: int) -> list[str]:
    """This function will read order reports and say what each reports."""
    found: list[str] = []
    async with asyncio.timeout(3):
        while len(found) < count:
            message = await socket.receive_json()
            body = message.get("event", message)
            body = body["o"] if body["e"] == "ORDER_TRADE_UPDATE" else body
            found += [body["x"]] if "x" in body else []
    return found


class TestPublicStreams:
    @pytest.mark.parametrize(("host", "bid"), [(SPOT, "49997.50000000"), (USDM, "49997.5")])
    async def test_book_ticker_greets_and_follows(self, alice_client: Client, host: str, bid: str) -> None:
        kind = None if host == SPOT else "bookTicker"
        async with subscribed(alice_client, host, "btcusdt@bookTicker") as socket:
            first = await event(socket, kind)
            await alice_client.admin("POST", "price", symbol="BTCUSDT", price="51000")
            second = await event(socket, kind)

        assert first["b"] == bid
        assert float(second["b"]) > 50990

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("btcusdt@trade", "trade"),
            ("btcusdt@aggTrade", "aggTrade"),
            ("btcusdt@ticker", "24hrTicker"),
            ("btcusdt@miniTicker", "24hrMiniTicker"),
            ("!miniTicker@arr", "24hrMiniTicker"),
            ("btcusdt@kline_1m", "kline"),
            ("btcusdt@depth@100ms", "depthUpdate"),
        ],
    )
    @pytest.mark.parametrize("host", [SPOT, USDM])
    async def test_each_kind_arrives(self, alice_client: Client, host: str, name: str, kind: str) -> None:
        async with subscribed(alice_client, host, name) as socket:
            await asyncio.sleep(0.05)
            await alice_client.admin("POST", "price", symbol="BTCUSDT", price="51000")

            message = await event(socket, kind)

        assert message

    async def test_mark_price_is_told(self, alice_client: Client) -> None:
        async with subscribed(alice_client, USDM, "btcusdt@markPrice@1s", path="/market/ws") as socket:
            message = await event(socket, "markPriceUpdate")

        assert message["p"] == "50000"

    async def test_partial_depth_shows_the_top(self, alice_client: Client) -> None:
        async with subscribed(alice_client, SPOT, "btcusdt@depth5") as socket:
            async with asyncio.timeout(3):
                await socket.receive_json()
                message = await socket.receive_json()

        assert len(message["bids"]) == 5

    async def test_depth_changes_follow_one_another(self, alice_client: Client) -> None:
        async with subscribed(alice_client, SPOT, "btcusdt@depth@100ms") as socket:
            first = await event(socket, "depthUpdate")
            await alice_client.order(price="49000")
            second = await event(socket, "depthUpdate")

        assert second["U"] == first["u"] + 1
        assert ["49000.00000000", "0.01000000"] in second["b"]

    async def test_combined_streams_name_their_stream(self, alice_client: Client) -> None:
        path = "/stream?streams=btcusdt@bookTicker/bnbusdt@bookTicker"
        async with alice_client.socket(path, SPOT) as socket:
            first, second = await event(socket), await event(socket)

        assert {first["stream"], second["stream"]} == {"btcusdt@bookTicker", "bnbusdt@bookTicker"}

    async def test_prefix_tells_the_market_without_a_host(self, alice_client: Client) -> None:
        async with subscribed(alice_client, "127.0.0.1", "btcusdt@bookTicker", path="/fapi/ws") as socket:
            assert (await event(socket, "bookTicker"))["s"] == "BTCUSDT"

    async def test_unsubscribed_stream_is_silent(self, alice_client: Client) -> None:
        async with subscribed(alice_client, SPOT, "btcusdt@trade") as socket:
            await socket.send_json({"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 2})
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 3})
            async with asyncio.timeout(3):
                answers = [await socket.receive_json() for _ in range(3)]

        assert answers[-1] == {"result": [], "id": 3}


class TestSpotReports:
    async def test_tell_the_life_of_an_order(self, alice_client: Client) -> None:
        async with spot_reports(alice_client) as socket:
            await alice_client.order(price="49000", newClientOrderId="mine")
            await alice_client.cancel("mine")
            await alice_client.order()

            told = await executions(socket, 4)

        assert told == ["NEW", "CANCELED", "NEW", "TRADE"]

    async def test_carry_balances(self, alice_client: Client) -> None:
        async with spot_reports(alice_client) as socket:
            await alice_client.order(price="49000", quantity="0.1")
            async with asyncio.timeout(3):
                message = (await socket.receive_json())["event"]

        usdt = next(row for row in message["B"] if row["a"] == "USDT")
        assert (message["e"], usdt["l"]) == ("outboundAccountPosition", "4900.00000000")

    async def test_are_private(self, alice_client: Client, bob_client: Client) -> None:
        async with spot_reports(bob_client) as socket:
            await alice_client.order()
            await bob_client.order(newClientOrderId="bobs")
            async with asyncio.timeout(3):
                names = [(await socket.receive_json())["event"].get("c") for _ in range(3)]

        assert set(names) <= {"bobs", None}

    async def test_need_a_signature(self, alice_client: Client) -> None:
        async with alice_client.socket("/ws-api/v3", API) as socket:
            params = {"apiKey": alice_client.account.api_key, "timestamp": int(time.time() * 1000)}
            wrong = params | {"signature": "0" * 64}
            await socket.send_json({"id": 1, "method": "userDataStream.subscribe.signature", "params": wrong})

            reply = await socket.receive_json()

        assert (reply["status"], reply["error"]["code"]) == (400, -1022)

    async def test_come_by_listen_key_too(self, alice_client: Client) -> None:
        key = (await alice_client.send("POST", "/api/v3/userDataStream")).body["listenKey"]
        async with alice_client.socket(f"/ws/{key}", SPOT) as socket:
            await alice_client.order()

            assert await executions(socket, 2) == ["NEW", "TRADE"]


class TestUsdmReports:
    async def test_tell_orders_and_positions(self, alice_client: Client) -> None:
        async with usdm_reports(alice_client) as socket:
            await alice_client.order(path=UM_ORDER, quantity="0.1")
            update = await event(socket, "ACCOUNT_UPDATE")

        assert update["a"]["P"][0]["pa"] == "0.1"
        assert update["a"]["B"][0]["wb"] == "9997.499875"

    async def test_order_comes_before_the_conditional_that_made_it(self, alice_client: Client) -> None:
        stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
        async with usdm_reports(alice_client) as socket:
            await alice_client.order(path=UM_ORDER, quantity="0.1")
            await alice_client.signed(
                "POST", ALGO, **stop, quantity="0.1", triggerPrice="49000", clientAlgoId="stop"
            )
            await alice_client.admin("POST", "price", symbol="BTCUSDT", price="48000")
            told: list[tuple[str, str]] = []
            async with asyncio.timeout(3):
                while ("ALGO_UPDATE", "FINISHED") not in told:
                    message = await socket.receive_json()
                    told.append((message["e"], message.get("o", {}).get("X", "")))

        ours = [row for row in told if row[0] == "ALGO_UPDATE" or row[1] == "FILLED"][1:]
        assert ours == [
            ("ALGO_UPDATE", "NEW"),
            ("ALGO_UPDATE", "TRIGGERING"),
            ("ORDER_TRADE_UPDATE", "FILLED"),
            ("ALGO_UPDATE", "TRIGGERED"),
            ("ALGO_UPDATE", "FINISHED"),
        ]

    async def test_expired_key_says_so(self, alice_client: Client) -> None:
        async with usdm_reports(alice_client) as socket:
            await alice_client.admin("POST", "accounts/alice", expire_listen_keys=True)

            message = await event(socket, "listenKeyExpired")

        assert message["e"] == "listenKeyExpired"

    async def test_key_is_the_same_until_it_is_closed(self, alice_client: Client) -> None:
        path = "/fapi/v1/listenKey"
        first = (await alice_client.send("POST", path)).body
        again = (await alice_client.send("POST", path)).body
        await alice_client.send("DELETE", path)

        assert first == again
        assert (await alice_client.send("PUT", path)).code == -1125


class TestStreamFaults:
    async def test_fill_is_reported_twice(self, alice_client: Client) -> None:
        await alice_client.fault("duplicate_fill", {"method": "POST"})
        async with spot_reports(alice_client) as socket:
            await alice_client.order()

            assert await executions(socket, 3) == ["NEW", "TRADE", "TRADE"]

    @pytest.mark.parametrize(("reports", "path"), [(spot_reports, "/api/v3/order"), (usdm_reports, UM_ORDER)])
    async def test_fill_is_reported_before_the_order_and_the_answer(
        self, alice_client: Client, reports: Any, path: str
    ) -> None:
        await alice_client.fault("fills_first", {"path": path}, ms=150)
        async with reports(alice_client) as socket:
            pending = asyncio.ensure_future(alice_client.order(path=path))

            told = await executions(socket, 2)
            answered = pending.done()
            await pending

        assert told == ["TRADE", "NEW"]
        assert not answered

    async def test_fills_come_out_of_order(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "symbols", symbol="BTCUSDT", market="spot", level_notional="1000")
        await alice_client.fault("events", {"method": "POST"}, order="reverse")
        async with spot_reports(alice_client) as socket:
            await alice_client.order(quantity="0.05")

            told = await executions(socket, 4)

        assert told == ["TRADE", "TRADE", "TRADE", "NEW"]

    async def test_reports_are_lost_or_late(self, alice_client: Client) -> None:
        await alice_client.fault("events", {"client_order_id": "lost"}, drop=True)
        await alice_client.fault("events", {"client_order_id": "late"}, delay_ms=60)
        async with spot_reports(alice_client) as socket:
            await alice_client.order(newClientOrderId="lost")
            await alice_client.order(newClientOrderId="late")
            await alice_client.order(newClientOrderId="prompt")
            names: list[str] = []
            async with asyncio.timeout(3):
                while len(names) < 4:
                    body = (await socket.receive_json())["event"]
                    names += [body["c"]] if "c" in body else []

        assert names == ["prompt", "prompt", "late", "late"]

    async def test_forgotten_order_is_not_reported(self, alice_client: Client) -> None:
        await alice_client.fault("forget", {"client_order_id": "forgotten"}, effect=True)
        async with spot_reports(alice_client) as socket:
            await alice_client.order(newClientOrderId="forgotten")
            await alice_client.order(newClientOrderId="known")
            names: set[str] = set()
            async with asyncio.timeout(3):
                while "known" not in names:
                    body = (await socket.receive_json())["event"]
                    names |= {body["c"]} if "c" in body else set()

        assert names == {"known"}


class TestLife:
    async def test_listeners_follow_their_account_through_a_reset(self, alice_client: Client) -> None:
        async with spot_reports(alice_client) as socket:
            await alice_client.admin("POST", "reset")
            await alice_client.order()

            assert await executions(socket, 2) == ["NEW", "TRADE"]

    async def test_maintenance_refuses_new_connections(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "maintenance", state="down")

        with pytest.raises(WSServerHandshakeError) as caught:
            async with alice_client.socket("/ws", SPOT):
                pass

        assert caught.value.status == 503

    @pytest.mark.parametrize("text", ["not json", "[1]", '{"method": "DANCE", "id": 1}'])
    async def test_nonsense_is_answered_and_survived(self, alice_client: Client, text: str) -> None:
        async with alice_client.socket("/ws", SPOT) as socket:
            await socket.send_str(text)
            refused = await socket.receive_json()
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 2})

            assert "error" in refused
            assert await socket.receive_json() == {"result": [], "id": 2}


class TestWebSocketApi:
    async def test_places_orders(self, alice_client: Client) -> None:
        params: dict[str, Any] = {
            "apiKey": alice_client.account.api_key,
            "timestamp": int(time.time() * 1000),
            "symbol": "BTCUSDT",
            "side": "BUY",
            "type": "MARKET",
            "quantity": "0.01",
        }
        payload = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
        params["signature"] = sign(alice_client.account.secret, payload)
        async with alice_client.socket("/ws-api/v3", API) as socket:
            await socket.send_json({"id": "a", "method": "order.place", "params": params})

            reply = await socket.receive_json()

        assert (reply["status"], reply["result"]["status"]) == (200, "FILLED")

    async def test_says_what_it_does_not_know(self, alice_client: Client) -> None:
        async with alice_client.socket("/ws-fapi/v1", UM_API) as socket:
            await socket.send_json({"id": 1, "method": "session.logon", "params": {}})

            reply = await socket.receive_json()

        assert reply["error"]["code"] == -1020
