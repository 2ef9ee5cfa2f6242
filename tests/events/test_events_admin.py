"""The event log and the operational settings in the admin."""

from datetime import timedelta

import pytest

from accounts.models import User
from core.clock import now
from events import operational
from events import services as events
from events.catalogue import Kind
from events.models import Event, OperationalSetting
from tests.people import browser_of
from tests.staff import act_on, confirm, counts, list_of, page_of, statements, text

EVENT, SETTING = "events/event", "events/operationalsetting"


def note(owner: User | None, subject_id: str) -> Event:
    """Something that happened to somebody's account."""
    events.append(
        events.NewEvent(
            kind=Kind.CONNECTION_PAUSED,
            subject_type="connections.executionconnection",
            subject_id=subject_id,
            occurred_at=now(),
            owner_id=owner.pk if owner else None,
            data={"name": f"Account {subject_id}"},
        )
    )
    return Event.objects.get(subject_id=subject_id)


def set_address(name: str) -> str:
    return f"{list_of(SETTING)}{name}/set/"


class TestLog:
    def test_shows_everything_to_administrators(self, ada: User, alice: User) -> None:
        note(alice, "one")
        note(None, "two")

        page = text(browser_of(ada), list_of(EVENT))

        assert "Account one" in page
        assert "Account two" in page

    def test_shows_bob_what_is_his(self, bob: User, alice: User) -> None:
        note(bob, "his")
        hers = note(alice, "hers")
        browser = browser_of(bob)

        page = text(browser, list_of(EVENT))

        assert "Account his" in page
        assert "Account hers" not in page
        assert browser.get(page_of(EVENT, hers)).status_code == 404
        assert "Account hers" not in text(browser, list_of(EVENT), q="hers")

    def test_finds_by_subject_and_by_kind(self, ada: User) -> None:
        note(None, "one")
        note(None, "two")
        browser = browser_of(ada)

        assert "Account two" not in text(browser, list_of(EVENT), q="one")
        assert "Account one" in text(browser, list_of(EVENT), kind="connection.paused")
        assert "Account one" not in text(browser, list_of(EVENT), kind="order.filled")
        assert counts(statements(browser, list_of(EVENT), q="one")) == []

    def test_is_never_written(self, ada: User) -> None:
        row, browser = note(None, "one"), browser_of(ada)

        assert browser.post(page_of(EVENT, row), {"kind": "order.filled"}).status_code == 403
        assert browser.post(act_on(EVENT, row, "delete"), {"post": "yes"}).status_code == 403
        assert Event.objects.get(pk=row.pk).kind == "connection.paused"


class TestSettings:
    def test_are_all_shown_with_what_is_safe(self, ada: User) -> None:
        page = text(browser_of(ada), list_of(SETTING))

        missing = [each.label for each in operational.declarations().values() if each.label not in page]
        assert missing == []

    def test_hold_at_once_and_are_told(self, ada: User) -> None:
        page = confirm(browser_of(ada), set_address("execution.reconcile_every"), value="60")

        operational.forget()
        assert operational.value("execution.reconcile_every") == timedelta(seconds=60)
        told = Event.objects.get(kind="setting.changed")
        assert (told.actor, told.data) == (ada, {"before": 300, "after": "60"})
        assert "ada@example.org" in page

    @pytest.mark.parametrize(
        ("entered", "answer"), [("5", "must be between 10 and 86400"), ("soon", "soon"), ("", "required")]
    )
    def test_say_what_would_pass(self, ada: User, entered: str, answer: str) -> None:
        response = browser_of(ada).post(set_address("execution.reconcile_every"), {"value": entered})

        assert response.status_code == 422
        assert answer in response.content.decode()
        assert not OperationalSetting.objects.exists()

    def test_offer_choices(self, ada: User) -> None:
        browser, address = browser_of(ada), set_address("execution.decision_default")

        assert "Veto" in text(browser, address)
        confirm(browser, address, value="VETO")

        operational.forget()
        assert operational.value("execution.decision_default") == "VETO"

    def test_that_nobody_declares_are_not_found(self, ada: User) -> None:
        assert browser_of(ada).get(set_address("execution.nothing")).status_code == 404

    @pytest.mark.parametrize("person", ["bob", "alice", "charlie"])
    def test_are_for_administrators_only(self, person: str, request: pytest.FixtureRequest) -> None:
        browser = browser_of(request.getfixturevalue(person))

        answer = browser.post(set_address("execution.reconcile_every"), {"value": "60"}, follow=True)

        assert answer.status_code in (403, 404)
        assert not OperationalSetting.objects.exists()
