"""The pages under /me/notifications/."""

import re
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from accounts.paging import PAGE_SIZE
from events import selectors
from events.facts import Concern, Ways
from events.mailing import gather
from events.models import MailStatus, Notification, NotificationMail
from tests.events.telling import told
from tests.people import NOON, browser_of

LIST = "/me/notifications/"
CHOICES = f"{LIST}choices/"


def html_of(browser: Client, path: str, **query: str) -> str:
    response = browser.get(path, query)
    assert response.status_code == 200, response
    return response.content.decode()


class TestList:
    def test_shows_ones_own_and_nobody_elses(self, alice: User, charlie: User, ada: User) -> None:
        told(alice, title="Failed: buy BTC/USDT on Main")

        assert "Failed: buy BTC/USDT on Main" in html_of(browser_of(alice), LIST)
        assert "Failed: buy BTC/USDT on Main" not in html_of(browser_of(charlie), LIST)
        assert "Failed: buy BTC/USDT on Main" not in html_of(browser_of(ada), LIST)

    def test_says_so_when_there_is_nothing(self, alice: User) -> None:
        assert "Nothing to tell yet" in html_of(browser_of(alice), LIST)
        assert "Everything is read" in html_of(browser_of(alice), LIST, only="unread")

    def test_tells_unread_from_read(self, alice: User) -> None:
        told(alice, title="Old news", read_at=NOON)
        told(alice, title="Fresh news")

        html = html_of(browser_of(alice), LIST, only="unread")
        assert "Fresh news" in html
        assert "Old news" not in html

    def test_leaves_out_what_goes_by_mail_alone(self, alice: User) -> None:
        told(alice, title="By mail", is_in_app=False)

        assert "By mail" not in html_of(browser_of(alice), LIST)

    def test_goes_on_on_the_next_page(self, alice: User) -> None:
        for number in range(PAGE_SIZE + 1):
            told(alice, title=f"News number {number:03d}")
        browser = browser_of(alice)

        older = re.search(r'href="(\?before=[^"]+)" rel="next"', html_of(browser, LIST))
        assert older is not None
        page = html_of(browser, LIST + older[1])
        assert "News number 000" in page
        assert "News number 001" not in page

    def test_shows_what_people_call_their_accounts_as_text(self, alice: User) -> None:
        told(alice, title="Failed on <script>alert(1)</script>")

        assert "<script>alert" not in html_of(browser_of(alice), LIST)

    def test_says_when_a_mail_failed_without_the_servers_words(self, alice: User) -> None:
        told(alice)
        gather(now=NOON.replace(minute=5))
        NotificationMail.objects.update(status=MailStatus.FAILED, last_error="550 at mail.internal")

        html = html_of(browser_of(alice), LIST)
        assert "E-mail failed" in html
        assert "mail.internal" not in html

    def test_answers_with_the_region_alone_when_it_refreshes_itself(self, alice: User) -> None:
        response = browser_of(alice).get(LIST, headers={"HX-Request": "true"})

        assert b"<html" not in response.content
        assert b'id="notifications"' in response.content

    def test_needs_a_login(self, client: Client, db: None) -> None:
        assert client.get(LIST)["Location"].startswith("/accounts/login/")


class TestOpening:
    def test_leads_to_the_page_and_marks_it_as_read(self, alice: User) -> None:
        row = told(alice)

        response = browser_of(alice).get(f"{LIST}{row.pk}/")

        assert response["Location"] == f"/executions/{row.subject_id}/"
        assert selectors.count_unread(alice) == 0

    def test_leads_back_where_there_is_no_page(self, alice: User) -> None:
        row = told(alice, subject_type="accounts.user")

        assert browser_of(alice).get(f"{LIST}{row.pk}/")["Location"] == LIST

    def test_knows_nothing_of_anothers(self, alice: User, charlie: User) -> None:
        row = told(alice)

        assert browser_of(charlie).get(f"{LIST}{row.pk}/").status_code == 404
        assert browser_of(charlie).get(f"{LIST}{uuid4()}/").status_code == 404
        assert selectors.count_unread(alice) == 1


class TestReadAll:
    def test_takes_ones_own(self, alice: User, charlie: User) -> None:
        told(alice)
        told(charlie)

        browser_of(alice).post(f"{LIST}read/")

        assert (selectors.count_unread(alice), selectors.count_unread(charlie)) == (0, 1)

    def test_is_no_link(self, alice: User) -> None:
        assert browser_of(alice).get(f"{LIST}read/").status_code == 405


class TestChoices:
    def test_show_the_defaults_first(self, alice: User) -> None:
        html = html_of(browser_of(alice), CHOICES)

        assert re.search(r'name="FAILED-mail"[^>]* checked', html)
        assert not re.search(r'name="EXECUTED-mail"[^>]* checked', html)
        assert re.search(r'name="EXECUTED-app"[^>]* checked', html)

    def test_are_kept(self, alice: User, charlie: User) -> None:
        browser = browser_of(alice)

        browser.post(CHOICES, {"EXECUTED-mail": "on"})

        assert selectors.ways_of(alice)[Concern.EXECUTED] == Ways(in_app=False, by_mail=True)
        assert not selectors.ways_of(alice)[Concern.FAILED]
        assert selectors.ways_of(charlie)[Concern.FAILED] == Ways(in_app=True, by_mail=True)
        assert re.search(r'name="EXECUTED-mail"[^>]* checked', html_of(browser, CHOICES))

    def test_offer_signals_of_ones_own_to_staff_only(self, alice: User, bob: User) -> None:
        assert 'name="SIGNAL-app"' in html_of(browser_of(bob), CHOICES)
        assert 'name="SIGNAL-app"' not in html_of(browser_of(alice), CHOICES)

    def test_say_that_no_mail_goes_to_an_address_nobody_verified(self, alice: User) -> None:
        EmailAddress.objects.filter(user=alice).update(verified=False)

        assert "No e-mail is sent until" in html_of(browser_of(alice), CHOICES)


@pytest.mark.django_db
class TestAdmin:
    def test_shows_administrators_why_a_mail_did_not_leave(self, alice: User, ada: User, bob: User) -> None:
        told(alice)
        gather(now=NOON.replace(minute=5))
        NotificationMail.objects.update(status=MailStatus.FAILED, last_error="550 nobody here")

        page = "/admin/events/notificationmail/"
        assert "550 nobody here" in html_of(browser_of(ada), page)
        assert browser_of(bob).get(page).status_code == 403
        assert Notification.objects.count() == 1
