from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import from_ms, now, to_ms

#: From 1970 to the year 9999.
MILLISECONDS = st.integers(min_value=0, max_value=253_402_300_799_999)


class TestNow:
    def test_is_aware_and_in_utc(self) -> None:
        assert now().tzinfo is UTC

    def test_never_stands_still_for_long(self) -> None:
        earlier = now()

        assert timedelta(0) <= now() - earlier < timedelta(seconds=5)


class TestMilliseconds:
    @given(MILLISECONDS)
    def test_survive_the_way_there_and_back(self, milliseconds: int) -> None:
        assert to_ms(from_ms(milliseconds)) == milliseconds

    def test_name_an_instant_in_utc(self) -> None:
        assert from_ms(1_700_000_000_123) == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)

    def test_are_the_same_whatever_zone_the_moment_is_told_in(self) -> None:
        tokyo = timezone(timedelta(hours=9))
        moment = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

        assert to_ms(moment.astimezone(tokyo)) == to_ms(moment)

    def test_are_whole_and_never_ahead_of_the_moment(self) -> None:
        assert to_ms(datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC)) == 1

    def test_are_refused_for_a_time_without_a_zone(self) -> None:
        with pytest.raises(ValueError, match="has no zone"):
            to_ms(datetime(2026, 11, 21, 12, 0))  # noqa: DTZ001 - the very point

    def test_are_refused_outside_the_calendar(self) -> None:
        with pytest.raises(ValueError, match="outside the calendar"):
            from_ms(10**18)
