"""How a mail reads."""

from events.letters import LONGEST_SUBJECT, Line, body_of, subject_of
from tests.values import NOON

LINE = Line(
    "Stop hit: BTC/USDT on Main", "Net of fees so far -101.24 USDT.", NOON, "https://x.example/positions/1/"
)


class TestSubject:
    def test_is_the_fact_when_there_is_one(self) -> None:
        assert subject_of([LINE]) == "[Signalbox] Stop hit: BTC/USDT on Main"

    def test_counts_when_there_are_more(self) -> None:
        assert subject_of([LINE, LINE], more=5).startswith("[Signalbox] 7 notifications, the first: Stop hit")

    def test_is_one_short_line_whatever_people_call_their_accounts(self) -> None:
        subject = subject_of([Line("a\r\nBcc: x@y.z " + "n" * 300, "", NOON, "")])

        assert "\n" not in subject
        assert "\r" not in subject
        assert len(subject) == LONGEST_SUBJECT


class TestBody:
    def test_has_words_numbers_time_with_zone_and_the_page(self) -> None:
        body = body_of(
            [LINE], more=0, zone="Europe/Berlin", all_at="https://x.example/all/", choices_at="https://c/"
        )

        assert body == (
            "Stop hit: BTC/USDT on Main\nNet of fees so far -101.24 USDT.\n2026-11-21 13:00:00 CET\n"
            "https://x.example/positions/1/\n\n"
            "All of them: https://x.example/all/\nChoose what you are told, and how: https://c/\n"
        )

    def test_says_how_many_it_leaves_out(self) -> None:
        assert "\n\n... and 960 more.\n\n" in body_of([LINE], more=960, zone="UTC", all_at="", choices_at="")
