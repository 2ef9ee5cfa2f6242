"""What protects people in browsers: cookies, sessions, and what the site says to somebody it does not know."""

import json
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.people import PASSWORD
from tests.rest import NOBODY

LOGIN = "/accounts/login/"
FLAGS = [
    "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER", "ACCOUNT_DEFAULT_HTTP_PROTOCOL", "DEBUG", "USE_X_FORWARDED_HOST", "SECURE_CONTENT_TYPE_NOSNIFF",
    "X_FRAME_OPTIONS", "SECURE_REFERRER_POLICY",
]  # fmt: skip


def settings_of(site_url: str, environment: dict[str, str]) -> dict[str, Any]:
    """The settings of an installation at this address."""
    code = f"import json; from django.conf import settings; print(json.dumps({{n: getattr(settings, n) for n in {FLAGS!r}}}))"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**environment, "SITE_URL": site_url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(run.stdout)
    return found


class TestCookies:
    def test_go_over_https_only_where_the_site_is_there(self, process_environment: dict[str, str]) -> None:
        safe = settings_of("https://signals.example.org", process_environment)
        local = settings_of("http://127.0.0.1:8000", process_environment)

        assert safe == {
            "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax", "SECURE_HSTS_SECONDS": 31536000,
            "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"], "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https",
            "DEBUG": False, "USE_X_FORWARDED_HOST": False, "SECURE_CONTENT_TYPE_NOSNIFF": True, "X_FRAME_OPTIONS": "DENY",
            "SECURE_REFERRER_POLICY": "same-origin",
        }  # fmt: skip
        assert (local["SESSION_COOKIE_SECURE"], local["SECURE_HSTS_SECONDS"]) == (False, 0)

    def test_of_a_session_are_read_by_no_script(self, client: Client, alice: User) -> None:
        cookies = client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD}).cookies

        assert cookies["sessionid"]["httponly"]
        assert {cookies[name]["samesite"] for name in ("sessionid", "csrftoken")} == {"Lax"}


class TestSession:
    def test_gets_another_key_at_the_login(self, client: Client, alice: User) -> None:
        client.cookies["sessionid"] = planted = "a" * 32
        client.get(LOGIN)

        client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})

        assert client.session.session_key not in (None, planted)
        thief = Client()
        thief.cookies["sessionid"] = planted
        assert thief.get("/me/").status_code == 302

    def test_is_worth_nothing_after_the_logout(self, client: Client, alice: User) -> None:
        client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
        kept = client.cookies["sessionid"].value

        client.post("/accounts/logout/")

        thief = Client()
        thief.cookies["sessionid"] = kept
        assert thief.get("/me/").status_code == 302


class TestEnumeration:
    @pytest.mark.parametrize(
        ("address", "name"),
        [("/accounts/password/reset/", "email"), (LOGIN, "login"), ("/accounts/signup/", "email")],
    )
    def test_learns_nothing_of_who_has_an_account(self, alice: User, address: str, name: str) -> None:
        passwords = {"password": "wrong", "password1": PASSWORD, "password2": PASSWORD}

        answers = [
            Client().post(address, {name: email, **passwords})
            for email in ("alice@example.org", "nobody@example.org")
        ]

        codes = {(answer.status_code, answer.headers.get("Location")) for answer in answers}
        pages = {
            answer.content.decode().replace("alice@", "").replace("nobody@", "").split("csrfmiddlewaretoken")[0]
            for answer in answers
        }
        assert (len(codes), len(pages)) == (1, 1)

    def test_is_slowed_down_whatever_address_a_browser_claims(self, db: None) -> None:
        answers = [
            Client().post(
                LOGIN,
                {"login": f"{n}@example.org", "password": "x"},
                headers={"x-forwarded-for": f"203.0.113.{n}"},
            )
            for n in range(31)
        ]

        assert answers[-1].status_code == 429


class TestStrangers:
    @pytest.mark.parametrize(
        "path", ["/healthz", "/readyz", "/metrics", "/nothing/", f"/positions/{NOBODY}/", "/admin/", "/live/"]
    )
    def test_are_told_nothing_of_the_machine(self, client: Client, db: None, path: str) -> None:
        answer = client.get(path, headers={"x-forwarded-for": "203.0.113.7"})
        told = answer.content.decode() + str(answer.headers)

        private = [
            settings.SECRET_KEY,
            str(settings.BASE_DIR),
            settings.DATABASE_URL,
            settings.CACHE_URL,
            "Traceback",
            "Django/",
            "uvicorn",
        ]
        assert [words for words in private if words in told and len(words) > 1] == []

    def test_learn_only_that_the_process_lives(self, client: Client, db: None) -> None:
        assert client.get("/healthz").content == b"ok\n"
