"""Accounts at venues, sources of market data, and how accounts trade."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from connections import health
from connections.contract import Environment, MarketType
from connections.fields import AmountField, EncryptedJSONField
from connections.health import HealthStatus
from core.ids import uuid7


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ").capitalize()) for value in values]


class TradingPreset(models.Model):
    """How an account trades. ``values`` holds what is set; the rest is inherited (``connections.presets``)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: empty for a preset of the house, which everybody may use
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="presets")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    values = models.JSONField(default=dict)
    #: rises with every change, and is stored with every execution
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="preset_name_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.name


class VenueAddress(models.Model):
    """What names a venue: adapter, exchange, market, environment, and an address where it is not its own."""

    type = models.CharField(max_length=32)
    exchange_name = models.CharField(max_length=64)
    market = models.CharField(max_length=8, choices=_choices(MarketType), default=MarketType.SPOT)
    environment = models.CharField(max_length=12, choices=_choices(Environment), default=Environment.LIVE)
    #: empty for the exchange's own address
    base_url = models.URLField(blank=True, max_length=200)

    class Meta:
        abstract = True

    @property
    def venue_key(self) -> str:
        """What accounts of one venue share: markets, quotes, rate budget. Such as ccxt:binance:SPOT:LIVE."""
        parts = [self.type, self.exchange_name, self.market, self.environment]
        return ":".join([*parts, self.base_url] if self.base_url else parts)


class DataConnection(VenueAddress):
    """A public source of market data, read by the feed and by marketdata only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    status = models.CharField(max_length=8, choices=_choices(HealthStatus), default=HealthStatus.UNTESTED)
    last_error = models.CharField(max_length=500, blank=True)
    last_tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["type", "exchange_name", "market", "environment", "base_url"], name="data_connection_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExecutionConnection(VenueAddress):
    """One account at one venue.

    ``is_active`` and ``paused_reason`` are intention and change only by an explicit act, or when the venue no
    longer accepts the key. ``status`` and what belongs to it are measured.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: empty when the house owns it
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="connections")
    is_admin_owned = models.BooleanField(default=False)
    name = models.CharField(max_length=80)
    credentials = EncryptedJSONField(blank=True)
    #: last four characters by field, for people to tell keys apart
    credentials_hint = models.JSONField(default=dict, blank=True)
    credentials_set_at = models.DateTimeField(null=True, blank=True)
    #: aliases of symbols and whatever an adapter of this kind takes
    settings = models.JSONField(default=dict, blank=True)
    preset = models.ForeignKey(TradingPreset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    data_connection = models.ForeignKey(
        DataConnection, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    is_active = models.BooleanField(default=True)
    paused_reason = models.CharField(max_length=300, blank=True)

    status = models.CharField(max_length=8, choices=_choices(HealthStatus), default=HealthStatus.UNTESTED)
    last_error = models.CharField(max_length=500, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    last_tested_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    #: when the venue's books were last compared with ours in full
    last_reconciled_at = models.DateTimeField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    clock_offset_ms = models.IntegerField(null=True, blank=True)
    is_hedge_mode = models.BooleanField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="connection_name_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(is_admin_owned=True, owner__isnull=True)
                | models.Q(is_admin_owned=False, owner__isnull=False),
                name="connection_has_one_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(is_active=True, paused_reason="") | models.Q(is_active=False),
                name="connection_reason_when_paused",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "created_at"], name="connection_owner"),
            models.Index(
                fields=["last_tested_at"], condition=models.Q(is_active=True), name="connection_test_due"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def can_execute_trades(self) -> bool:
        """Return whether orders may be sent now."""
        return health.can_execute_trades(
            is_active=self.is_active, status=self.status, last_tested_at=self.last_tested_at
        )

    def is_stale(self, hours: float = 24, *, now: datetime) -> bool:
        """Return whether the last measurement is older than this."""
        return health.is_stale(self.last_tested_at, now=now, after=timedelta(hours=hours))

    def health_status(self, *, now: datetime) -> dict[str, Any]:
        """Return intention and measurement, side by side, for a page or the API."""
        return {
            "can_execute_trades": self.can_execute_trades(),
            "is_active": self.is_active,
            "paused_reason": self.paused_reason,
            "status": self.status,
            "is_stale": self.is_stale(now=now),
            "last_error": self.last_error,
            "warnings": self.warnings,
            "last_tested_at": self.last_tested_at,
            "last_used_at": self.last_used_at,
            "latency_ms": self.latency_ms,
            "clock_offset_ms": self.clock_offset_ms,
        }


class AccountSnapshot(models.Model):
    """What an account held when it was last asked. Orders are sized from it, so that no order costs a call."""

    connection = models.OneToOneField(
        ExecutionConnection, primary_key=True, on_delete=models.CASCADE, related_name="snapshot"
    )
    #: currency -> {"free": "1.5", "total": "2"}
    assets = models.JSONField(default=dict)
    equity = AmountField(null=True)
    #: symbol -> "leverage:margin mode" that was set at the venue
    prepared = models.JSONField(default=dict)
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.connection_id} at {self.as_of:%Y-%m-%d %H:%M:%S} UTC"
