"""Who gets which page: everybody in the cast, every address, as a page and as the region that refreshes itself."""

import hashlib
from itertools import chain

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from tests.factories import CREDENTIALS
from tests.people import browser_of
from tests.site import APPS, PAGES, PRIVATE, STREAM, Page, Stage, set_stage, urls_of

READABLE = [page for page in PAGES.values() if page.has_form]
ACTS = [page for page in PAGES.values() if page.acts]
REGION = {"HX-Request": "true"}


@pytest.fixture
def stage(alice: User, bob: User) -> Stage:
    return set_stage(alice, bob)


def may_read(page: Page, person: str) -> bool:
    return person in page.readers


def fingerprints() -> dict[str, str]:
    """What every table holds."""
    return {
        model._meta.label: hashlib.sha256(
            repr(sorted(map(repr, model._default_manager.values()))).encode()
        ).hexdigest()
        for model in apps.get_models()
        if model is not Session and model._meta.label != "usersessions.UserSession"
    }


class TestEveryAddress:
    def test_is_named_in_the_table(self) -> None:
        assert urls_of(*APPS) == {*PAGES, STREAM}


class TestAnonymous:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_led_to_the_login(self, stage: Stage, client: Client, method: str) -> None:
        answers = {page.name: getattr(client, method)(stage.address(page)) for page in PAGES.values()}

        places = {name: answer.headers.get("Location", "") for name, answer in answers.items()}
        assert [name for name, place in places.items() if not place.startswith("/accounts/login/?next=/")] == []

    def test_has_the_whole_page_led_there_when_a_region_refreshes(self, stage: Stage, client: Client) -> None:
        answers = [client.get(stage.address(page), headers=REGION) for page in READABLE]

        assert {answer.status_code for answer in answers} == {204}
        assert all(answer.headers["HX-Redirect"].startswith("/accounts/login/?next=/") for answer in answers)

    def test_comes_back_to_the_page_that_was_open_and_to_no_other_site(self, stage: Stage, client: Client) -> None:
        region = stage.address(PAGES["connections:health"])
        strange = ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "x" * 3000, "http://[", ""]
        pages = ["http://testserver/positions/?status=CLOSED", "/orders/", *strange]

        places = [
            client.get(region, headers=REGION | {"HX-Current-URL": page}).headers["HX-Redirect"] for page in pages
        ]

        back = ["/positions/%3Fstatus%3DCLOSED", "/orders/", *[region] * len(strange)]
        assert places == [f"/accounts/login/?next={place}" for place in back]


class TestReading:
    @pytest.mark.parametrize("headers", [{}, REGION], ids=["page", "region"])
    @pytest.mark.parametrize("person", ["alice", "bob", "charlie", "ada"])
    def test_is_for_those_in_the_table(
        self, stage: Stage, person: str, headers: dict[str, str], request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))

        found = {page.name: browser.get(stage.address(page), headers=headers).status_code for page in READABLE}

        assert found == {page.name: 200 if may_read(page, person) else 404 for page in READABLE}

    @pytest.mark.parametrize("headers", [{}, REGION], ids=["page", "region"])
    @pytest.mark.parametrize("person", ["bob", "charlie"])
    def test_tells_others_nothing_of_what_is_alices(
        self, stage: Stage, person: str, headers: dict[str, str], request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))
        private = [*PRIVATE, str(stage.connection.pk), stage.trade.order.client_order_id]

        pages = {
            page.name: browser.get(stage.address(page), headers=headers).content.decode()
            for page in PAGES.values()
        }

        told = {(name, words) for name, html in pages.items() for words in private if words in html}
        assert told == set()

    @pytest.mark.parametrize("person", ["alice", "bob", "ada"])
    def test_never_shows_a_secret(self, stage: Stage, person: str, request: pytest.FixtureRequest) -> None:
        browser = browser_of(request.getfixturevalue(person))
        secrets = [*CREDENTIALS.values(), str(stage.connection.credentials)]

        pages = [browser.get(stage.address(page)).content.decode() for page in PAGES.values()]

        assert [secret for secret in secrets for html in pages if secret in html] == []

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_changes_nothing(self, stage: Stage, ada: User, alice: User, method: str) -> None:
        browsers = [browser_of(ada), browser_of(alice)]
        before = fingerprints()

        for browser, page in ((browser, page) for browser in browsers for page in PAGES.values()):
            getattr(browser, method)(stage.address(page))

        assert fingerprints() == before


class TestActing:
    @pytest.mark.parametrize("person", ["alice", "bob", "charlie"])
    def test_on_what_one_may_not_see_finds_nothing(
        self, stage: Stage, person: str, request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))
        barred = [page for page in ACTS if not may_read(page, person)]
        before = fingerprints()

        found = {
            page.name: browser.post(stage.address(page), {"switch": "off", "confirm": "1"}).status_code
            for page in barred
        }

        assert found == dict.fromkeys(found, 404)
        assert fingerprints() == before

    def test_needs_the_token_of_a_form(self, stage: Stage, alice: User, ada: User) -> None:
        browsers = [Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)]
        for browser, person in zip(browsers, (alice, ada), strict=True):
            browser.force_login(person)
        before = fingerprints()

        answers = list(chain(*([browser.post(stage.address(page)) for page in ACTS] for browser in browsers)))

        assert {answer.status_code for answer in answers} == {403}
        assert fingerprints() == before

    def test_needs_a_post(self, stage: Stage, alice: User, ada: User) -> None:
        acts = [page for page in ACTS if not page.has_form]
        found = {
            (page.name, method): getattr(browser_of(person), method)(stage.address(page)).status_code
            for page in acts
            for person in (alice, ada)
            for method in ("get", "head", "put", "delete")
        }

        assert found == dict.fromkeys(found, 405)

    def test_is_nothing_that_a_page_for_reading_does(self, stage: Stage, ada: User) -> None:
        browser = browser_of(ada)

        found = {
            page.name: browser.post(stage.address(page)).status_code for page in PAGES.values() if not page.acts
        }

        assert found == dict.fromkeys(found, 405)
