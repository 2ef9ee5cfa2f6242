"""Request weights, order counts, and what happens to those who do not listen."""

from __future__ import annotations

import pytest

from tests.venue.client import UM_ORDER, Client
from venue.limits import Limits, MarketLimits, ThrottledError

NOW = 1_700_000_040_000
MINUTE = 60_000


@pytest.fixture
def spot() -> MarketLimits:
    return Limits(enforced=True).spot


class TestWeight:
    def test_beyond_the_limit_is_429_until_the_minute_is_over(self, spot: MarketLimits) -> None:
        spot.charge("here", 6000, NOW)

        with pytest.raises(ThrottledError) as caught:
            spot.charge("here", 1, NOW + 55_000)

        assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, -1003, 5)
        assert spot.charge("here", 1, NOW + MINUTE) == 1

    def test_is_counted_per_address(self, spot: MarketLimits) -> None:
        spot.charge("here", 6000, NOW)

        assert spot.charge("there", 1, NOW) == 1

    def test_ignoring_429_is_a_ban_that_doubles(self, spot: MarketLimits) -> None:
        spot.patience, spot.ban_ms = 0, 1000
        spot.charge("here", 6000, NOW)

        with pytest.raises(ThrottledError) as first:
            spot.charge("here", 1, NOW)
        with pytest.raises(ThrottledError) as still:
            spot.charge("here", 1, NOW + 999)
        with pytest.raises(ThrottledError) as second:
            spot.charge("here", 1, NOW + 1000)

        assert [error.value.status for error in (first, still, second)] == [418, 418, 418]
        assert spot.bans["here"][0] == NOW + 3000

    def test_switched_off_only_counts(self, spot: MarketLimits) -> None:
        spot.enforced = False

        assert spot.charge("here", 10**6, NOW) == 10**6


class TestOrderCount:
    def test_beyond_the_limit_is_1015(self, spot: MarketLimits) -> None:
        spot.charge_orders("key", 100, NOW)

        with pytest.raises(ThrottledError, match="current limit is 100 orders per 10 SECOND") as caught:
            spot.charge_orders("key", 1, NOW)

        assert (caught.value.status, caught.value.code) == (429, -1015)


class TestHeaders:
    async def test_tell_what_is_used(self, alice_client: Client) -> None:
        await alice_client.signed("GET", "/api/v3/account")

        spot = await alice_client.order()
        usdm = await alice_client.order(path=UM_ORDER)

        assert spot.headers["X-MBX-USED-WEIGHT-1M"] == "21"
        assert spot.headers["X-MBX-ORDER-COUNT-10S"] == "1"
        assert usdm.headers["X-MBX-ORDER-COUNT-1M"] == "1"

    async def test_say_how_long_to_wait(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "limits", market="spot", weight=25)
        await alice_client.signed("GET", "/api/v3/account")

        reply = await alice_client.signed("GET", "/api/v3/account")

        assert (reply.status, reply.code) == (429, -1003)
        assert 1 <= int(reply.headers["Retry-After"]) <= 60

    async def test_open_orders_without_a_symbol_are_dear(self, alice_client: Client) -> None:
        cheap = await alice_client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT")
        dear = await alice_client.signed("GET", "/api/v3/openOrders")

        assert int(cheap.headers["X-MBX-USED-WEIGHT-1M"]) == 6
        assert int(dear.headers["X-MBX-USED-WEIGHT-1M"]) == 86

    async def test_refusals_are_in_the_stats(self, alice_client: Client) -> None:
        await alice_client.admin("POST", "limits", market="spot", weight=1, patience=0)

        reply = await alice_client.signed("GET", "/api/v3/account")

        stats = await alice_client.admin("GET", "stats")
        assert reply.status == 418
        assert stats["limits"]["spot"]["refused"] == {"429": 0, "418": 1}
