import re

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.people import PASSWORD, browser_of, make_token

NEW = "/me/tokens/new/"


@pytest.fixture
def confirmed(alice: User) -> Client:
    """A browser in which Alice has just confirmed that it is she."""
    browser = browser_of(alice)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


class TestCreateToken:
    def test_asks_for_the_password_again(self, alice: User) -> None:
        assert browser_of(alice).get(NEW).headers["Location"].startswith("/accounts/reauthenticate/")

    def test_shows_the_text_once_and_it_opens_the_api(self, confirmed: Client) -> None:
        page = confirmed.post(NEW, {"name": "robot", "scopes": ["read"], "expires_in": "30"})

        text = re.findall(r"sbx_\w{8}_\w{52}", page.content.decode())
        assert len(text) == 1
        me = APIClient().get("/api/v1/me/", headers={"authorization": f"Bearer {text[0]}"})
        assert me.json()["scopes"] == ["read"]
        assert text[0] not in confirmed.get("/me/tokens/").content.decode()

    def test_is_kept_by_no_cache(self, confirmed: Client) -> None:
        page = confirmed.post(NEW, {"name": "robot", "scopes": ["read"], "expires_in": ""})

        assert "no-store" in page.headers["Cache-Control"]

    @pytest.mark.parametrize(("choice", "days"), [("30", 30), ("90", 90), ("365", 365)])
    def test_ends_when_it_was_chosen(self, confirmed: Client, choice: str, days: int) -> None:
        confirmed.post(NEW, {"name": "robot", "scopes": ["read"], "expires_in": choice})

        token = ApiToken.objects.get()
        assert token.expires_at is not None
        assert (token.expires_at - token.created_at).days == days

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            ({"name": "", "scopes": ["read"]}, "name"),
            ({"name": "robot", "scopes": []}, "scopes"),
            ({"name": "robot", "scopes": ["publish"]}, "scopes"),
            ({"name": "robot", "scopes": ["root"]}, "scopes"),
            ({"name": "robot", "scopes": ["read"], "expires_in": "7"}, "expires_in"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, confirmed: Client, form: dict[str, object], field: str) -> None:
        page = confirmed.post(NEW, form)

        assert page.context["form"].errors.keys() == {field}
        assert not ApiToken.objects.exists()


class TestRevokeToken:
    def test_asks_first(self, alice: User) -> None:
        token, _ = make_token(alice)

        page = browser_of(alice).get(f"/me/tokens/{token.pk}/revoke/")

        assert b"cannot be undone" in page.content
        assert ApiToken.objects.get().revoked_at is None

    def test_ends_the_token(self, alice: User) -> None:
        token, text = make_token(alice)

        browser_of(alice).post(f"/me/tokens/{token.pk}/revoke/")

        assert APIClient().get("/api/v1/me/", headers={"authorization": f"Bearer {text}"}).status_code == 401

    def test_says_so_when_it_was_revoked_before(self, alice: User) -> None:
        token, _ = make_token(alice)
        browser = browser_of(alice)
        browser.post(f"/me/tokens/{token.pk}/revoke/")

        page = browser.post(f"/me/tokens/{token.pk}/revoke/", follow=True)

        assert b"was revoked before" in page.content

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_does_not_exist_for_charlie(self, alice: User, charlie: User, method: str) -> None:
        token, _ = make_token(alice)

        response = getattr(browser_of(charlie), method)(f"/me/tokens/{token.pk}/revoke/")

        assert response.status_code == 404
        assert ApiToken.objects.get().revoked_at is None


class TestTokens:
    def test_show_charlie_none_of_alices(self, alice: User, charlie: User) -> None:
        token, _ = make_token(alice, name="Alice's robot")

        page = browser_of(charlie).get("/me/tokens/").content.decode()

        assert token.prefix not in page
        assert "robot" not in page
