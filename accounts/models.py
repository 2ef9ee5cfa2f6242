"""Users, known by their e-mail address, their API tokens, and the answers their programs have had."""

import uuid
from datetime import datetime
from typing import ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone

from accounts.roles import STAFF_ROLES, Role
from accounts.scopes import Scope, effective
from accounts.signals import account_created
from core.ids import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Make a user. A user without password cannot log in until one is set."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Make an administrator with a verified address; Django's createsuperuser calls it."""
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, role=Role.ADMINISTRATOR, **fields)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            account_created.send(User, user=user, actor=None, now=user.created_at)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The house itself is no user: what belongs to it has no owner."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(
        max_length=16, choices=[(role, role.title()) for role in Role], default=Role.SUBSCRIBER
    )
    #: the zone in which pages show times to this person; they are stored in UTC
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens for this user."""
        return self.role in STAFF_ROLES

    @property
    def is_superuser(self) -> bool:  # type: ignore[override]
        """Django's name for it. A property, not a column: there is one truth about rank, the role."""
        return self.is_administrator

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def is_provider(self) -> bool:
        return self.role == Role.PROVIDER

    def get_short_name(self) -> str:
        return self.name or self.email.split("@")[0]


UserId = uuid.UUID


class ApiToken(models.Model):
    """A program's key to the API. Its text is shown once; the row holds a digest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens", db_index=False)
    name = models.CharField(max_length=80)
    #: names the token in lists; no secret
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=16))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    #: empty for a token that does not expire
    expires_at = models.DateTimeField(null=True, blank=True)
    #: kept to the minute, so that a busy program does not write with every request
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=list(Scope)) & models.Q(scopes__len__gt=0),
                name="token_scopes_known",
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="token_user")]

    def __str__(self) -> str:
        return f"{self.name} (sbx_{self.prefix}_…)"

    def is_live(self, now: datetime) -> bool:
        """Whether the token opens anything: not revoked, not expired, and its owner is active."""
        is_expired = self.expires_at is not None and self.expires_at <= now
        return self.user.is_active and self.revoked_at is None and not is_expired

    @property
    def effective_scopes(self) -> frozenset[Scope]:
        """What the token can do now. It never exceeds what its owner's role allows."""
        return effective(self.user.role, self.scopes)


class IdempotencyRecord(models.Model):
    """The first answer to a POST that carried an Idempotency-Key, or the claim of the one who works on it.

    ``leased_until`` is set while somebody works. It is also the version of the row: whoever writes filters on the
    value he has seen, so of two workers one wins.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: method and path, such as POST /api/v1/signals/
    endpoint = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    #: digest of the body that came with the key first
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    #: empty once there is an answer
    leased_until = models.DateTimeField(null=True)
    #: the answer; empty while somebody works
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    content_type = models.CharField(max_length=80, blank=True)
    location = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "endpoint", "key"], name="idempotency_once"),
            models.CheckConstraint(
                condition=models.Q(status__isnull=True) ^ models.Q(leased_until__isnull=True),
                name="idempotency_leased_or_answered",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.status or 'in progress'}"
