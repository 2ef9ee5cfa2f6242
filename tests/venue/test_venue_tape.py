"""The public record: last trades, candles, the last day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venue.makers import D
from venue.engine.tape import DAY_MS, MINUTE_MS, PublicTrade, Tape

BEGIN = 1_700_006_400_000
HOUR_MS = 60 * MINUTE_MS


def make_tape(*trades: tuple[int, int]) -> Tape:
    """This function will print trades of one coin, given as (minutes after the beginning, price)."""
    tape = Tape(D(100), BEGIN)
    for minute, price in trades:
        tape.print(PublicTrade(tape.take_id(), D(price), D(1), BEGIN + minute * MINUTE_MS, False))
    return tape


class TestDay:
    def test_is_flat_before_any_trade(self) -> None:
        day = make_tape().day(BEGIN)

        assert (day.open, day.high, day.low, day.close, day.volume) == (100, 100, 100, 100, 0)

    def test_sums_what_happened(self) -> None:
        day = make_tape((0, 100), (1, 120), (2, 90), (2, 95)).day(BEGIN + 3 * MINUTE_MS)

        assert (day.open, day.high, day.low, day.close, day.volume, day.trades) == (100, 120, 90, 95, 4, 4)

    def test_grows_within_the_minute(self) -> None:
        tape = make_tape((0, 100), (1, 110))
        tape.day(BEGIN + MINUTE_MS)

        tape.print(PublicTrade(9, D(130), D(1), BEGIN + MINUTE_MS + 1, False))

        assert tape.day(BEGIN + MINUTE_MS).high == 130

    def test_forgets_what_is_older(self) -> None:
        day = make_tape((0, 500), (1, 110), (2, 100)).day(BEGIN + DAY_MS + MINUTE_MS)

        assert (day.open, day.high) == (110, 110)


class TestCandles:
    def test_are_joined_by_interval(self) -> None:
        tape = make_tape((0, 100), (59, 120), (60, 90))

        hours = tape.candles(HOUR_MS)

        assert [(row.opened_at, row.open, row.close, row.trades) for row in hours] == [
            (BEGIN, 100, 120, 2),
            (BEGIN + HOUR_MS, 90, 90, 1),
        ]

    @pytest.mark.parametrize("minutes", [1, 3, 60])
    @given(steps=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 500)), min_size=1, max_size=40))
    def test_latest_is_the_last_of_all(self, minutes: int, steps: list[tuple[int, int]]) -> None:
        moments = [sum(step for step, _ in steps[: index + 1]) for index in range(len(steps))]
        tape = make_tape(*zip(moments, (price for _, price in steps), strict=True))

        assert tape.latest(minutes * MINUTE_MS) == tape.candles(minutes * MINUTE_MS)[-1]
