"""The bell in the bar of every page."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from console.live.news import News, Person, may_hear
from events import selectors
from events.catalogue import Kind
from events.models import Event
from tests.events.telling import told
from tests.people import NOON, browser_of


def bell_of(user: User) -> str:
    return browser_of(user).get("/bell/").content.decode()


class TestBell:
    def test_counts_what_is_unread(self, alice: User, charlie: User) -> None:
        told(alice)
        told(alice)
        told(alice, read_at=NOON)

        assert ">2</span>" in bell_of(alice)
        assert 'aria-label="Notifications, 2 unread"' in bell_of(alice)
        assert 'class="count"' not in bell_of(charlie)

    def test_stops_counting_where_nobody_reads_on(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(selectors, "MOST_COUNTED", 3)
        for _ in range(5):
            told(alice)

        assert ">2+</span>" in bell_of(alice)

    def test_hangs_in_every_page(self, alice: User, client: Client) -> None:
        assert 'id="bell"' in browser_of(alice).get("/me/").content.decode()
        assert 'id="bell"' not in client.get("/accounts/login/").content.decode()

    def test_costs_nothing_where_it_does_not_hang(self, alice: User, django_assert_max_num_queries: Any) -> None:
        browser = browser_of(alice)
        with django_assert_max_num_queries(20) as asked:
            browser.get("/positions/", headers={"HX-Request": "true"})

        assert not [each for each in asked.captured_queries if "events_notification" in each["sql"]]

    def test_is_for_people_who_are_logged_in(self, client: Client, db: None) -> None:
        assert client.get("/bell/").status_code == 302


class TestNews:
    def test_of_a_notification_reach_the_person_and_no_other_subscriber(self, alice: User, charlie: User) -> None:
        told(alice)
        event = Event.objects.get(kind=Kind.NOTIFICATION_CREATED)
        news = News(event.pk, event.kind, event.subject_type, event.subject_id, event.owner_id)

        assert b"event: live-notification\n" in news.encoded()
        assert may_hear(Person(alice.pk, Role.SUBSCRIBER), news)
        assert not may_hear(Person(charlie.pk, Role.SUBSCRIBER), news)
        assert not may_hear(Person(charlie.pk, Role.PROVIDER), news)
