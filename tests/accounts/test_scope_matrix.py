"""Every role with every set of scopes on every method: who gets in."""

from itertools import chain, combinations, product

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.scopes import ALLOWED, Scope
from accounts.tokens import issue
from tests.people import browser_of, make_user

#: What ``tests.accounts.api.ScopedView`` asks for: POST by its own word, the rest by default.
NEEDED = {"GET": "read", "OPTIONS": "read", "POST": "publish", "PUT": "trade", "DELETE": "trade"}
GRANTS = list(chain.from_iterable(combinations(Scope, size) for size in range(1, len(Scope) + 1)))


@pytest.fixture
def clients(db: None) -> dict[tuple[Role, tuple[Scope, ...]], APIClient]:
    """A program for every pair, made behind the back of the services, which would refuse some of them."""
    return {(role, grant): _program(make_user(role=role), grant) for role, grant in product(Role, GRANTS)}


def _program(user: User, grant: tuple[Scope, ...]) -> APIClient:
    issued = issue()
    ApiToken.objects.create(user=user, name="x", prefix="x", digest=issued.digest, scopes=list(grant))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issued.text}")
    return client


class TestScopeMatrix:
    def test_opens_exactly_what_grant_and_role_both_allow(
        self, clients: dict[tuple[Role, tuple[Scope, ...]], APIClient]
    ) -> None:
        opened = {
            (role, grant, method): client.generic(method, "/api/v1/scoped/").status_code == 200
            for (role, grant), client in clients.items()
            for method in NEEDED
        }

        assert opened == {
            (role, grant, method): needed in grant and needed in ALLOWED[role]
            for role, grant, (method, needed) in product(Role, GRANTS, NEEDED.items())
        }

    def test_names_the_scope_that_is_missing(
        self, clients: dict[tuple[Role, tuple[Scope, ...]], APIClient]
    ) -> None:
        response = clients[Role.SUBSCRIBER, (Scope.READ,)].delete("/api/v1/scoped/")

        assert response.status_code == 403
        assert response.json()["code"] == "INSUFFICIENT_SCOPE"
        assert response.json()["detail"] == "This needs a token with the scope trade."

    def test_lets_the_name_of_an_action_decide_before_the_method(
        self, clients: dict[tuple[Role, tuple[Scope, ...]], APIClient]
    ) -> None:
        reader = clients[Role.SUBSCRIBER, (Scope.READ,)]

        assert reader.post("/api/v1/notes/peek/").status_code == 200
        assert reader.post("/api/v1/notes/stamp/").status_code == 403

    @pytest.mark.parametrize("method", NEEDED)
    def test_asks_no_scope_of_a_person(self, alice: User, method: str) -> None:
        assert browser_of(alice).generic(method, "/api/v1/scoped/").status_code == 200
