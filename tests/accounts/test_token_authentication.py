from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts import services
from accounts.models import ApiToken, User
from accounts.scopes import Scope
from core.clock import now
from tests.people import browser_of, make_token

ME = "/api/v1/me/"


def ask(authorization: str) -> tuple[int, dict[str, str]]:
    response = APIClient().get(ME, headers={"authorization": authorization})
    return response.status_code, response.json()


class TestTokenAuthentication:
    @pytest.mark.parametrize("keyword", ["Bearer", "bearer", "Token", "TOKEN"])
    def test_knows_the_owner_under_either_keyword(self, alice: User, keyword: str) -> None:
        _, text = make_token(alice)

        status, me = ask(f"{keyword} {text}")

        assert (status, me["email"]) == (200, "alice@example.org")

    @pytest.mark.parametrize("text", ["", "x", "sbx_a_b", "sbx_" + "a" * 10_000, "sbx_é_ü", 'a"; DROP'])
    def test_refuses_what_is_no_token(self, alice: User, text: str) -> None:
        status, problem = ask(f"Bearer {text}")

        assert (status, problem["code"]) == (401, "INVALID_TOKEN")

    def test_answers_the_same_to_unknown_expired_and_revoked_tokens(self, alice: User) -> None:
        _, expired = make_token(alice, expires_at=now() - timedelta(minutes=1))
        token, revoked = make_token(alice)
        services.revoke_token(token=token, actor=alice, now=now())

        answers = [ask(f"Bearer {text}") for text in ("sbx_aaaaaaaa_unknown", expired, revoked)]

        assert answers[0] == answers[1] == answers[2]

    def test_refuses_the_token_of_an_inactive_owner(self, alice: User, ada: User) -> None:
        _, text = make_token(alice)
        services.deactivate(user=alice, actor=ada, now=now())

        assert ask(f"Bearer {text}")[0] == 401

    @pytest.mark.parametrize("text", ["x", "sbx_aaaaaaaa_" + "b" * 52])
    def test_does_the_same_work_for_every_unknown_token(
        self, db: None, django_assert_num_queries: DjangoAssertNumQueries, text: str
    ) -> None:
        with django_assert_num_queries(1):
            ask(f"Bearer {text}")

    def test_writes_nothing_on_the_second_request_of_a_minute(
        self, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        _, text = make_token(alice)
        ask(f"Bearer {text}")

        with django_assert_num_queries(1):
            ask(f"Bearer {text}")

    def test_notes_when_and_from_where_a_token_was_used(self, alice: User) -> None:
        token, text = make_token(alice)

        APIClient().get(ME, headers={"authorization": f"Bearer {text}"}, REMOTE_ADDR="192.0.2.7")

        used = ApiToken.objects.get(pk=token.pk)
        assert used.last_used_ip == "192.0.2.7"
        assert used.last_used_at is not None

    def test_names_the_scheme_to_somebody_without_credentials(self, db: None) -> None:
        response = APIClient().get(ME)

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="Signalbox"'
        assert response.json()["code"] == "NOT_AUTHENTICATED"


class TestMe:
    def test_tells_a_program_what_its_token_can_do(self, bob: User) -> None:
        _, text = make_token(bob, scopes=[Scope.READ, Scope.PUBLISH])

        assert ask(f"Bearer {text}") == (
            200,
            {
                "id": str(bob.pk),
                "email": "bob@example.org",
                "name": "Bob",
                "role": "PROVIDER",
                "time_zone": "UTC",
                "scopes": ["read", "publish"],
            },
        )

    def test_tells_a_browser_what_its_user_can_do(self, alice: User) -> None:
        assert browser_of(alice).get(ME).json()["scopes"] == ["read", "trade"]

    def test_tells_charlie_only_of_charlie(self, alice: User, charlie: User) -> None:
        _, text = make_token(charlie)

        assert ask(f"Bearer {text}")[1]["email"] == "charlie@example.org"
