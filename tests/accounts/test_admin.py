import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, User
from accounts.roles import Role
from tests.people import browser_of, make_token, make_user

USERS = "/admin/accounts/user/"
TOKENS = "/admin/accounts/apitoken/"


def act(browser: Client, action: str, *rows: User | ApiToken, on: str = USERS) -> str:
    """Choose an action for some rows and return the page that follows."""
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser.post(on, form, follow=True).content.decode()


class TestUsers:
    def test_are_listed_without_counting_them(self, ada: User) -> None:
        browser = browser_of(ada)
        browser.get(USERS)

        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = browser.get(USERS)

        assert "ada@example.org" in page.content.decode()
        assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]

    def test_are_found_by_address(self, ada: User, alice: User, charlie: User) -> None:
        page = browser_of(ada).get(USERS, {"q": "alice"}).content.decode()

        assert "alice@example.org" in page
        assert "charlie@example.org" not in page

    def test_fill_several_pages(self, ada: User) -> None:
        User.objects.bulk_create(User(email=f"many{number}@example.org") for number in range(120))
        browser = browser_of(ada)

        shown = [len(browser.get(USERS, {"p": page}).context["cl"].result_list) for page in (1, 2, 3)]

        assert shown == [50, 50, 21]
        assert browser.get(USERS, {"p": 4}).status_code == 302

    @pytest.mark.parametrize("page", ["0", "-1", "x", "²", "99999999999999999999"])
    def test_survive_a_page_number_that_is_none(self, ada: User, page: str) -> None:
        assert browser_of(ada).get(USERS, {"p": page}).status_code in (200, 302)

    def test_show_no_secret(self, ada: User, alice: User) -> None:
        page = browser_of(ada).get(f"{USERS}{alice.pk}/change/").content.decode()

        assert "alice@example.org" in page
        assert alice.password not in page

    def test_cannot_be_edited_around_the_services(self, ada: User, alice: User) -> None:
        browser = browser_of(ada)

        assert browser.post(f"{USERS}{alice.pk}/change/", {"role": "ADMINISTRATOR"}).status_code == 403
        assert browser.get(f"{USERS}add/").status_code == 403
        assert browser.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403


class TestActions:
    def test_change_the_role(self, ada: User, alice: User) -> None:
        act(browser_of(ada), "make_provider", alice)

        alice.refresh_from_db()
        assert alice.role == Role.PROVIDER

    def test_close_and_open_accounts(self, ada: User, alice: User) -> None:
        browser = browser_of(ada)

        act(browser, "deactivate", alice)
        assert not User.objects.get(pk=alice.pk).is_active

        act(browser, "activate", alice)
        assert User.objects.get(pk=alice.pk).is_active

    @pytest.mark.parametrize("action", ["deactivate", "make_subscriber", "make_provider"])
    def test_keep_the_last_administrator(self, ada: User, action: str) -> None:
        page = act(browser_of(ada), action, ada)

        assert "is the last active administrator" in page
        assert User.objects.get(pk=ada.pk).is_administrator

    def test_go_on_with_the_rest_after_one_was_refused(self, ada: User, alice: User) -> None:
        act(browser_of(ada), "deactivate", ada, alice)

        assert User.objects.get(pk=ada.pk).is_active
        assert not User.objects.get(pk=alice.pk).is_active


class TestTokens:
    def test_are_listed_without_their_digests(self, ada: User, alice: User) -> None:
        token, _ = make_token(alice)

        page = browser_of(ada).get(TOKENS).content.decode()

        assert token.prefix in page
        assert token.digest not in page

    def test_are_revoked(self, ada: User, alice: User) -> None:
        token, _ = make_token(alice)

        act(browser_of(ada), "revoke", token, on=TOKENS)

        assert ApiToken.objects.get().revoked_at is not None


class TestWhoGetsIn:
    @pytest.mark.parametrize("path", [USERS, TOKENS])
    def test_providers_see_neither_users_nor_tokens(self, bob: User, path: str) -> None:
        browser = browser_of(bob)

        assert browser.get(path).status_code == 403
        assert "Users" not in browser.get("/admin/").content.decode()

    def test_providers_cannot_run_the_actions(self, bob: User, alice: User) -> None:
        act(browser_of(bob), "deactivate", alice)

        assert User.objects.get(pk=alice.pk).is_active

    @pytest.mark.parametrize("path", ["/admin/", USERS, TOKENS])
    def test_charlie_gets_nothing(self, charlie: User, path: str) -> None:
        assert browser_of(charlie).get(path, follow=True).status_code == 403

    def test_secrets_of_second_factors_are_not_there_at_all(self) -> None:
        registered = {model._meta.label for model in admin.site._registry}

        assert registered.isdisjoint({"mfa.Authenticator", "usersessions.UserSession", "auth.Group"})

    def test_passwords_are_changed_on_the_site(self, ada: User) -> None:
        answer = browser_of(ada).get("/admin/password_change/")

        assert answer.headers["Location"] == "/accounts/password/change/"


class TestPolicy:
    def test_lets_only_the_admin_evaluate_expressions(self, ada: User) -> None:
        browser = browser_of(ada)

        assert "'unsafe-eval'" in browser.get("/admin/").headers["Content-Security-Policy"]
        assert "'unsafe-eval'" not in browser.get("/me/").headers["Content-Security-Policy"]


def test_a_second_factor_shows_in_the_list(ada: User) -> None:
    make_user()

    rows = browser_of(ada).get(USERS).context["cl"].result_list

    assert [row.has_factor for row in rows] == [False, False]
