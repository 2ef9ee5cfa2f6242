"""What every page withstands: names that are markup, parameters that are nonsense, and more rows than expected."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.html import HARM, assert_loads_nothing_strange, is_harmed
from tests.people import PASSWORD, browser_of
from tests.site import PAGES, Page, Stage, another_trade, set_stage
from tests.staff import page_of

READABLE = [page for page in PAGES.values() if page.has_form]
LISTS = [
    "connections:list", "connections:presets", "connections:connection_subscriptions", "execution:feed",
    "execution:signal", "execution:channels", "execution:channel", "execution:positions", "execution:executions",
    "execution:orders", "execution:breaks", "console:home", "console:activity", "console:desk",
    "console:desk_signal", "console:preview",
]  # fmt: skip
#: Lists that have one page.
WHOLE = {"connections:connection_subscriptions", "execution:signal", "console:home", "console:preview"}
#: Longer than Python turns into a number.
ENDLESS = "9" * 5000
NONSENSE = [
    "",
    "-1",
    "0",
    ENDLESS,
    "\x00",
    "%00",
    "٣",
    "²",
    "x" * 4000,
    "🐟\u202e",
    "' OR 1=1 --",
    "1e999999",
    "NaN",
    "../../etc",
]
PARAMETERS = {
    "before": [*NONSENSE, f"~{uuid4()}", f"0001-01-01T00:00:00+23:59~{uuid4()}", f"9999-12-31T23:59:59-23:59~{uuid4()}",
               f"2026-01-01~{uuid4()}", f"2026-01-01T00:00:00Z~{ENDLESS}", "2026-01-01T00:00:00Z~", "-9223372036854775809"],
    "asked": NONSENSE, "q": NONSENSE, "copy": [*NONSENSE, str(uuid4())], "connection": [*NONSENSE, str(uuid4())],
    "status": NONSENSE, "symbol": NONSENSE, "pair": NONSENSE, "direction": NONSENSE, "channel": NONSENSE,
    "followed": NONSENSE, "signal": NONSENSE, "show": NONSENSE, "of": NONSENSE,
}  # fmt: skip


def parameter_takers() -> list[tuple[str, str]]:
    """Pages with the parameters they look at."""
    known = {
        "connections:choose": ["q"], "connections:detail": ["asked"], "connections:health": ["asked"],
        "connections:add_preset": ["copy"], "execution:subscribe": ["connection"], "console:draft": ["copy"],
        "execution:positions": ["status", "symbol", "connection"],
        "execution:executions": ["status", "signal", "connection"], "execution:orders": ["show", "connection"],
        "execution:feed": ["pair", "direction", "status", "channel", "followed"], "console:activity": ["of"],
    }  # fmt: skip
    paged = [(name, "before") for name in LISTS if name not in WHOLE]
    return [*paged, *((name, each) for name, parameters in known.items() for each in parameters)]


@pytest.fixture
def stage(alice: User, bob: User) -> Stage:
    return set_stage(alice, bob)


@pytest.fixture
def harmful(alice: User, bob: User) -> Stage:
    """The stage where everything that may be named is named by somebody who means harm."""
    alice.name = bob.name = HARM
    alice.save()
    bob.save()
    return set_stage(alice, bob, name=HARM, text=HARM)


class TestMarkup:
    @pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "region"])
    @pytest.mark.parametrize("person", ["alice", "bob", "ada"])
    def test_is_text_on_every_page(
        self, harmful: Stage, person: str, headers: dict[str, str], request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))

        pages = {
            page.name: browser.get(harmful.address(page), headers=headers).content.decode() for page in READABLE
        }

        assert [name for name, html in pages.items() if is_harmed(html)] == []
        assert sum("&lt;script&gt;harm()" in html for html in pages.values()) > 5

    def test_is_text_in_what_a_page_says_after_an_act(self, harmful: Stage, alice: User) -> None:
        browser = browser_of(alice)
        acts = [
            "connections:pause",
            "connections:resume",
            "execution:close",
            "execution:compare",
        ]

        pages = [
            browser.post(harmful.address(PAGES[name]), {"reason": HARM}, follow=True).content.decode()
            for name in acts
        ]

        assert [name for name, html in zip(acts, pages, strict=True) if is_harmed(html)] == []
        assert all("message" in html for html in pages)

    def test_is_text_in_the_admin(self, harmful: Stage, ada: User) -> None:
        browser = browser_of(ada)
        models = {model: f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}

        lists = {name: browser.get(f"/admin/{name}/") for name in models.values()}
        rows = {
            name: browser.get(page_of(name, row))
            for model, name in models.items()
            for row in model._default_manager.all()[:3]
        }

        found = [*lists.items(), *rows.items()]
        assert [name for name, answer in found if is_harmed(answer.content.decode())] == []
        assert sum(b"&lt;script&gt;harm()" in answer.content for _, answer in found) > 5


class TestScripts:
    @pytest.mark.parametrize("person", ["alice", "ada"])
    def test_come_from_files_of_ours_only(self, stage: Stage, person: str, request: pytest.FixtureRequest) -> None:
        browser = browser_of(request.getfixturevalue(person))

        for answer in (browser.get(stage.address(page)) for page in READABLE):
            assert_loads_nothing_strange(answer.content.decode())
            assert "script-src 'self';" in f"{answer.headers['Content-Security-Policy']};"

    @pytest.mark.parametrize("path", ["/nothing/", "/admin/", "/api/v1/nothing/", "/healthz", "/live/", "/%00"])
    def test_are_barred_by_every_answer(self, client: Client, db: None, path: str) -> None:
        policy = client.get(path).headers["Content-Security-Policy"]

        assert "default-src 'self'" in policy
        assert "script-src 'self'" in policy
        assert "object-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


class TestParameters:
    @pytest.mark.parametrize(("name", "parameter"), parameter_takers())
    def test_that_are_nonsense_break_nothing(self, stage: Stage, ada: User, name: str, parameter: str) -> None:
        browser, address = browser_of(ada), stage.address(PAGES[name])

        found = {
            value[:50]: browser.get(address, {parameter: value}).status_code for value in PARAMETERS[parameter]
        }

        assert {value: code for value, code in found.items() if code not in (200, 400, 404)} == {}

    @pytest.mark.parametrize("page", [page for page in PAGES.values() if page.of], ids=lambda page: page.name)
    def test_in_the_address_that_are_nonsense_find_nothing(self, stage: Stage, ada: User, page: Page) -> None:
        browser, address = browser_of(ada), stage.address(page)
        key = address.strip("/").split("/")[2 if page.of == "exchange" else 1]
        strange = [str(uuid4()), "0", "%00", "..", "x" * 2000, "%F0%9F%90%9F", "%FF"]

        found = {each[:20]: browser.get(address.replace(key, each)).status_code for each in strange}

        assert set(found.values()) <= {400, 404, 405}
        assert 404 in found.values() or page.acts


class TestHost:
    def test_of_another_name_is_refused_without_repeating_it(self, client: Client, db: None) -> None:
        answer = client.get("/", headers={"host": "evil.example"})

        assert answer.status_code == 400
        assert b"evil.example" not in answer.content

    def test_that_a_proxy_claims_is_not_believed(self, client: Client, db: None) -> None:
        answer = client.get("/", headers={"x-forwarded-host": "evil.example"})

        assert "evil.example" not in answer.headers["Location"]


class TestNext:
    @pytest.mark.parametrize(
        "place",
        ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "http:evil.example",
         " https://evil.example", "https:///evil.example", "\t//evil.example", "//evil.example\x00/"],
    )  # fmt: skip
    def test_leads_to_no_other_site(self, client: Client, alice: User, place: str) -> None:
        form = {"login": "alice@example.org", "password": PASSWORD}
        answer = client.post("/accounts/login/", {**form, "next": place}, query_params={"next": place})

        assert answer.headers["Location"] == "/"


class TestQueries:
    @pytest.mark.parametrize("person", ["alice", "bob", "ada"])
    def test_are_as_many_however_many_rows_there_are(
        self, stage: Stage, person: str, request: pytest.FixtureRequest
    ) -> None:
        browser = browser_of(request.getfixturevalue(person))
        another_trade(stage)
        few = self._costs(browser, stage)
        for _ in range(3):
            another_trade(stage)

        assert self._costs(browser, stage) == few

    def _costs(self, browser: Client, stage: Stage) -> dict[str, int]:
        def cost(page: Page) -> int:
            browser.get(stage.address(page))  # the first look may warm what a process remembers
            with CaptureQueriesContext(connection) as queries:
                browser.get(stage.address(page))
            return len(queries)

        pages: list[Any] = [page for page in READABLE if page.name in LISTS or page.of]
        return {page.name: cost(page) for page in pages}
