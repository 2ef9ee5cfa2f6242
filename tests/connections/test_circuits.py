"""Circuits as several processes share them."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from connections import circuits
from connections.circuit import FIRST_PAUSE, OPENS_AFTER, Circuit
from connections.circuits import FRESH_FOR, Circuits
from connections.errors import NotSent, OutcomeUnknown
from tests.values import NOON

VENUE = "ccxt:binance:SPOT:LIVE"
SILENCE = OutcomeUnknown("No answer within 10 s.", code="TIMEOUT")


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> object:
        return self.now

    def pass_by(self, duration: timedelta) -> None:
        self.now += duration


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=["shared", "alone"])
def url(request: pytest.FixtureRequest, cache_url: str) -> str:
    return cache_url if request.param == "shared" else ""


@pytest.fixture
async def make(time: Time) -> AsyncIterator[Callable[[str], Circuits]]:
    made: list[Circuits] = []

    def make(url: str) -> Circuits:
        made.append(Circuits(url, clock=time))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def fail(seen_by: Circuits, connection: str, times: int = OPENS_AFTER) -> None:
    for _ in range(times):
        await seen_by.note(VENUE, connection, SILENCE)


async def lets_pass(seen_by: Circuits, connection: str) -> bool:
    try:
        await seen_by.let_entry_pass(VENUE, connection)
    except NotSent:
        return False
    return True


class TestCircuits:
    async def test_hold_entries_back_after_failures_in_a_row(
        self, make: Callable[[str], Circuits], url: str
    ) -> None:
        mine = make(url)

        await fail(mine, "alice", OPENS_AFTER - 1)
        assert await lets_pass(mine, "alice")
        await fail(mine, "alice", 1)
        assert not await lets_pass(mine, "alice")
        assert await lets_pass(mine, "bob")

    async def test_begin_anew_with_an_answer(self, make: Callable[[str], Circuits], url: str) -> None:
        mine = make(url)
        await fail(mine, "alice")

        await mine.note(VENUE, "alice", None)

        assert await lets_pass(mine, "alice")
        await fail(mine, "alice", 1)
        assert await lets_pass(mine, "alice")

    async def test_ask_something_harmless_once_the_pause_is_over(
        self, make: Callable[[str], Circuits], url: str, time: Time
    ) -> None:
        mine = make(url)
        await fail(mine, "alice")

        time.pass_by(FIRST_PAUSE)

        assert await mine.let_entry_pass(VENUE, "alice") is True

    async def test_are_the_same_in_every_process(
        self, make: Callable[[str], Circuits], cache_url: str, time: Time
    ) -> None:
        mine, other = make(cache_url), make(cache_url)
        assert await lets_pass(other, "alice")

        await fail(mine, "alice")
        time.pass_by(FRESH_FOR)

        assert not await lets_pass(other, "alice")

    async def test_let_only_one_process_ask(
        self, make: Callable[[str], Circuits], cache_url: str, time: Time
    ) -> None:
        mine, other = make(cache_url), make(cache_url)
        await fail(mine, "alice")
        time.pass_by(FIRST_PAUSE)

        assert [await lets_pass(each, "alice") for each in (mine, other)] == [True, False]

    async def test_say_that_nothing_was_sent(self, make: Callable[[str], Circuits], url: str) -> None:
        mine = make(url)
        await fail(mine, "alice")

        with pytest.raises(NotSent, match="No answer within 10 s") as refusal:
            await mine.let_entry_pass(VENUE, "alice")

        assert refusal.value.code == "CIRCUIT_OPEN"

    async def test_of_a_venue_open_when_it_answers_nobody(
        self, make: Callable[[str], Circuits], url: str, time: Time
    ) -> None:
        mine = make(url)
        for name in ("alice", "bob", "charlie"):
            await fail(mine, name, 2)

        assert not await lets_pass(mine, "dora")  # who has not failed yet
        await mine.note(VENUE, "erin", None)
        assert await lets_pass(mine, "dora")

    async def test_hold_without_redis(self, make: Callable[[str], Circuits]) -> None:
        mine = make("redis://127.0.0.1:1/0")

        await fail(mine, "alice")

        assert not await lets_pass(mine, "alice")

    async def test_are_shown_with_their_reason(
        self, make: Callable[[str], Circuits], cache_url: str, time: Time
    ) -> None:
        mine = make(cache_url)
        await fail(mine, "alice")

        shown = circuits.circuit_of(VENUE, "alice", now=time.now)

        assert (shown.state, shown.is_venue, shown.since) == (Circuit.OPEN, False, NOON)
        assert shown.reason == "No answer within 10 s."
