"""Which events people are told of, and in which words."""

from typing import Any

import pytest

from events.catalogue import Kind
from events.facts import CONCERNS, DEFAULTS, Concern
from events.notices import EXITS, KINDS, notice_of
from positions.exits import ClosingReason
from tests.events.telling import CLOSED, EXECUTED, FAILED, happening

WORDS: list[tuple[Kind, dict[str, Any], str, str]] = [
    (Kind.EXECUTION_EXECUTED, EXECUTED, "Executed: buy BTC/USDT on Main", "0.1 filled at 50,000 on average."),
    (Kind.EXECUTION_FAILED, FAILED, "Failed: buy BTC/USDT on Main", "Venue rejected. No."),
    (Kind.EXECUTION_REJECTED, FAILED, "Rejected by the venue: buy BTC/USDT on Main", "Venue rejected. No."),
    (
        Kind.POSITION_PROTECTED,
        {"symbol": "BTC/USDT", "connection": "Main", "by": "NATIVE", "unprotected_ms": 120},
        "Protected: BTC/USDT on Main",
        "The venue holds the stop. It took 120 ms from the first fill.",
    ),
    (
        Kind.POSITION_CLOSED,
        CLOSED,
        "Stop hit: BTC/USDT on Main",
        "0.1 closed at 49,000.5 on average. Net of fees so far \N{MINUS SIGN}101.24 USDT.",
    ),
    (
        Kind.POSITION_REDUCED,
        CLOSED | {"reason": "TP", "role": "target", "quantity": "0.05", "closed_quantity": "0.05", "net": "12.5"},
        "Target reached: BTC/USDT on Main",
        "0.05 closed at 49,000.5 on average. Net of fees so far +12.50 USDT. 0.05 is still held.",
    ),
    (
        Kind.CONNECTION_BROKEN,
        {"name": "Main", "error": "Invalid key."},
        "Connection broken: Main",
        "Invalid key. No entry is sent until a test passes; exits go on.",
    ),
    (
        Kind.ORDER_SLIPPED,
        {"symbol": "BTC/USDT", "connection": "Main", "role": "entry", "side": "BUY", "quantity": "0.1",
         "slippage_bps": "32.5000", "allowed_bps": "20"},
        "Slippage: entry buy 0.1 BTC/USDT on Main",
        "It was filled 32.5 basis points worse than decided; its preset tolerates 20.",
    ),
    (
        Kind.RECONCILIATION_BREAK,
        {"name": "Main", "symbol": "BTC", "ours": "0.1", "theirs": "0.2"},
        "Books differ: BTC on Main",
        "The venue holds 0.2, our positions 0.1.",
    ),
]  # fmt: skip


def fact(kind: Kind, data: dict[str, Any], **fields: Any) -> str:
    notice = notice_of(happening(kind, data, **fields))
    assert notice is not None
    return notice.fact


class TestWords:
    @pytest.mark.parametrize(("kind", "data", "title", "detail"), WORDS, ids=[str(row[0]) for row in WORDS])
    def test_say_what_happened_where_with_the_numbers(
        self, kind: Kind, data: dict[str, Any], title: str, detail: str
    ) -> None:
        notice = notice_of(happening(kind, data))

        assert notice is not None
        assert (notice.title, notice.detail) == (title, detail)

    @pytest.mark.parametrize("kind", sorted(KINDS - {Kind.POSITION_CLOSING}))
    def test_are_found_although_an_event_knows_nothing(self, kind: Kind) -> None:
        """An event of an older version must not hold up the others."""
        notice = notice_of(happening(kind, {}))

        assert notice is not None
        assert notice.title

    def test_stay_on_one_line_and_within_the_column(self) -> None:
        notice = notice_of(happening(Kind.CONNECTION_BROKEN, {"name": "a\r\nBcc: x@y.z", "error": "e" * 5000}))

        assert notice is not None
        assert notice.title == "Connection broken: a Bcc: x@y.z"
        assert len(notice.detail) == 500

    def test_exist_for_every_reason_to_close(self) -> None:
        assert set(EXITS) == set(ClosingReason)

    def test_exist_for_every_concern(self) -> None:
        assert set(CONCERNS) == set(DEFAULTS) == set(Concern)


class TestSilence:
    def test_is_kept_about_what_is_nobodys_news(self) -> None:
        assert notice_of(happening(Kind.ORDER_SUBMITTED, {})) is None

    def test_is_kept_about_what_a_person_did(self) -> None:
        assert notice_of(happening(Kind.CONNECTION_PAUSED, {"name": "Main"}, is_ours=False)) is None

    def test_is_kept_about_a_close_that_was_asked_for(self) -> None:
        assert notice_of(happening(Kind.POSITION_CLOSING, {"symbol": "BTC/USDT", "reason": "MANUAL"})) is None

    def test_is_kept_about_an_entry_that_fills_after_something_left(self) -> None:
        assert notice_of(happening(Kind.POSITION_REDUCED, CLOSED | {"role": "entry"})) is None


class TestFact:
    def test_is_the_event_by_itself(self) -> None:
        assert fact(Kind.EXECUTION_FAILED, FAILED) == "event:u-1"
        assert fact(Kind.EXECUTION_FAILED, FAILED, uid="u-2") == "event:u-2"

    def test_is_one_for_the_trades_that_fill_one_exit(self) -> None:
        first = fact(Kind.POSITION_REDUCED, CLOSED | {"quantity": "0.09"}, uid="u-1")
        second = fact(Kind.POSITION_REDUCED, CLOSED | {"quantity": "0.05"}, uid="u-2")
        other_order = fact(Kind.POSITION_REDUCED, CLOSED | {"order": "o-2"}, uid="u-3")

        assert first == second != other_order

    def test_is_another_when_a_late_fill_made_it_close_again(self) -> None:
        first = fact(Kind.POSITION_CLOSED, CLOSED)
        corrected = fact(Kind.POSITION_CLOSED, CLOSED | {"net": "-101.3"}, uid="u-2")
        again = fact(Kind.POSITION_CLOSED, CLOSED | {"closed_quantity": "0.2"}, uid="u-3")

        assert first == corrected != again

    def test_is_one_for_a_refused_key_that_pauses_and_breaks(self) -> None:
        paused = fact(Kind.CONNECTION_PAUSED, {"name": "Main"})
        broken = fact(Kind.CONNECTION_BROKEN, {"name": "Main"}, uid="u-2")

        assert paused == broken
