"""The pages of presets: making one, copying, changing, deleting."""

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest

from accounts.models import User
from connections import preset_services
from connections.models import TradingPreset
from events.catalogue import Kind
from events.models import Event
from tests import makers
from tests.people import NOON, browser_of
from tests.rest import NOBODY

LIST, NEW = "/presets/", "/presets/new/"


@pytest.fixture
def mine(alice: User) -> TradingPreset:
    return makers.make_preset(owner=alice, name="Careful", values={"max_notional": "250"})


def at(preset: TradingPreset, page: str = "") -> str:
    return f"{LIST}{preset.pk}/{page}"


def text(answer: Any) -> str:
    return str(answer.content.decode())


class TestMaking:
    def test_keeps_what_was_entered_for_oneself(self, alice: User) -> None:
        entered = {"name": "Careful", "description": "for a start", "max_notional": "250.50", "leverage": "2"}

        answer = browser_of(alice).post(NEW, entered)

        made = TradingPreset.objects.get()
        assert answer.headers["Location"] == at(made)
        assert (made.owner, made.name, made.description) == (alice, "Careful", "for a start")
        assert made.values == {"max_notional": "250.5", "leverage": "2"}

    def test_takes_nothing_that_the_form_does_not_ask(self, alice: User, bob: User) -> None:
        more = {"owner": "", "version": "9", "id": NOBODY, "values": '{"leverage": "100"}', "is_admin_owned": "on"}

        browser_of(alice).post(NEW, {"name": "Careful", **more})

        made = TradingPreset.objects.get()
        assert (made.owner, made.version, made.values) == (alice, 1, {})
        assert str(made.pk) != NOBODY

    @pytest.mark.parametrize(
        ("name", "value"),
        [("max_notional", "-1"), ("max_notional", "NaN"), ("max_notional", "1e999999"), ("leverage", "0.0000000001"),
         ("max_open_positions", "1.5"), ("max_open_positions", "²"), ("sizing_mode", "ALL_IN"), ("allowed_symbols", "<b>"),
         ("name", ""), ("name", " "), ("name", "x" * 81), ("description", "x" * 301), ("name", "a\x00b"), ("name", "\u200b"), ("name", "a\u202eb"), ("name", "a\nb")],
    )  # fmt: skip
    def test_says_what_does_not_fit_at_its_field(self, alice: User, name: str, value: str) -> None:
        answer = browser_of(alice).post(NEW, {"name": "Careful"} | {name: value})

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [name]
        assert not TradingPreset.objects.exists()

    def test_twice_makes_one(self, alice: User) -> None:
        browser = browser_of(alice)

        answers = [browser.post(NEW, {"name": "Careful"}).status_code for _ in range(2)]

        assert answers == [302, 422]
        assert TradingPreset.objects.count() == 1

    def test_in_the_same_moment_makes_one(self, mine: TradingPreset, alice: User) -> None:
        def free_at_a_glance(owner: User | None, name: str) -> str:
            return name

        with patch.object(preset_services, "_free_name", free_at_a_glance):
            answer = browser_of(alice).post(NEW, {"name": "Careful"})

        assert answer.status_code == 422
        assert "There is a preset called &#x27;Careful&#x27; already." in text(answer)
        assert not Event.objects.filter(kind=Kind.PRESET_CHANGED).exists()

    def test_copies_what_one_sees(self, mine: TradingPreset, alice: User, charlie: User) -> None:
        page = text(browser_of(alice).get(NEW, {"copy": str(mine.pk)}))

        assert 'value="Copy of Careful"' in page
        assert 'value="250"' in page
        assert browser_of(charlie).get(NEW, {"copy": str(mine.pk)}).status_code == 404


class TestOfTheHouse:
    @pytest.mark.parametrize(("person", "code"), [("alice", 404), ("bob", 404), ("ada", 200)])
    def test_are_seen_by_all_and_changed_by_administrators(
        self, person: str, code: int, request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))
        house = makers.make_preset(owner=None)

        assert browser.get(at(house)).status_code == 200
        assert [browser.get(at(house, page)).status_code for page in ("change/", "delete/")] == [code, code]


class TestChanging:
    def test_counts_a_version_only_when_values_change(self, mine: TradingPreset, alice: User) -> None:
        browser = browser_of(alice)
        same: dict[str, str] = {"name": "Careful", "max_notional": "250"}

        versions = [
            self._version_after(browser.post, mine, entered) for entered in (same, same | {"max_notional": "300"})
        ]

        assert versions == [1, 2]

    def test_refuses_what_does_not_fit_and_changes_nothing(self, mine: TradingPreset, alice: User) -> None:
        answer = browser_of(alice).post(at(mine, "change/"), {"name": "Bold", "max_notional": "-1"})

        mine.refresh_from_db()
        assert answer.status_code == 422
        assert (mine.name, mine.values) == ("Careful", {"max_notional": "250"})

    def _version_after(self, post: Any, mine: TradingPreset, entered: dict[str, str]) -> int:
        post(at(mine, "change/"), entered)
        mine.refresh_from_db()
        return mine.version


class TestDeleting:
    def test_happens_once(self, mine: TradingPreset, alice: User) -> None:
        browser = browser_of(alice)

        answers = [browser.post(at(mine, "delete/")).status_code for _ in range(2)]

        assert answers == [302, 404]
        assert self._changes() == ["REMOVED"]

    def test_of_what_was_deleted_in_the_same_moment_is_noted_once(self, mine: TradingPreset, alice: User) -> None:
        seen_by_both = [TradingPreset.objects.get(), TradingPreset.objects.get()]

        for preset in seen_by_both:
            preset_services.remove_preset(preset=preset, actor=alice, now=NOON)

        assert self._changes() == ["REMOVED"]

    def test_keeps_what_an_account_trades_by(self, mine: TradingPreset, alice: User) -> None:
        makers.make_connection(owner=alice, preset=mine, name="Swing")

        answer = browser_of(alice).post(at(mine, "delete/"), follow=True)

        assert "is used by Swing" in text(answer)
        assert TradingPreset.objects.exists()

    def _changes(self) -> Sequence[str]:
        return [event.data["change"] for event in Event.objects.filter(kind=Kind.PRESET_CHANGED)]
