"""When entries are held back, and when one is tried again."""

from datetime import datetime, timedelta

import pytest

from connections.circuit import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    OPENS_AFTER,
    Circuit,
    Failures,
    Said,
    half_opens_at,
    said_by,
    state_of,
    venue_failures,
)
from connections.errors import AuthFailed, InsufficientFunds, NotSent, OutcomeUnknown, Rejected, Throttled
from tests.values import NOON, at


def failed(count: int, *, last_at: datetime = NOON, is_auth: bool = False) -> Failures:
    return Failures(count, last_at, "No answer within 10 s.", is_auth)


class TestSaidBy:
    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (None, Said.ANSWERED),
            (Rejected("No."), Said.ANSWERED),
            (InsufficientFunds("Too poor."), Said.ANSWERED),
            (NotSent("No connection.", code="NO_CONNECTION"), Said.FAILED),
            (OutcomeUnknown("No answer.", code="TIMEOUT"), Said.FAILED),
            (TimeoutError(), Said.FAILED),
            (Throttled("Slow down.", retry_after=None), Said.NOTHING),
            (NotSent("It waited here.", code="WAITED_HERE"), Said.NOTHING),
            (AuthFailed("Bad key."), Said.KEY_REFUSED),
        ],
    )
    def test_tells_an_answer_from_silence(self, error: Exception | None, said: Said) -> None:
        assert said_by(error) is said


class TestStateOf:
    def test_is_closed_until_there_are_enough_failures(self) -> None:
        assert state_of(None, now=NOON) is Circuit.CLOSED
        assert state_of(failed(OPENS_AFTER - 1), now=NOON) is Circuit.CLOSED
        assert state_of(failed(OPENS_AFTER), now=NOON) is Circuit.OPEN

    def test_opens_at_once_when_the_key_is_refused(self) -> None:
        assert state_of(failed(1, is_auth=True), now=NOON) is Circuit.OPEN

    def test_is_half_open_after_a_pause(self) -> None:
        assert state_of(failed(OPENS_AFTER), now=NOON + FIRST_PAUSE) is Circuit.HALF_OPEN

    @pytest.mark.parametrize(
        ("more", "pause"), [(0, FIRST_PAUSE), (1, FIRST_PAUSE * 2), (2, FIRST_PAUSE * 4), (50, LONGEST_PAUSE)]
    )
    def test_waits_longer_with_every_failure(self, more: int, pause: timedelta) -> None:
        assert half_opens_at(failed(OPENS_AFTER + more)) == NOON + pause


class TestVenueFailures:
    def test_need_several_connections(self) -> None:
        assert venue_failures({"a": failed(9), "b": failed(9)}, answered_at=None) is None
        assert venue_failures({"a": failed(2), "b": failed(2), "c": failed(2)}, answered_at=None) is not None

    def test_are_none_once_anybody_was_answered(self) -> None:
        everybody = {name: failed(5) for name in "abc"}

        assert venue_failures(everybody, answered_at=at(1)) is None

    def test_count_again_after_an_answer(self) -> None:
        everybody = {name: failed(5, last_at=at(2)) for name in "abc"}

        assert venue_failures(everybody, answered_at=at(1)) is not None

    def test_leave_out_refused_keys(self) -> None:
        assert venue_failures({name: failed(9, is_auth=True) for name in "abcdef"}, answered_at=None) is None
