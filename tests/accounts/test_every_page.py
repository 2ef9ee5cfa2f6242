"""What holds for every page under /accounts/ and /me/: it is ours, it loads nothing from elsewhere, no script is inline."""

import re
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.template import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests.html import assert_loads_nothing_strange
from tests.people import PASSWORD, browser_of, make_token

OUTSIDE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-x/",
]
INSIDE = [
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/2fa/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/me/",
    "/me/tokens/",
    "/me/tokens/new/",
    "/me/notifications/",
    "/me/notifications/choices/",
]
#: Reached only in the course of something; other tests walk there.
ON_THE_WAY = {
    "account_email_verification_sent", "account_confirm_login_code", "account_set_password", "mfa_authenticate",
    "mfa_activate_totp", "mfa_download_recovery_codes", "mfa_login_webauthn", "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn", "mfa_edit_webauthn", "revoke_token",
}  # fmt: skip


@pytest.fixture
def alices_browser(alice: User) -> Client:
    """A browser in which Alice has confirmed that it is she; she has an app and recovery codes."""
    TOTP.activate(alice, generate_totp_secret())
    RecoveryCodes.activate(alice)
    make_token(alice)
    browser = browser_of(alice)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def check(browser: Client, path: str) -> None:
    page = browser.get(path)
    html = page.content.decode()

    assert page.status_code == 200, (path, page.headers.get("Location"))
    assert "<h1>" in html
    assert_is_ours(page.templates)
    assert_loads_nothing_strange(html)
    policy = page.headers["Content-Security-Policy"]
    assert re.search(r"script-src 'self'(;|$)", policy), policy


def assert_is_ours(templates: list[Template]) -> None:
    pages = [template.origin.name for template in templates if str(template.name).endswith(".html")]
    own = str(settings.BASE_DIR / "templates")
    forms = str(Path("django", "forms", "templates"))
    assert [name for name in pages if not name.startswith(own) and forms not in name] == []


class TestEveryPage:
    @pytest.mark.parametrize("path", OUTSIDE)
    def test_outside_is_ours(self, client: Client, db: None, path: str) -> None:
        check(client, path)

    @pytest.mark.parametrize("path", INSIDE)
    def test_inside_is_ours(self, alices_browser: Client, path: str) -> None:
        check(alices_browser, path)

    def test_of_the_second_factor_is_ours(self, alices_browser: Client) -> None:
        browser = Client()
        browser.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
        check(browser, "/accounts/2fa/authenticate/")

        Authenticator.objects.all().delete()
        check(alices_browser, "/accounts/2fa/totp/activate/")

    def test_of_the_verification_is_ours(self, client: Client, db: None) -> None:
        form = {"email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}
        client.post("/accounts/signup/", form)

        check(client, "/accounts/confirm-email/")

    def test_for_people_without_password_is_ours(self, alice: User) -> None:
        alice.set_unusable_password()
        alice.save()

        check(browser_of(alice), "/accounts/password/set/")

    def test_is_in_the_lists_above(self, alices_browser: Client) -> None:
        named = {pattern.name for prefix in ("accounts/", "me/") for pattern in _patterns(prefix)}
        walked = {get_resolver().resolve(path).url_name for path in [*OUTSIDE, *INSIDE]}

        assert named - walked - ON_THE_WAY == set()


def _patterns(prefix: str) -> list[URLPattern]:
    found = [entry for entry in get_resolver().url_patterns if str(entry.pattern) == prefix]
    return [pattern for entry in found for pattern in _leaves(entry)]


def _leaves(entry: URLPattern | URLResolver) -> list[URLPattern]:
    if isinstance(entry, URLPattern):
        return [entry]
    return [leaf for inner in entry.url_patterns for leaf in _leaves(inner)]
