"""The people of every test, and the makers that dress the stage.

Alice owns accounts and subscribes. Bob is the provider she follows. Charlie is a stranger who must get nothing.
Ada is the administrator.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from rest_framework.test import APIClient

from accounts import services
from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.scopes import ALLOWED, Scope
from core.clock import now

PASSWORD = "correct horse battery staple"
#: A moment for tests that pass the time themselves.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class EmailAddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EmailAddress

    email = factory.SelfAttribute("user.email")
    verified = True
    primary = True


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    role = Role.SUBSCRIBER
    password = factory.django.Password(PASSWORD)
    address = factory.RelatedFactory(EmailAddressFactory, factory_related_name="user")


def make_user(**fields: Any) -> User:
    """A person whose e-mail address is verified and whose password is ``PASSWORD``."""
    user = UserFactory.create(**fields)
    assert isinstance(user, User)
    return user


def make_users(count: int, **fields: Any) -> None:
    """As many people, alike in what is given."""
    UserFactory.create_batch(count, **fields)


def make_token(
    user: User,
    *,
    scopes: Iterable[Scope] = (Scope.READ,),
    name: str = "robot",
    expires_at: datetime | None = None,
    created_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A token of the user and its text."""
    token, issued = services.create_token(
        user=user,
        name=name,
        scopes=set(scopes),
        expires_at=expires_at,
        now=created_at or now() - timedelta(hours=1),
    )
    return token, issued.text


def browser_of(user: User) -> Client:
    """A browser in which the user is logged in."""
    client = Client()
    client.force_login(user)
    return client


def program_of(user: User, *, scopes: Iterable[Scope] = tuple(Scope)) -> APIClient:
    """A program that uses the API with a token of the user. Scopes the user's role lacks are left out."""
    allowed = ALLOWED[Role(user.role)] & set(scopes)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user, scopes=allowed)[1]}")
    return client


@pytest.fixture
def alice(db: None) -> User:
    """A subscriber who owns accounts."""
    return make_user(email="alice@example.org", name="Alice")


@pytest.fixture
def bob(db: None) -> User:
    """The provider whose channel Alice follows."""
    return make_user(email="bob@example.org", name="Bob", role=Role.PROVIDER)


@pytest.fixture
def charlie(db: None) -> User:
    """A subscriber who has nothing to do with the others."""
    return make_user(email="charlie@example.org", name="Charlie")


@pytest.fixture
def ada(db: None) -> User:
    """The administrator."""
    return make_user(email="ada@example.org", name="Ada", role=Role.ADMINISTRATOR)
