"""An order that was held up on its way out does not leave late."""

from datetime import timedelta

import pytest

from connections import budget
from connections.adapters.ccxt.exchanges import LONGEST_TURN, bare_copy
from connections.adapters.ccxt.library import ccxt
from connections.contract import AccountAccess, Environment, MarketType
from connections.errors import NotSent
from core.clock import now
from core.loop import background
from tests.venue_process import RunningVenue


async def send(url: str, *, late: timedelta) -> None:
    budget.leave_by.set(now() - late)
    access = AccountAccess("binance", MarketType.SPOT, Environment.REHEARSAL, base_url=url)
    await bare_copy(access).fetch("https://api.binance.com/api/v3/order", "POST")


class TestFetch:
    def test_sends_nothing_after_the_longest_wait_for_a_turn(self, venue: RunningVenue) -> None:
        with pytest.raises(NotSent) as refused:
            background.run(send(venue.url, late=LONGEST_TURN + timedelta(seconds=1)), timeout_s=5)

        assert refused.value.code == "WAITED_HERE"
        assert venue.admin.requests().get("POST /api/v3/order", 0) == 0

    def test_sends_what_waited_for_its_turn(self, venue: RunningVenue) -> None:
        with pytest.raises(ccxt.BaseError):  # it is no order, but it has left
            background.run(send(venue.url, late=LONGEST_TURN - timedelta(seconds=2)), timeout_s=5)

        assert venue.admin.requests()["POST /api/v3/order"] == 1
