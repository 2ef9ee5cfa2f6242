"""Passkeys in a real browser, under our content policy, with a simulated authenticator."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(chromium: str, alice: User, live_server: LiveServer) -> Iterator[Page]:
    # Alice comes first: while Playwright runs, this thread may not talk to the database.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        # Browsers refuse passkeys on a bare address, so the site is opened by name.
        context = browser.new_context(base_url=live_server.url.replace("127.0.0.1", "localhost"))
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()


def log_in(page: Page, alice: User) -> None:
    page.goto("/accounts/login/?next=/me/")
    page.fill("[name=login]", alice.email)
    page.fill("[name=password]", PASSWORD)
    page.click("button:text-is('Log in')")


def add_passkey(page: Page) -> None:
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("input[type=password]", PASSWORD)
    page.click("button:text('Confirm')")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_selector("text=Recovery codes")


class TestPasskeyJourney:
    def test_adds_a_passkey_and_logs_in_with_it_alone(self, page: Page, alice: User) -> None:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        log_in(page, alice)
        add_passkey(page)
        page.goto("/accounts/logout/")
        page.click("main button:text('Log out')")

        page.goto("/accounts/login/?next=/me/")
        page.click("#passkey_login")
        page.wait_for_selector("h1:text('Profile')")

        assert "alice@example.org" in page.inner_text("main")
        assert [text for text in complaints if "Content Security Policy" in text] == []

    def test_takes_the_passkey_as_second_factor(self, page: Page, alice: User) -> None:
        log_in(page, alice)
        add_passkey(page)
        page.context.clear_cookies()

        log_in(page, alice)
        page.click("#mfa_webauthn_authenticate")

        page.wait_for_selector("h1:text('Profile')")
