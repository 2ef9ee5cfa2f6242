"""Channels, and the signals that are published in them."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from connections.contract import OrderType, Side, TimeInForce
from connections.fields import AmountField
from connections.models import TradingPreset
from core.ids import uuid7
from signals.rules import SignalStatus, Target, Terms


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ").capitalize()) for value in values]


class Channel(models.Model):
    """A stream of signals by one provider, to which accounts subscribe."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    #: the provider; empty for a channel of the house
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="channels")
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True, max_length=2000)
    #: defaults of every account that follows it
    preset = models.ForeignKey(TradingPreset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    #: house accounts follow it without being asked
    serves_house = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["is_active", "name"], name="channel_active")]

    def __str__(self) -> str:
        return self.name


class Signal(models.Model):
    """What a provider says should be traded. The row lasts; what it said at each version is in SignalVersion."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="signals")
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    #: who sent it (page, api, a hook's name) and what the sender calls it
    source = models.CharField(max_length=40, default="page")
    external_id = models.CharField(max_length=120, blank=True)
    #: finds what a sender sent twice without an id
    content_hash = models.CharField(max_length=64, editable=False)
    version = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=_choices(SignalStatus), default=SignalStatus.DRAFT)

    currency_pair = models.CharField(max_length=41)
    direction = models.CharField(max_length=4, choices=_choices(Side))
    order_type = models.CharField(max_length=10, choices=_choices(OrderType), default=OrderType.MARKET)
    open_price = AmountField(null=True, blank=True)
    sl = AmountField(null=True, blank=True)
    #: [{"price": "51000", "share": "0.5"}, ...]
    targets = models.JSONField(default=list, blank=True)
    time_in_force = models.CharField(max_length=3, choices=_choices(TimeInForce), default=TimeInForce.GTC)
    expires_at = models.DateTimeField(null=True, blank=True)
    max_drift_bps = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    note = models.TextField(blank=True, max_length=2000)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    expired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_id", "source"],
                condition=~models.Q(external_id=""),
                name="signal_external_id_once",
            ),
            models.CheckConstraint(condition=models.Q(status__in=list(SignalStatus)), name="signal_status_known"),
            models.CheckConstraint(condition=models.Q(direction__in=list(Side)), name="signal_direction_known"),
        ]
        indexes = [
            models.Index(fields=["channel", "-created_at"], name="signal_channel"),
            models.Index(fields=["-published_at"], name="signal_published"),
            models.Index(fields=["-created_at"], name="signal_recent"),
            models.Index(fields=["content_hash", "created_at"], name="signal_content"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(status__in=["APPROVED", "PUBLISHED"]),
                name="signal_expiry_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.currency_pair}"

    def terms(self) -> Terms:
        """Return what the signal says now, for rules to read."""
        return Terms(
            currency_pair=self.currency_pair,
            direction=Side(self.direction),
            order_type=OrderType(self.order_type),
            open_price=self.open_price,
            sl=self.sl,
            targets=tuple(Target(Decimal(row["price"]), Decimal(row["share"])) for row in self.targets),
            time_in_force=TimeInForce(self.time_in_force),
            expires_at=self.expires_at,
            max_drift_bps=self.max_drift_bps,
        )


class SignalVersion(models.Model):
    """What a signal said at one version. Rows are only ever added."""

    id = models.BigAutoField(primary_key=True)
    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    terms = models.JSONField()
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signal", "version"], name="signal_version_once")]

    def __str__(self) -> str:
        return f"{self.signal_id} v{self.version}"
