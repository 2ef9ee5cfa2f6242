from datetime import timedelta

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from accounts import selectors, services
from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.scopes import Scope
from tests.people import NOON, make_token


class TestCreateToken:
    def test_stores_a_digest_and_not_the_text(self, alice: User) -> None:
        token, text = make_token(alice)

        stored = ApiToken.objects.values().get(pk=token.pk)
        secret = text.split("_")[2]
        assert all(secret not in str(value) for value in stored.values())

    def test_keeps_the_text_out_of_the_repr(self, alice: User) -> None:
        token, text = make_token(alice)

        assert text not in f"{token!r} {token}"
        assert token.digest not in f"{token!r} {token}"

    def test_refuses_a_scope_that_the_role_does_not_allow(self, alice: User) -> None:
        with pytest.raises(services.InvalidToken, match="one or more of read, trade"):
            make_token(alice, scopes=[Scope.READ, Scope.PUBLISH])

    def test_refuses_a_token_without_scope(self, alice: User) -> None:
        with pytest.raises(services.InvalidToken):
            make_token(alice, scopes=[])

    def test_refuses_an_expiry_that_has_passed(self, alice: User) -> None:
        with pytest.raises(services.InvalidToken, match="expired"):
            make_token(alice, created_at=NOON, expires_at=NOON)

    def test_cannot_be_stored_with_an_unknown_scope(self, alice: User) -> None:
        with pytest.raises(IntegrityError, match="token_scopes_known"):
            ApiToken.objects.create(user=alice, name="x", prefix="x", digest="x", scopes=["root"])


class TestIsLive:
    def test_ends_with_its_expiry(self, alice: User) -> None:
        token, _ = make_token(alice, created_at=NOON, expires_at=NOON + timedelta(days=1))

        assert token.is_live(NOON + timedelta(hours=23))
        assert not token.is_live(NOON + timedelta(days=1))

    def test_ends_with_its_revocation(self, alice: User) -> None:
        token, _ = make_token(alice)

        services.revoke_token(token=token, actor=alice, now=NOON)

        assert not token.is_live(NOON)

    def test_rests_while_its_owner_is_not_active(self, alice: User, ada: User) -> None:
        _, text = make_token(alice)

        services.deactivate(user=alice, actor=ada, now=NOON)

        found = selectors.token_by_text(text)
        assert found is not None
        assert not found.is_live(NOON)


class TestEffectiveScopes:
    def test_shrink_when_the_owner_is_demoted(self, bob: User, ada: User) -> None:
        _, text = make_token(bob, scopes=list(Scope))

        services.change_role(user=bob, role=Role.SUBSCRIBER, actor=ada, now=NOON)

        found = selectors.token_by_text(text)
        assert found is not None
        assert found.effective_scopes == {Scope.READ, Scope.TRADE}


class TestRevokeToken:
    def test_says_so_the_second_time(self, alice: User) -> None:
        token, _ = make_token(alice)
        services.revoke_token(token=token, actor=alice, now=NOON)

        with pytest.raises(services.AlreadyDone):
            services.revoke_token(token=token, actor=alice, now=NOON)


class TestNoteTokenUse:
    def test_writes_once_a_minute(self, alice: User) -> None:
        token, _ = make_token(alice)
        services.note_token_use(token=token, address="192.0.2.1", now=NOON)
        token.refresh_from_db()

        services.note_token_use(token=token, address="192.0.2.2", now=NOON + timedelta(seconds=59))
        token.refresh_from_db()
        assert (token.last_used_at, token.last_used_ip) == (NOON, "192.0.2.1")

        services.note_token_use(token=token, address="192.0.2.3", now=NOON + timedelta(seconds=60))
        token.refresh_from_db()
        assert token.last_used_ip == "192.0.2.3"

    def test_costs_nothing_in_between(
        self, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        token, _ = make_token(alice)
        token.last_used_at = NOON

        with django_assert_num_queries(0):
            services.note_token_use(token=token, address=None, now=NOON + timedelta(seconds=30))
