"""The main job as people do it, in Chromium: Alice joins and connects an account, Bob publishes, she closes by hand."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from accounts.models import User
from bench.nursery import BEAT, FEED
from tests.infrastructure.processes import Spawn
from tests.infrastructure.workers import Workers
from tests.makers import make_channel, make_preset
from tests.people import PASSWORD
from tests.venue_process import RunningVenue, VenueAccount

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(240),
]

EMAIL = "alice@signalbox.example"
#: The narrowest screen that is served.
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
PATIENCE_MS = 30_000


@dataclass
class Visitor:
    """One person before a browser of their own. It keeps what no page may do."""

    page: Page
    site: str
    #: errors in the console, failed scripts, and requests to other hosts
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._listen)
        self.page.on("pageerror", self._fail)
        self.page.on("request", lambda request: self._hear(request.url))

    def _listen(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(error.message)

    def _hear(self, url: str) -> None:
        if urlsplit(url).netloc not in ("", urlsplit(self.site).netloc):
            self.complaints.append(f"It asked {url}.")

    def log_in(self, email: str) -> None:
        self.page.goto("/accounts/login/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button:text-is('Log in')")
        self.page.wait_for_url(re.compile(r"^(?!.*/login/)"))

    def status_of(self, path: str) -> int:
        """What the site answers to an address that is typed in."""
        reply = self.page.request.get(self.site + path)
        return reply.status

    def overflow(self, path: str) -> int:
        """By how many pixels a page is wider than a narrow screen."""
        self.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        self.page.goto(path)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        return max(0, int(width) - NARROW["width"])


@pytest.fixture
def mailbox(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def site(process_environment: dict[str, str], spawn: Spawn, mailbox: Path) -> Iterator[str]:
    """The address of the running site, with static files served as a developer has them."""
    environment = process_environment | {"DEBUG": "true", "EMAIL_URL": f"filemail:///{mailbox}"}
    # The socket listens before the site does, so whoever comes early only waits.
    with socket.create_server(("127.0.0.1", 0)) as door:
        spawn(
            ["uvicorn", "config.asgi:application", "--fd", str(door.fileno()), "--no-access-log"],
            env=environment,
            stdout=None,
            pass_fds=[door.fileno()],
        )
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


@pytest.fixture
def account(venue: RunningVenue) -> VenueAccount:
    """Alice's account at the venue."""
    return venue.admin.open_account("alice", spot={"USDT": "10000"})


def let_in(user: User) -> None:
    """Keep the password as the site does; the suite's own way is quicker and known to the suite alone."""
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, salt="salted", iterations=1000)
    user.save(update_fields=["password"])


@pytest.fixture
def everything(
    account: VenueAccount, bob: User, charlie: User, workers: Workers, site: str
) -> None:  # people come first: while Playwright runs, this thread may not talk to the database
    for each in (bob, charlie):
        let_in(each)
    preset = make_preset(owner=bob, values={"sizing_mode": "FIXED_QUANTITY", "size": "0.01"})
    make_channel(owner=bob, name="Bob's swings", slug="bobs-swings", preset=preset)
    for queue in ("orders", "exits", "default"):
        workers.start(queues=queue)
    workers.nursery.start(BEAT)
    workers.nursery.start(FEED)


@pytest.fixture
def visit(chromium: str, everything: None, site: str) -> Iterator[Callable[[], Visitor]]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def begin() -> Visitor:
            context = browser.new_context(base_url=site, viewport=WIDE)  # type: ignore[arg-type]
            return Visitor(context.new_page(), site)

        yield begin
        browser.close()


def code_in(mailbox: Path) -> str:
    """The code of the last message."""
    newest = max(mailbox.iterdir(), key=lambda path: path.stat().st_mtime)
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", newest.read_text(), re.MULTILINE)
    assert found, newest.read_text()
    return found[1]


def sign_up(alice: Visitor, mailbox: Path) -> None:
    page = alice.page
    page.goto("/accounts/signup/")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("main button:text('Sign up')")
    page.wait_for_selector("h1:text('Verify your e-mail address')")
    page.fill("[name=code]", code_in(mailbox))
    page.click("button:text-is('Verify')")
    page.wait_for_url(re.compile(r"^(?!.*/accounts/)"))


def connect(alice: Visitor, account: VenueAccount, venue_url: str) -> str:
    """Add the account, and return its address on the site once it is tested."""
    page = alice.page
    page.goto("/connections/new/")
    page.fill("[name=q]", "binance")
    page.click("#exchanges a:has(span:text-is('binance'))")
    page.fill("[name=name]", "Swing")
    page.select_option("[name=environment]", "REHEARSAL")
    page.fill("[name=base_url]", venue_url)
    page.get_by_label("API key").fill(account.api_key)
    page.get_by_label("Secret").fill(account.secret)
    page.click("button:text-is('Add and test')")
    expect(page.locator("#health")).to_contain_text("Healthy", timeout=PATIENCE_MS)
    return urlsplit(page.url).path


def ask_again(alice: Visitor) -> None:
    alice.page.click("button:text-is('Test now')")
    expect(alice.page.locator("#health")).to_contain_text("Healthy", timeout=PATIENCE_MS)


def subscribe(alice: Visitor) -> None:
    page = alice.page
    page.goto("/channels/bobs-swings/")
    page.click("a:text('Subscribe an account')")
    page.click("a:text-is('Choose')")
    page.click("button:text('See what would hold')")
    page.click("button:text-is('Follow')")
    expect(page.locator("main")).to_contain_text("Swing")


def publish(bob: Visitor) -> None:
    """Draft, approve, read the confirmation, and publish."""
    page = bob.page
    page.goto("/desk/new/")
    page.fill("[name=currency_pair]", "BTC/USDT")
    page.fill("[name=open_price]", "60000")
    page.fill("[name=sl]", "58800")
    page.fill("[name='targets-0-price']", "61200")
    page.click("button:text('Keep as a draft')")
    page.click("button:text-is('Approve')")
    page.click("a:text('Publish ...')")
    expect(page.locator(".figure").first).to_have_text("It would trade on 1 of 1 account.")
    page.click("button:text('Publish to 1 account')")
    page.wait_for_url(re.compile(r"/desk/[^/]+/$"))


def see_execution(alice: Visitor) -> str:
    """See it come without reloading, and return the address of its page."""
    page = alice.page
    expect(page.locator("#executions")).to_contain_text("The entry was filled.", timeout=PATIENCE_MS)
    page.click("#executions .main-link")
    return urlsplit(page.url).path


def close_by_hand(alice: Visitor) -> str:
    """Close the position, see it end without reloading, and return its address."""
    page = alice.page
    page.goto("/positions/")
    page.click("#positions .main-link")
    address = urlsplit(page.url).path
    page.click("a:text('Close the position')")
    page.click("#close button.danger")
    page.goto(address)
    expect(page.locator("#position")).to_contain_text("Closed by hand", timeout=PATIENCE_MS)
    return address


class TestJourney:
    def test_leads_from_signing_up_to_closing_by_hand(
        self,
        visit: Callable[[], Visitor],
        site: str,
        mailbox: Path,
        venue: RunningVenue,
        account: VenueAccount,
        bob: User,
        charlie: User,
    ) -> None:
        alice, provider, stranger = visit(), visit(), visit()

        sign_up(alice, mailbox)
        connection = connect(alice, account, venue.url)
        ask_again(alice)
        subscribe(alice)
        alice.page.goto("/executions/")
        provider.log_in("bob@example.org")
        publish(provider)
        execution = see_execution(alice)
        position = close_by_hand(alice)

        assert venue.admin.orders(account="alice", open="true") == []
        stranger.log_in("charlie@example.org")
        mine = [connection, execution, position, f"{position}close/"]
        assert [stranger.status_of(path) for path in mine] == [404] * 4
        pages = ["/", "/signals/", "/channels/", "/connections/", "/executions/", "/positions/", *mine]
        assert {path: alice.overflow(path) for path in pages} == dict.fromkeys(pages, 0)
        assert [*alice.complaints, *provider.complaints, *stranger.complaints] == []
