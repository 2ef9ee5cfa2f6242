"""Operational settings: safe defaults, refused with what would fit, audited, effective everywhere at once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from events import operational
from events.catalogue import Kind
from events.models import Event, OperationalSetting
from events.operational import Declaration, InvalidSetting, SettingType
from tests.people import NOON

pytestmark = pytest.mark.django_db

WINDOW = Declaration("t.window", SettingType.DURATION, "Window", "", 60, Decimal(5), Decimal(3600))
RATIO = Declaration("t.ratio", SettingType.NUMBER, "Ratio", "", "0.5", Decimal(0), Decimal(1))
TRIES = Declaration("t.tries", SettingType.COUNT, "Tries", "", 3, Decimal(1))
SWITCH = Declaration("t.switch", SettingType.SWITCH, "Switch", "", False)
TYPE = Declaration("t.type", SettingType.CHOICE, "Type", "", "MARKET", choices=("MARKET", "LIMIT"))


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(operational, "_declared", {})
    operational.declare(WINDOW, RATIO, TRIES, SWITCH, TYPE)
    operational.forget()
    yield
    operational.forget()


def change(name: str, raw: Any, actor: User | None = None) -> None:
    operational.change(name=name, raw=raw, actor=actor, now=NOON)
    operational.forget()


class TestValue:
    def test_is_the_default_until_somebody_says_otherwise(self) -> None:
        assert operational.value("t.window") == timedelta(seconds=60)
        assert operational.value("t.ratio") == Decimal("0.5")
        assert operational.value("t.tries") == 3
        assert operational.value("t.switch") is False

    def test_has_the_type_that_was_declared(self) -> None:
        change("t.window", "90")
        change("t.ratio", "0.25")
        change("t.tries", "7")
        change("t.switch", True)
        change("t.type", "LIMIT")

        assert operational.value("t.window") == timedelta(seconds=90)
        assert operational.value("t.ratio") == Decimal("0.25")
        assert operational.value("t.tries") == 7
        assert operational.value("t.switch") is True
        assert operational.value("t.type") == "LIMIT"

    def test_costs_no_query_while_it_is_fresh(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(1):
            for _ in range(10):
                operational.value("t.window")

    def test_is_read_anew_soon_after_another_process_changed_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        moment = [1000.0]
        monkeypatch.setattr(operational.time, "monotonic", lambda: moment[0])
        assert operational.value("t.tries") == 3

        OperationalSetting.objects.create(name="t.tries", value=9)
        assert operational.value("t.tries") == 3
        moment[0] += operational.FRESH_FOR_S + 0.1
        assert operational.value("t.tries") == 9


class TestChange:
    def test_is_written_down_with_who_did_it_and_what_it_was(self, ada: User) -> None:
        change("t.tries", 5, ada)
        change("t.tries", 6, ada)

        rows = Event.objects.filter(kind=Kind.SETTING_CHANGED).order_by("pk")
        assert [(row.subject_id, row.actor_id, row.data) for row in rows] == [
            ("t.tries", ada.pk, {"before": 3, "after": 5}),
            ("t.tries", ada.pk, {"before": 5, "after": 6}),
        ]

    @pytest.mark.parametrize(
        ("name", "raw", "words"),
        [
            ("t.window", "4", "Window was 4 but must be between 5 and 3600."),
            ("t.window", "-1", "between 5 and 3600"),
            ("t.window", "NaN", "Window"),
            ("t.window", "soon", "Window"),
            ("t.window", None, "Window"),
            ("t.ratio", "1.01", "between 0 and 1"),
            ("t.tries", "2.5", "whole number"),
            ("t.tries", "1e400", "Tries"),
            ("t.switch", "yes", "on or off"),
            ("t.type", "TWAP", "MARKET, LIMIT"),
            ("t.nothing", 1, "no setting"),
        ],
    )
    def test_is_refused_with_what_would_fit(self, name: str, raw: Any, words: str) -> None:
        with pytest.raises(InvalidSetting, match=words.replace(".", r"\.")):
            change(name, raw)

        assert not OperationalSetting.objects.exists()
        assert not Event.objects.filter(kind=Kind.SETTING_CHANGED).exists()

    def test_is_undone_with_its_transaction(self) -> None:
        def change_and_fail() -> None:
            operational.change(name="t.tries", raw=5, actor=None, now=NOON)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            transaction.atomic(change_and_fail)()

        operational.forget()
        assert operational.value("t.tries") == 3
