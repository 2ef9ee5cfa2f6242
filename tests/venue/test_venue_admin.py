"""The operator's endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.venue.client import ALGO, UM_ORDER, Client
from tests.venue.makers import make_rules
from venue.config import Config
from venue.state import Venue
from venue.wire.server import Server


class TestPrice:
    async def test_moves_both_markets_or_one(self, alice_client: Client) -> None:
        both = await alice_client.admin("POST", "price", symbol="BTCUSDT", price="51000")
        one = await alice_client.admin("POST", "price", symbol="BTCUSDT", price="52000", market="usdm")

        assert [row["market"] for row in both] == ["spot", "usdm"]
        assert [(row["market"], row["mark"]) for row in one] == [("usdm", "52000")]

    @pytest.mark.parametrize("price", ["0", "-1", "NaN", "abc", "Infinity"])
    async def test_must_be_a_price(self, alice_client: Client, price: str) -> None:
        reply = await alice_client.admin("POST", "price", symbol="BTCUSDT", price=price)

        assert "error" in reply

    async def test_needs_a_listed_symbol(self, alice_client: Client) -> None:
        reply = await alice_client.admin("POST", "price", symbol="NOPE", price="1")

        assert reply == {"error": "NOPE is not listed"}


class TestAccounts:
    async def test_are_created_and_can_trade(self, server: Server, alice_client: Client) -> None:
        row = await alice_client.admin("POST", "accounts", name="carol", spot={"USDT": "5000"})

        async with Client(server.url, server.venue.exchange.accounts["carol"]) as carol:
            reply = await carol.order()

        assert len(row["api_key"]) == 64
        assert reply.body["status"] == "FILLED"

    async def test_names_are_taken_once(self, alice_client: Client) -> None:
        reply = await alice_client.admin("POST", "accounts", name="alice")

        assert "exists already" in reply["error"]

    @pytest.mark.parametrize(
        "body", [{"colour": "red"}, {"permissions": {"fly": True}}, {"fees": {"spot_maker": "much"}}]
    )
    async def test_nonsense_is_refused(self, alice_client: Client, body: dict[str, Any]) -> None:
        reply = await alice_client.admin("POST", "accounts/alice", **body)

        assert "error" in reply or body == {"colour": "red"}

    async def test_new_key_replaces_the_former(self, alice_client: Client) -> None:
        old = alice_client.account.api_key

        row = await alice_client.admin("POST", "accounts/alice", new_key=True)

        reply = await alice_client.send("POST", "/fapi/v1/listenKey", headers={"X-MBX-APIKEY": old})
        assert row["api_key"] != old
        assert reply.code == -2015

    async def test_transfers_move_balances(self, alice_client: Client) -> None:
        asset = {"account": "alice", "asset": "USDT"}

        row = await alice_client.admin("POST", "transfer", market="spot", amount="50", **asset)
        refused = await alice_client.admin("POST", "transfer", market="usdm", amount="-99999999", **asset)

        assert row["spot"]["USDT"]["free"] == "100050"
        assert "to be withdrawn" in refused["error"]

    async def test_unknown_account_is_said(self, alice_client: Client) -> None:
        assert await alice_client.admin("GET", "accounts/nobody") == {"error": "there is no account 'nobody'"}


class TestActing:
    async def test_closes_a_position_by_hand(self, alice_client: Client) -> None:
        await alice_client.order(path=UM_ORDER, quantity="0.1")

        row = await alice_client.admin("POST", "act", account="alice", action="close_position", symbol="BTCUSDT")

        assert (row["status"], row["reduce_only"]) == ("FILLED", True)
        assert await alice_client.admin("GET", "positions") == []

    async def test_cancels_an_order_by_hand(self, alice_client: Client) -> None:
        await alice_client.order(price="49000", newClientOrderId="mine")

        row = await alice_client.admin(
            "POST", "act", account="alice", action="cancel_order", symbol="BTCUSDT", client_order_id="mine"
        )

        assert row["status"] == "CANCELED"

    async def test_cancels_conditionals_too(self, alice_client: Client) -> None:
        stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
        await alice_client.signed("POST", ALGO, **stop, quantity="0.1", triggerPrice="49000", clientAlgoId="stop")

        rows = await alice_client.admin("POST", "act", account="alice", action="cancel_all", symbol="BTCUSDT")

        assert [(row["client_order_id"], row["status"]) for row in rows] == [("stop", "CANCELED")]

    async def test_trades_by_hand(self, alice_client: Client) -> None:
        trade = {"market": "spot", "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.5"}

        row = await alice_client.admin("POST", "act", account="alice", action="order", **trade)

        assert (row["status"], row["executed"]) == ("FILLED", "0.5")


class TestBooks:
    async def test_show_orders_with_their_arrival(self, alice_client: Client, bob_client: Client) -> None:
        await alice_client.order(newClientOrderId="first")
        await bob_client.order(path=UM_ORDER, newClientOrderId="second")

        rows = await alice_client.admin("GET", "orders")
        filtered = await alice_client.admin("GET", "orders?account=bob&market=usdm&symbol=BTCUSDT")
        prefixed = await alice_client.admin("GET", "orders?client_order_id_prefix=fir")

        assert [row["client_order_id"] for row in rows] == ["first", "second"]
        assert rows[0]["arrival_ns"] < rows[1]["arrival_ns"]
        assert [row["client_order_id"] for row in filtered] == ["second"]
        assert [row["client_order_id"] for row in prefixed] == ["first"]

    async def test_balances_and_fees_sum_to_what_was_there(self, alice_client: Client) -> None:
        before = (await alice_client.admin("GET", "balances?totals=true"))["totals"]

        await alice_client.order(quantity="0.5")
        await alice_client.order(path=UM_ORDER, quantity="0.1")

        assert (await alice_client.admin("GET", "balances?totals=true"))["totals"] == before

    async def test_stats_count_requests_and_processor_time(self, alice_client: Client) -> None:
        await alice_client.order(newClientOrderId="mine")
        await alice_client.query("nothing")

        stats = await alice_client.admin("GET", "stats?arrivals=true")

        assert stats["by_endpoint"] == {"POST /api/v3/order": 1, "GET /api/v3/order": 1}
        assert stats["by_error"] == {"-2013": 1}
        assert stats["cpu_us_per_request"] > 0
        assert [row["client_order_id"] for row in stats["arrivals"]] == ["mine"]


class TestSymbols:
    async def test_change_while_running(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "symbols", symbol="BTCUSDT", market="spot", min_notional="900")

        assert (await alice_client.order()).body["msg"] == "Filter failure: NOTIONAL"

    async def test_unknown_rule_is_refused(self, alice_client: Client) -> None:
        reply = await alice_client.admin("POST", "symbols", symbol="BTCUSDT", colour="red")

        assert "not ['colour']" in reply["error"]


class TestDriver:
    async def test_walk_is_the_same_for_the_same_seed(self) -> None:
        def walk(seed: int) -> list[str]:
            venue = Venue(Config(rules=make_rules(), driver="walk", seed=seed))
            steps = [venue.driver.step() for _ in range(5)]
            return [str(steps), str(venue.exchange.spot.listings["BTCUSDT"].mark)]

        assert walk(7) == walk(7) != walk(8)

    async def test_is_paused_stepped_and_sped_up(self, alice_client: Client) -> None:
        paused = await alice_client.admin("POST", "driver", action="pause", speed=10)
        wrong = await alice_client.admin("POST", "driver", speed=0)

        assert (paused["paused"], paused["speed"]) == (True, 10)
        assert "must be positive" in wrong["error"]


class TestReset:
    async def test_begins_again(self, alice_client: Client) -> None:
        await alice_client.order(newClientOrderId="mine")
        await alice_client.fault("busy", times=None)
        await alice_client.admin("POST", "clock", skew_ms=5000)

        await alice_client.admin("POST", "reset")

        assert await alice_client.admin("GET", "orders") == []
        assert await alice_client.admin("GET", "faults") == []
        assert (await alice_client.order()).body["status"] == "FILLED"


class TestAway:
    async def test_connections_can_be_cut_without_refusing_new_ones(
        self, server: Server, alice_client: Client
    ) -> None:
        async with alice_client.socket("/ws", "stream.binance.com") as socket:
            await alice_client.admin("POST", "away", seconds=0, listener=False)

            message = await socket.receive(timeout=3)

        assert message.data is None or message.extra is None or message.type.name in ("CLOSED", "CLOSE")
        assert (await alice_client.send("GET", "/api/v3/ping")).status == 200


class TestDoor:
    async def test_opens_with_the_token_only_when_there_is_one(self, server: Server, alice_client: Client) -> None:
        server.venue.config.admin_token = "open sesame"

        refused = await alice_client.send("GET", "/admin/stats", headers={})
        allowed = await alice_client.send("GET", "/admin/stats", headers={"X-Admin-Token": "open sesame"})

        assert (refused.status, allowed.status) == (403, 200)

    async def test_unknown_endpoint_lists_the_known(self, alice_client: Client) -> None:
        reply = await alice_client.admin("GET", "nothing")

        assert "POST /admin/faults" in reply["error"]
