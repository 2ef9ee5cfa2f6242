"""Faults that spoil the answer; each is looked for on the wire and in the venue's own books."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest

from tests.venue.client import ORDER, Client
from venue.wire.server import Server

POSTS = {"method": "POST", "path": ORDER}


async def known(client: Client, name: str = "mine") -> int:
    """This function will count the venue's orders of a name."""
    return len(await client.admin("GET", f"orders?client_order_id={name}"))


class TestConnection:
    @pytest.mark.parametrize(("processed", "orders"), [(True, 1), (False, 0)])
    async def test_reset_is_a_reset(self, alice_client: Client, processed: bool, orders: int) -> None:
        await alice_client.fault("reset", POSTS, processed=processed)

        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await alice_client.order(newClientOrderId="mine")

        assert await known(alice_client) == orders

    @pytest.mark.parametrize(("processed", "orders"), [(True, 1), (False, 0)])
    async def test_silence_lasts_until_the_client_gives_up(
        self, alice_client: Client, processed: bool, orders: int
    ) -> None:
        await alice_client.fault("silence", POSTS, processed=processed)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(alice_client.order(newClientOrderId="mine"), 0.2)

        assert await known(alice_client) == orders

    @pytest.mark.parametrize("before", [True, False])
    async def test_late_answers_come_late(self, alice_client: Client, before: bool) -> None:
        await alice_client.fault("late", POSTS, ms=150, before=before)
        began = time.monotonic()

        pending = asyncio.ensure_future(alice_client.order(newClientOrderId="mine"))
        await asyncio.sleep(0.08)
        known_early = await known(alice_client)
        reply = await pending

        assert time.monotonic() - began >= 0.15
        assert known_early == (0 if before else 1)
        assert reply.body["status"] == "FILLED"

    async def test_away_cuts_and_refuses_and_comes_back(self, server: Server, alice_client: Client) -> None:
        await alice_client.fault("away", POSTS, seconds=0.3)

        with pytest.raises(aiohttp.ClientError):
            await alice_client.order(newClientOrderId="mine")
        with pytest.raises(aiohttp.ClientConnectorError):
            await alice_client.send("GET", "/api/v3/ping")
        await asyncio.sleep(0.4)

        assert (await alice_client.send("GET", "/api/v3/ping")).status == 200
        assert await known(alice_client) == 1

    async def test_drip_sends_the_body_in_drops(self, alice_client: Client) -> None:
        await alice_client.fault("drip", POSTS, ms=10, bytes=50)
        began = time.monotonic()

        reply = await alice_client.order()

        assert time.monotonic() - began >= 0.1
        assert reply.body["status"] == "FILLED"


class TestStatus:
    @pytest.mark.parametrize(
        ("code", "status", "said"), [(0, 503, -1000), (-1006, 500, -1006), (-1007, 408, -1007)]
    )
    @pytest.mark.parametrize(("processed", "orders"), [(True, 1), (False, 0)])
    async def test_unknown_execution(
        self, alice_client: Client, code: int, status: int, said: int, processed: bool, orders: int
    ) -> None:
        await alice_client.fault("unknown", POSTS, code=code, processed=processed)

        reply = await alice_client.order(newClientOrderId="mine")

        assert (reply.status, reply.code) == (status, said)
        assert await known(alice_client) == orders

    async def test_unknown_execution_says_what_binance_says(self, alice_client: Client) -> None:
        await alice_client.fault("unknown", POSTS)

        reply = await alice_client.order()

        assert reply.body["msg"] == "Unknown error, please check your request or try again later."

    @pytest.mark.parametrize("status", [500, 502, 504, 520, 523, 524])
    async def test_storm_of_any_status(self, alice_client: Client, status: int) -> None:
        await alice_client.fault("status", {"path": "/api/v3/*"}, status=status, times=2)

        replies = [await alice_client.send("GET", "/api/v3/ping") for _ in range(3)]

        assert [reply.status for reply in replies] == [status, status, 200]
        assert b"<html>" in replies[0].body

    async def test_redirect(self, alice_client: Client) -> None:
        await alice_client.fault("redirect", POSTS, location="https://elsewhere.example/")

        reply = await alice_client.order(newClientOrderId="mine")

        assert (reply.status, reply.headers["Location"]) == (302, "https://elsewhere.example/")
        assert await known(alice_client) == 0

    @pytest.mark.parametrize("status", [429, 418])
    async def test_throttle_names_the_wait(self, alice_client: Client, status: int) -> None:
        await alice_client.fault("throttle", POSTS, status=status, retry_after=7)

        reply = await alice_client.order(newClientOrderId="mine")

        assert (reply.status, reply.code, reply.headers["Retry-After"]) == (status, -1003, "7")
        assert await known(alice_client) == 0

    async def test_reject_with_any_code(self, alice_client: Client) -> None:
        await alice_client.fault("reject", POSTS, code=-2019, msg="Margin is insufficient.")

        reply = await alice_client.order(newClientOrderId="mine")

        assert reply.body == {"code": -2019, "msg": "Margin is insufficient."}
        assert await known(alice_client) == 0

    async def test_busy(self, alice_client: Client) -> None:
        await alice_client.fault("busy", POSTS)

        reply = await alice_client.order()

        assert (reply.status, reply.code) == (503, -1008)

    async def test_skew_spoils_the_timestamp(self, alice_client: Client) -> None:
        await alice_client.fault("skew", POSTS, ms=60_000)

        assert (await alice_client.order()).code == -1021


class TestGarbage:
    @pytest.mark.parametrize("body", ["garbage", "truncated", "empty", "html", "object"])
    @pytest.mark.parametrize(("processed", "orders"), [(True, 1), (False, 0)])
    async def test_comes_with_status_200(
        self, alice_client: Client, body: str, processed: bool, orders: int
    ) -> None:
        await alice_client.fault("garbage", POSTS, body=body, processed=processed)

        reply = await alice_client.order(newClientOrderId="mine")

        assert reply.status == 200
        assert not _is_an_order(reply.body)
        assert await known(alice_client) == orders


def _is_an_order(body: Any) -> bool:
    return isinstance(body, dict) and "orderId" in body


class TestRules:
    async def test_do_their_harm_as_often_as_asked(self, alice_client: Client) -> None:
        await alice_client.fault("reject", POSTS, after=1, times=2, code=-1, msg="no")

        codes = [(await alice_client.order()).code for _ in range(5)]

        assert codes == [None, -1, -1, None, None]

    async def test_by_chance_are_the_same_for_the_same_seed(self, alice_client: Client) -> None:
        async def draw() -> list[int | None]:
            rule = {"code": -1, "msg": "no", "times": None, "probability": 0.5, "seed": 3}
            await alice_client.fault("reject", POSTS, **rule)
            codes = [(await alice_client.order(quantity="0.001")).code for _ in range(10)]
            await alice_client.admin("DELETE", "faults")
            return codes

        first, second = await draw(), await draw()

        assert first == second
        assert set(first) == {None, -1}

    @pytest.mark.parametrize(
        "match",
        [
            {"account": "alice"},
            {"side": "BUY", "type": "MARKET", "symbol": "BTCUSDT", "market": "spot"},
            {"client_order_id": "mine"},
            {"client_order_id_prefix": "mi"},
            {"client_order_id_regex": "^m.n"},
            {"path": "/api/*", "reduce_only": False},
        ],
    )
    async def test_hit_what_they_match(self, alice_client: Client, match: dict[str, Any]) -> None:
        await alice_client.fault("reject", match, code=-1, msg="no")

        assert (await alice_client.order(newClientOrderId="mine")).code == -1

    @pytest.mark.parametrize(
        "match",
        [
            {"account": "bob"},
            {"side": "SELL"},
            {"client_order_id_prefix": "yours"},
            {"reduce_only": True},
            {"method": "GET"},
            {"market": "usdm"},
        ],
    )
    async def test_leave_all_else_alone(self, alice_client: Client, match: dict[str, Any]) -> None:
        await alice_client.fault("reject", match, code=-1, msg="no")

        assert (await alice_client.order(newClientOrderId="mine")).status == 200

    async def test_count_their_hits(self, alice_client: Client) -> None:
        rule = await alice_client.fault("late", POSTS, ms=1, times=None)
        await alice_client.order()

        listed = await alice_client.admin("GET", "faults")
        removed = await alice_client.admin("DELETE", f"faults/{rule['id']}")

        assert (listed[0]["hits"], removed) == (1, {"removed": 1})

    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ({"fault": {"kind": "nonsense"}}, "must be one of"),
            ({"fault": {"kind": "late", "hours": 1}}, "knows ['before', 'ms']"),
            ({"match": {"colour": "red"}, "fault": {"kind": "late"}}, "not ['colour']"),
            ({"fault": {"kind": "garbage", "body": "poem"}}, "must be one of"),
            ({"fault": {"kind": "late"}, "often": True}, "not ['often']"),
        ],
    )
    async def test_that_make_no_sense_are_refused(
        self, alice_client: Client, rule: dict[str, Any], words: str
    ) -> None:
        reply = await alice_client.admin("POST", "faults", **rule)

        assert words in json.dumps(reply)
