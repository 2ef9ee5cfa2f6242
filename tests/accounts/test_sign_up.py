from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from tests.accounts.reading import code_in
from tests.people import PASSWORD

SIGN_UP = "/accounts/signup/"
CONFIRM = "/accounts/confirm-email/"


def sign_up(browser: Client, email: str, password: str = PASSWORD) -> str:
    """Fill in the form and return where the browser is sent."""
    answer = browser.post(SIGN_UP, {"email": email, "password1": password, "password2": password})
    return str(answer.headers.get("Location", ""))


class TestSignUp:
    def test_makes_a_subscriber_who_is_let_in_after_the_code(
        self, client: Client, db: None, mailoutbox: list[EmailMessage]
    ) -> None:
        assert sign_up(client, "eve@example.org") == CONFIRM
        assert client.get("/me/").status_code == 302

        client.post(CONFIRM, {"code": code_in(mailoutbox[0])})

        assert User.objects.get(email="eve@example.org").role == Role.SUBSCRIBER
        assert client.get("/me/").status_code == 200

    def test_stays_outside_with_a_wrong_code(
        self, client: Client, db: None, mailoutbox: list[EmailMessage]
    ) -> None:
        sign_up(client, "eve@example.org")

        page = client.post(CONFIRM, {"code": "AAAA-AAAA"})

        assert b"Incorrect code" in page.content
        assert client.get("/me/").status_code == 302

    def test_ends_after_three_wrong_codes(self, client: Client, db: None, mailoutbox: list[EmailMessage]) -> None:
        sign_up(client, "eve@example.org")
        guesses = [client.post(CONFIRM, {"code": "AAAA-AAAA"}) for _ in range(3)]

        client.post(CONFIRM, {"code": code_in(mailoutbox[0])})

        assert guesses[-1].headers["Location"] == "/accounts/login/"
        assert client.get("/me/").status_code == 302

    def test_does_not_tell_that_an_address_is_taken(
        self, client: Client, alice: User, mailoutbox: list[EmailMessage]
    ) -> None:
        assert sign_up(client, "alice@example.org") == CONFIRM

        assert User.objects.count() == 1
        assert "already" in mailoutbox[0].body
        assert client.get(CONFIRM).status_code == 200

    def test_takes_no_role_from_the_form(self, client: Client, db: None) -> None:
        form = {"email": "eve@example.org", "password1": PASSWORD, "password2": PASSWORD}

        client.post(SIGN_UP, {**form, "role": "ADMINISTRATOR", "is_superuser": "on"})

        assert User.objects.get().role == Role.SUBSCRIBER

    def test_refuses_a_weak_password(self, client: Client, db: None) -> None:
        assert sign_up(client, "eve@example.org", "password12") == ""
        assert not User.objects.exists()
