from datetime import datetime, timedelta

import pytest

from execution.courier import Evidence
from execution.doubt import LONGEST_WAIT, as_rows, is_absent, next_wait
from tests.values import NOON, at

SENT_AT = NOON
DELAY, PATIENCE = timedelta(seconds=2), timedelta(seconds=10)
SETTLED = 12.0


def found_nothing(*sources_and_seconds: tuple[str, float]) -> list[Evidence]:
    return [Evidence(source, at(seconds), named=0) for source, seconds in sources_and_seconds]


class TestIsAbsent:
    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            ([], False),
            ([("id", SETTLED)], False),
            ([("id", SETTLED), ("open", SETTLED)], False),
            ([("id", SETTLED), ("open", SETTLED), ("trades", SETTLED)], True),
            ([("id", SETTLED), ("open", SETTLED), ("trades", SETTLED - 0.001)], False),
            ([("id", 0), ("open", 1), ("trades", 2)], False),
            ([("id", SETTLED), ("id", 20), ("id", 30), ("open", 30)], False),
        ],
    )
    def test_needs_three_sources_each_asked_when_the_order_must_have_shown(
        self, evidence: list[tuple[str, float]], expected: bool
    ) -> None:
        proven = is_absent(
            found_nothing(*evidence), last_sent_at=SENT_AT, consistency_delay=DELAY, patience=PATIENCE
        )

        assert proven is expected

    def test_waits_anew_after_another_attempt(self) -> None:
        evidence = found_nothing(("id", SETTLED), ("open", SETTLED), ("trades", SETTLED))

        assert not is_absent(evidence, last_sent_at=at(1), consistency_delay=DELAY, patience=PATIENCE)


class TestNextWait:
    @pytest.mark.parametrize(
        ("attempts", "seconds"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (10**9, 60)]
    )
    def test_doubles_up_to_a_minute_and_never_ends(self, attempts: int, seconds: int) -> None:
        assert next_wait(attempts) == timedelta(seconds=seconds) <= LONGEST_WAIT


class TestAsRows:
    def test_keeps_what_each_source_said(self) -> None:
        evidence = [Evidence("open orders", NOON, named=3)]

        assert as_rows(evidence, error="", now=at(5)) == [
            {"at": NOON.isoformat(), "source": "open orders", "found": "not among 3"}
        ]

    def test_keeps_that_the_venue_did_not_answer(self) -> None:
        (row,) = as_rows([], error="No answer within 10 s." * 50, now=NOON)

        assert (row["source"], row["at"]) == ("the venue", NOON.isoformat())
        assert len(row["found"]) <= 220

    def test_keeps_nothing_of_a_search_without_evidence(self) -> None:
        assert as_rows([], error="", now=datetime.now(tz=NOON.tzinfo)) == []
