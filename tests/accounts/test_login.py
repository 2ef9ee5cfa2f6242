from django.core.mail import EmailMessage
from django.test import Client

from accounts import services
from accounts.models import User
from core.clock import now
from tests.accounts.reading import path_in
from tests.people import PASSWORD, browser_of

LOGIN = "/accounts/login/"


def log_in(browser: Client, email: str, password: str = PASSWORD) -> bool:
    """Fill in the form and tell whether the browser is inside then."""
    browser.post(LOGIN, {"login": email, "password": password})
    return browser.get("/me/").status_code == 200


class TestLogin:
    def test_opens_to_address_and_password(self, client: Client, alice: User) -> None:
        assert log_in(client, "Alice@Example.org")

    def test_stays_closed_to_a_wrong_password(self, client: Client, alice: User) -> None:
        assert not log_in(client, "alice@example.org", "wrong")

    def test_answers_the_same_to_a_stranger_and_to_a_wrong_password(self, client: Client, alice: User) -> None:
        pages = [
            client.post(LOGIN, {"login": email, "password": "wrong"}).context["form"].errors
            for email in ("alice@example.org", "nobody@example.org")
        ]

        assert pages[0] == pages[1]

    def test_stays_closed_to_an_account_that_is_not_active(self, client: Client, alice: User, ada: User) -> None:
        services.deactivate(user=alice, actor=ada, now=now())

        assert not log_in(client, "alice@example.org")

    def test_closes_open_sessions_when_the_account_is_closed(self, alice: User, ada: User) -> None:
        browser = browser_of(alice)

        services.deactivate(user=alice, actor=ada, now=now())

        assert browser.get("/me/").status_code == 302

    def test_stops_guessing_after_five_attempts(self, client: Client, alice: User) -> None:
        guesses = [log_in(client, "alice@example.org", "wrong") for _ in range(5)]

        assert not any(guesses)
        assert not log_in(client, "alice@example.org")

    def test_shows_our_own_page_to_a_flood(self, client: Client, db: None) -> None:
        pages = [client.post(LOGIN, {"login": f"{n}@example.org", "password": "x"}) for n in range(31)]

        assert pages[-1].status_code == 429
        assert b"Please wait some minutes" in pages[-1].content

    def test_is_the_only_door_to_the_admin(self, client: Client, ada: User) -> None:
        assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(LOGIN)

    def test_goes_to_no_other_site_afterwards(self, client: Client, alice: User) -> None:
        form = {"login": "alice@example.org", "password": PASSWORD, "next": "https://evil.example/"}

        assert client.post(LOGIN, form).headers["Location"] == "/"


class TestLogout:
    def test_asks_first_and_then_closes_the_session(self, alice: User) -> None:
        browser = browser_of(alice)
        browser.get("/accounts/logout/")
        assert browser.get("/me/").status_code == 200

        browser.post("/accounts/logout/")

        assert browser.get("/me/").status_code == 302


class TestPasswordReset:
    def test_sets_a_new_password_by_a_link_that_works_once(
        self, client: Client, alice: User, mailoutbox: list[EmailMessage]
    ) -> None:
        client.post("/accounts/password/reset/", {"email": "alice@example.org"})
        link = path_in(mailoutbox[0])

        form = client.get(link, follow=True)
        client.post(
            form.request["PATH_INFO"], {"password1": "a fresh pass phrase", "password2": "a fresh pass phrase"}
        )

        assert log_in(client, "alice@example.org", "a fresh pass phrase")
        assert b"This link does not work" in Client().get(link, follow=True).content

    def test_answers_the_same_to_a_stranger(self, client: Client, alice: User) -> None:
        places = {
            client.post("/accounts/password/reset/", {"email": email}).headers["Location"]
            for email in ("alice@example.org", "nobody@example.org")
        }

        assert places == {"/accounts/password/reset/done/"}


class TestPasswordChange:
    def test_closes_the_other_sessions(self, alice: User) -> None:
        here, elsewhere = Client(), Client()
        assert log_in(here, "alice@example.org")
        assert log_in(elsewhere, "alice@example.org")
        form = {"oldpassword": PASSWORD, "password1": "a fresh pass phrase", "password2": "a fresh pass phrase"}

        here.post("/accounts/password/change/", form)

        assert here.get("/me/").status_code == 200
        assert elsewhere.get("/me/").status_code == 302


class TestSessions:
    def test_log_out_everywhere_else(self, alice: User) -> None:
        here, elsewhere = Client(), Client()
        log_in(here, "alice@example.org")
        log_in(elsewhere, "alice@example.org")

        here.post("/accounts/sessions/")

        assert here.get("/me/").status_code == 200
        assert elsewhere.get("/me/").status_code == 302

    def test_show_charlie_only_his_own(self, alice: User, charlie: User) -> None:
        log_in(Client(HTTP_USER_AGENT="Alice's browser"), "alice@example.org")
        his = Client(HTTP_USER_AGENT="Charlie's browser")
        log_in(his, "charlie@example.org")

        page = his.get("/accounts/sessions/").content.decode()

        assert "Charlie" in page
        assert "Alice" not in page
