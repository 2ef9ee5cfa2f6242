"""The request budget that all accounts of a venue share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from connections.budget import LONGEST_WAIT_S, SHARES, Budget, Priority, priority
from connections.errors import Throttled

VENUE = "ccxt:binance:SPOT:LIVE:"
START = 1_795_262_400.0  # a whole minute

Make = Callable[[str], Budget]


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


async def spent(budget: Budget, units: float, who: Priority, *, per_minute: float = 100) -> float:
    """Spend one unit at a time, as far as it goes without waiting, and return how far that was."""
    priority.set(who)
    for number in range(int(units)):
        if await budget._try(VENUE, 1, per_minute, who) > 0:
            return number
    return units


@pytest.fixture
async def make_budget(time: Time) -> AsyncIterator[Callable[[str], Budget]]:
    made: list[Budget] = []

    def make(url: str) -> Budget:
        made.append(Budget(url, clock=time))
        return made[-1]

    yield make
    for budget in made:
        await budget.close()


@pytest.fixture(params=["shared", "alone"])
def url(request: pytest.FixtureRequest, cache_url: str) -> str:
    return cache_url if request.param == "shared" else ""


class TestBudget:
    async def test_lets_entries_spend_their_share_and_no_more(
        self, make_budget: Make, url: str, time: Time
    ) -> None:
        budget = make_budget(url)

        assert await spent(budget, 200, Priority.ENTRY) == 100 * SHARES[Priority.ENTRY]

    async def test_keeps_a_share_for_exits_that_entries_cannot_touch(
        self, make_budget: Make, url: str, time: Time
    ) -> None:
        budget = make_budget(url)
        await spent(budget, 200, Priority.ENTRY)

        assert await spent(budget, 200, Priority.EXIT) == 20

    async def test_stops_housekeeping_first(self, make_budget: Make, url: str, time: Time) -> None:
        budget = make_budget(url)
        await spent(budget, 60, Priority.ENTRY)

        assert await spent(budget, 10, Priority.HOUSEKEEPING) == 0

    async def test_comes_back_as_the_minute_passes(self, make_budget: Make, url: str, time: Time) -> None:
        budget = make_budget(url)
        await spent(budget, 200, Priority.EXIT)

        time.now += 90

        assert await spent(budget, 200, Priority.EXIT) == pytest.approx(50, abs=1)

    async def test_takes_one_lot_for_all_that_wait(self, make_budget: Make, url: str, time: Time) -> None:
        budget = make_budget(url)
        priority.set(Priority.ENTRY)

        await asyncio.gather(*(budget.spend(VENUE, 0.1, per_minute=1000) for _ in range(50)))

        assert await spent(budget, 1000, Priority.HOUSEKEEPING, per_minute=1000) == 490

    async def test_spends_what_was_agreed_beyond_the_usual(self, url: str, time: Time) -> None:
        budget = Budget(url, factors={"binance": 2}, clock=time)
        priority.set(Priority.EXIT)

        await budget.spend(VENUE, 150, per_minute=100)

        assert await spent(budget, 200, Priority.EXIT, per_minute=200) == 50
        await budget.close()

    async def test_throttles_what_would_wait_too_long(self, make_budget: Make, url: str, time: Time) -> None:
        budget = make_budget(url)
        await budget.slow_down(VENUE, timedelta(seconds=LONGEST_WAIT_S + 1))

        with pytest.raises(Throttled) as caught:
            await budget.spend(VENUE, 1, per_minute=100)

        assert caught.value.retry_after == timedelta(seconds=LONGEST_WAIT_S + 1)

    async def test_spends_more_than_a_lot_at_once(self, make_budget: Make, url: str, time: Time) -> None:
        budget = make_budget(url)
        priority.set(Priority.EXIT)

        await budget.spend(VENUE, 90, per_minute=100)

        assert await spent(budget, 20, Priority.EXIT) == 10


class TestSharedBudget:
    async def test_gives_those_who_ask_at_once_one_lot_together(
        self, make_budget: Make, cache_url: str, time: Time
    ) -> None:
        asked, other = make_budget(cache_url), make_budget(cache_url)
        priority.set(Priority.EXIT)

        await asyncio.gather(*(asked.spend(VENUE, 0.05, per_minute=100) for _ in range(50)))

        # Two and a half units were spent, so at most three lots are gone.
        assert await spent(other, 200, Priority.EXIT) >= 97

    async def test_is_one_for_all_processes(self, make_budget: Make, cache_url: str, time: Time) -> None:
        first, second = make_budget(cache_url), make_budget(cache_url)

        together = await spent(first, 50, Priority.EXIT) + await spent(second, 200, Priority.EXIT)

        # A process may hold one lot that it has not spent.
        assert 99 <= together <= 100

    async def test_makes_every_process_wait_when_one_is_told_to(
        self, make_budget: Make, cache_url: str, time: Time
    ) -> None:
        told, other = make_budget(cache_url), make_budget(cache_url)
        await spent(other, 1, Priority.EXIT)

        await told.slow_down(VENUE, timedelta(seconds=30))
        time.now += 1

        assert await spent(other, 1, Priority.EXIT) == 0

    async def test_leaves_other_venues_alone(self, make_budget: Make, cache_url: str, time: Time) -> None:
        budget = make_budget(cache_url)
        await budget.slow_down("ccxt:kraken:SPOT:LIVE:", timedelta(seconds=30))

        assert await spent(budget, 1, Priority.ENTRY) == 1

    async def test_counts_alone_while_redis_is_away(self, make_budget: Make, free_port: int, time: Time) -> None:
        budget = make_budget(f"redis://127.0.0.1:{free_port}/0")

        assert await spent(budget, 200, Priority.ENTRY) == 80
