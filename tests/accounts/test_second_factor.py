import pytest
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from accounts import second_factors
from accounts.models import User
from core.crypto import new_key
from tests.accounts.reading import code_for, code_in
from tests.people import PASSWORD

ACTIVATE = "/accounts/2fa/totp/activate/"
CODES = "/accounts/2fa/recovery-codes/"


def log_in(browser: Client, email: str = "alice@example.org") -> None:
    browser.post("/accounts/login/", {"login": email, "password": PASSWORD})


def confirm(browser: Client, then: str) -> None:
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": then})


def opens(code: str) -> bool:
    """Whether Alice's password and this code open the site in a fresh browser."""
    browser = Client()
    log_in(browser)
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    return browser.get("/me/").status_code == 200


@pytest.fixture
def inside(alice: User) -> Client:
    """A browser in which Alice has just confirmed that it is she."""
    browser = Client()
    log_in(browser)
    confirm(browser, ACTIVATE)
    return browser


@pytest.fixture
def secret(inside: Client) -> str:
    """The secret of an authenticator app that Alice has activated."""
    shown: str = inside.get(ACTIVATE).context["form"].secret
    inside.post(ACTIVATE, {"code": code_for(shown)})
    return shown


class TestAuthenticatorApp:
    def test_asks_for_the_password_again_before_it_is_activated(self, alice: User) -> None:
        browser = Client()
        log_in(browser)

        assert browser.get(ACTIVATE).headers["Location"].startswith("/accounts/reauthenticate/")

    def test_is_asked_for_at_the_next_login(self, secret: str) -> None:
        browser = Client()
        log_in(browser)

        assert browser.get("/me/").status_code == 302
        assert opens(code_for(secret))

    def test_keeps_out_who_has_only_the_password(self, secret: str) -> None:
        browser = Client()
        log_in(browser)

        page = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})

        assert b"Incorrect code" in page.content
        assert browser.get("/me/").status_code == 302

    def test_guards_the_admin_too(self, secret: str, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(role="ADMINISTRATOR")
        browser = Client()

        log_in(browser)

        assert browser.get("/admin/").status_code == 302

    def test_is_gone_after_it_was_deactivated(self, inside: Client, secret: str) -> None:
        inside.post("/accounts/2fa/totp/deactivate/")

        assert not Authenticator.objects.exists()

    def test_stays_hers_when_charlie_deactivates(self, secret: str, charlie: User) -> None:
        his = Client()
        log_in(his, "charlie@example.org")
        confirm(his, ACTIVATE)

        assert his.post("/accounts/2fa/totp/deactivate/").status_code == 404
        assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()

    def test_does_not_keep_her_from_changing_her_address(
        self, inside: Client, secret: str, mailoutbox: list[EmailMessage]
    ) -> None:
        inside.post("/accounts/email/", {"email": "alice@new.example", "action_add": ""})
        inside.post("/accounts/confirm-email/", {"code": code_in(mailoutbox[-1])})

        assert User.objects.get().email == "alice@new.example"


class TestRecoveryCodes:
    def test_replace_the_app_once_each(self, inside: Client, secret: str) -> None:
        code = inside.get(CODES).context["unused_codes"][0]

        assert opens(code)
        assert not opens(code)

    def test_are_made_new_on_demand(self, inside: Client, secret: str) -> None:
        before = inside.get(CODES).context["unused_codes"]

        inside.post(f"{CODES}generate/")

        assert not set(before) & set(inside.get(CODES).context["unused_codes"])

    def test_are_not_shown_to_charlie(self, secret: str, charlie: User) -> None:
        his = Client()
        log_in(his, "charlie@example.org")
        confirm(his, CODES)

        assert his.get(CODES).status_code == 404
        assert his.get(f"{CODES}download/").status_code == 404


class TestSecretsAtRest:
    def test_are_sealed(self, secret: str) -> None:
        stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]

        assert secret not in stored
        assert second_factors.open_sealed(stored) == secret

    def test_open_under_a_new_key_after_they_were_sealed_again(self, secret: str, settings: Settings) -> None:
        old, new = settings.SIGNALBOX_CREDENTIAL_KEYS, f"new:{new_key()}"
        settings.SIGNALBOX_CREDENTIAL_KEYS = f"{new},{old}"

        assert second_factors.reseal_second_factors() == 2
        assert second_factors.reseal_second_factors() == 0

        settings.SIGNALBOX_CREDENTIAL_KEYS = new
        stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
        assert second_factors.open_sealed(stored) == secret
