import re
from itertools import product

import pytest

from core.machine import IllegalTransition, next_state
from execution.outcomes import (
    FINISHED,
    TABLE,
    TEXTS,
    LogEvent,
    LogStatus,
    Reason,
    sentence,
)

SPECIFIED = """
           CLAIM    RELEASE  SUBMIT     EXECUTE   SKIP     DENY    REJECT    FAIL    RETRY
PENDING    CLAIMED  .        SUBMITTED  EXECUTED  SKIPPED  .       .         .       .
CLAIMED    CLAIMED  PENDING  SUBMITTED  EXECUTED  SKIPPED  DENIED  .         FAILED  .
SUBMITTED  .        .        .          EXECUTED  SKIPPED  .       REJECTED  FAILED  PENDING
EXECUTED   .        .        .          .         .        .       .         .       .
SKIPPED    .        .        .          EXECUTED  .        .       .         .       .
DENIED     .        .        .          .         .        .       .         .       .
REJECTED   .        .        .          EXECUTED  .        .       .         .       .
FAILED     .        .        SUBMITTED  EXECUTED  .        .       .         .       PENDING
"""

_HEAD, *_LINES = [line.split() for line in SPECIFIED.strip().splitlines()]
CELLS = {
    (LogStatus(line[0]), LogEvent(event)): cell
    for line in _LINES
    for event, cell in zip(_HEAD, line[1:], strict=True)
}
LEGAL = {pair: LogStatus(cell) for pair, cell in CELLS.items() if cell != "."}
ILLEGAL = [pair for pair, cell in CELLS.items() if cell == "."]


class TestLogTable:
    def test_is_specified_for_every_pair(self) -> None:
        assert set(CELLS) == set(product(LogStatus, LogEvent))

    @pytest.mark.parametrize(("pair", "after"), LEGAL.items())
    def test_moves_as_specified(self, pair: tuple[LogStatus, LogEvent], after: LogStatus) -> None:
        assert next_state(TABLE, *pair) is after

    @pytest.mark.parametrize(("status", "event"), ILLEGAL)
    def test_refuses_the_rest(self, status: LogStatus, event: LogEvent) -> None:
        with pytest.raises(IllegalTransition):
            next_state(TABLE, status, event)

    def test_lets_a_fill_win_over_every_decision_but_a_denial(self) -> None:
        """A denied row never had an order, so nothing of it can fill."""
        lost = {status for status in FINISHED if (status, LogEvent.EXECUTE) not in TABLE}

        assert lost == {LogStatus.EXECUTED, LogStatus.DENIED}


class TestSentence:
    @pytest.mark.parametrize("reason", Reason)
    def test_exists_for_every_reason(self, reason: Reason) -> None:
        text = sentence(reason, {})

        assert re.match(r"[A-Z?]", text)
        assert "{" not in text

    @pytest.mark.parametrize("reason", Reason)
    def test_reads_well_with_its_numbers(self, reason: Reason) -> None:
        names = re.findall(r"{(\w+)}", TEXTS[reason].text)

        text = sentence(reason, dict.fromkeys(names, "X"))

        assert "?" not in text
        assert text.count("X") == len(names)
        assert text.endswith((".", "X"))

    def test_shows_the_numbers_that_decided(self) -> None:
        numbers = {"quantity": "0.00001", "base": "BTC", "smallest": "0.0001"}

        assert sentence(Reason.SIZE_BELOW_MINIMUM, numbers) == (
            "The size came to 0.00001 BTC; the smallest the venue takes is 0.0001."
        )

    def test_marks_a_number_that_an_old_row_lacks(self) -> None:
        assert sentence(Reason.NO_PRICE, {}) == "No current price of ? could be had."

    @pytest.mark.parametrize("words", ["{0}", "{x.__class__}", "{!r}"])
    def test_repeats_words_of_a_venue_as_they_are(self, words: str) -> None:
        assert sentence(Reason.VENUE_REJECTED, {"error": words}) == f"The venue refused the order: {words}"

    def test_falls_back_to_a_code_it_does_not_know(self) -> None:
        assert sentence("RETIRED_CODE", {}) == "RETIRED_CODE"
