"""Keys, permissions, timestamps and signatures over real HTTP."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

from tests.venue.client import ORDER, UM_ORDER, Client
from venue.wire.server import Server
from venue.wire.signing import sign

ACCOUNT = "/api/v3/account"


def now() -> int:
    return int(time.time() * 1000)


class TestKey:
    async def test_is_needed(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", ACCOUNT, headers={})

        assert (reply.status, reply.code) == (401, -2014)

    async def test_must_be_known(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", ACCOUNT, headers={"X-MBX-APIKEY": "a" * 64})

        assert (reply.status, reply.code) == (401, -2015)

    async def test_works_no_more_once_revoked(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "accounts/alice", revoked=True)

        reply = await alice_client.signed("GET", ACCOUNT)

        assert (reply.status, reply.code) == (401, -2015)

    async def test_is_refused_from_another_address(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "accounts/alice", permissions={"ips": ["10.1.2.3"]})

        reply = await alice_client.signed("GET", ACCOUNT)

        assert reply.code == -2015

    @pytest.mark.parametrize(("right", "path"), [("spot", ORDER), ("futures", UM_ORDER)])
    async def test_without_the_right_to_trade_may_only_read(
        self, alice_client: Client, right: str, path: str
    ) -> None:
        await alice_client.admin("POST", "accounts/alice", permissions={right: False})

        order = await alice_client.order(path=path)
        account = await alice_client.signed("GET", ACCOUNT)

        assert (order.status, order.code) == (401, -2015)
        assert account.status == 200

    async def test_restrictions_are_told(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "accounts/alice", permissions={"withdrawals": True})

        reply = await alice_client.signed("GET", "/sapi/v1/account/apiRestrictions")

        assert reply.body["enableWithdrawals"] is True
        assert reply.body["ipRestrict"] is False


class TestSignature:
    async def test_covers_query_and_body_together(self, alice_client: Client) -> None:
        query = urlencode({"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"})
        body = urlencode({"quantity": "0.01", "timestamp": now()})
        body += f"&signature={sign(alice_client.account.secret, query + body)}"

        reply = await alice_client.send("POST", ORDER, query, data=body)

        assert reply.body["status"] == "FILLED"

    async def test_may_stand_in_the_query_of_a_post(self, alice_client: Client) -> None:
        query = urlencode(
            {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01", "timestamp": now()}
        )
        query += f"&signature={sign(alice_client.account.secret, query)}"

        reply = await alice_client.send("POST", ORDER, query)

        assert reply.body["status"] == "FILLED"

    async def test_fails_when_one_byte_differs(self, alice_client: Client) -> None:
        payload = f"timestamp={now()}"
        signature = sign(alice_client.account.secret, payload + "0")

        reply = await alice_client.send("GET", ACCOUNT, f"{payload}&signature={signature}")

        assert (reply.status, reply.code) == (400, -1022)

    async def test_is_mandatory(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", ACCOUNT, f"timestamp={now()}")

        assert reply.code == -1102
        assert "signature" in reply.body["msg"]


class TestTimestamp:
    @pytest.mark.parametrize(
        ("shift_ms", "window", "code"),
        [(-6000, None, -1021), (-6000, 10000, None), (2000, None, -1021), (0, 60001, -1131)],
    )
    async def test_must_lie_in_the_window(
        self, alice_client: Client, shift_ms: int, window: int | None, code: int | None
    ) -> None:
        params = {"timestamp": now() + shift_ms, **({"recvWindow": window} if window else {})}

        reply = await alice_client.signed("GET", ACCOUNT, **params)

        assert reply.code == code

    async def test_is_judged_by_the_skewed_clock(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "clock", skew_ms=10_000)

        reply = await alice_client.signed("GET", ACCOUNT)
        served = await alice_client.send("GET", "/api/v3/time")

        assert reply.code == -1021
        assert served.body["serverTime"] > now() + 9000

    async def test_is_mandatory(self, alice_client: Client) -> None:
        payload = "recvWindow=5000"

        reply = await alice_client.send(
            "GET", ACCOUNT, f"{payload}&signature={sign(alice_client.account.secret, payload)}"
        )

        assert reply.code == -1102


class TestRoutes:
    async def test_unknown_path_is_404(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", "/api/v3/nothing")

        assert reply.status == 404

    async def test_a_name_may_come_once(self, alice_client: Client) -> None:
        reply = await alice_client.send("GET", "/api/v3/depth", "symbol=BTCUSDT&symbol=BTCUSDT")

        assert reply.code == -1101

    async def test_maintenance_answers_503_until_it_is_over(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "maintenance", state="down")
        down = await alice_client.send("GET", "/api/v3/ping")

        await alice_client.admin("POST", "maintenance", state="up")

        assert (down.status, down.code) == (503, -1016)
        assert (await alice_client.send("GET", "/api/v3/ping")).status == 200


class TestLatency:
    async def test_of_an_account_delays_only_that_account(
        self, server: Server, alice_client: Client, bob_client: Client
    ) -> None:
        await alice_client.admin("POST", "accounts/alice", latency_ms=80)

        began = time.monotonic()
        await bob_client.signed("GET", ACCOUNT)
        bobs = time.monotonic() - began
        await alice_client.signed("GET", ACCOUNT)

        assert bobs < 0.08 <= time.monotonic() - began - bobs
