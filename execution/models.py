"""Who follows which channel, what became of each signal on each connection, and every order and fill."""

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from connections.contract import OrderRef, OrderTicket, OrderType, Side, TimeInForce
from connections.fields import AmountField
from connections.models import ExecutionConnection
from core.ids import uuid7
from execution.machine import OrderState
from execution.outcomes import LogStatus, Reason, sentence
from execution.roles import OrderRole
from positions.models import ExecutionPosition
from signals.models import Channel, Signal


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ").capitalize()) for value in values]


class Subscription(models.Model):
    """An account follows a channel. A house account has a row for every channel that serves the house."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="subscriptions")
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.CASCADE, related_name="subscriptions")
    #: preset values that hold for this channel on this connection
    overrides = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "connection"], name="subscription_once")]
        indexes = [
            models.Index(fields=["channel"], condition=models.Q(is_active=True), name="subscription_active")
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} follows {self.channel_id}"


class ExecutionLog(models.Model):
    """The "why" row: what one signal did on one connection, with the numbers and the times that decided."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="executions")
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.PROTECT, related_name="executions")
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.SET_NULL, related_name="+")
    signal_version = models.PositiveIntegerField(default=1)
    leg = models.CharField(max_length=24, default="entry")
    status = models.CharField(max_length=9, choices=_choices(LogStatus), default=LogStatus.PENDING)
    reason = models.CharField(max_length=32, blank=True)
    numbers = models.JSONField(default=dict)
    #: the effective preset at the time of the decision
    preset = models.JSONField(default=dict)
    symbol = models.CharField(max_length=64, blank=True)
    side = models.CharField(max_length=4, choices=_choices(Side))
    attempts = models.PositiveSmallIntegerField(default=0)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    claimed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    executed_at = models.DateTimeField(null=True)
    protected_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "connection", "leg"], name="execution_once"),
            models.CheckConstraint(condition=models.Q(status__in=list(LogStatus)), name="execution_status_known"),
        ]
        indexes = [
            models.Index(fields=["connection", "-created_at"], name="execution_connection"),
            models.Index(fields=["-created_at"], name="execution_recent"),
            models.Index(fields=["status", "-created_at"], name="execution_status"),
            # What went well is most of it, and nobody looks for it by its reason.
            models.Index(
                fields=["reason", "-created_at"],
                condition=~models.Q(reason__in=["", Reason.FILLED.value, Reason.RESTING.value]),
                name="execution_reason",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["PENDING", "CLAIMED"]),
                name="execution_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.leg} {self.symbol}"

    @property
    def explanation(self) -> str:
        """The reason in words."""
        return sentence(self.reason, self.numbers) if self.reason else ""


class Order(models.Model):
    """One order. Its client order id is fixed before the wire; its state is moved by the table only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    log = models.ForeignKey(ExecutionLog, on_delete=models.PROTECT, related_name="orders")
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.PROTECT, related_name="orders")
    #: empty for an entry before its first fill
    position = models.ForeignKey(ExecutionPosition, null=True, on_delete=models.PROTECT, related_name="orders")
    role = models.CharField(max_length=6, choices=_choices(OrderRole))
    #: of the same role and piece, a sequence rises only after the former order is proven closed or absent
    sequence = models.PositiveIntegerField(default=1)
    #: which part of the position a protective order covers; 0 for the whole
    piece = models.PositiveSmallIntegerField(default=0)
    #: names the cancelling pair at the venue; empty outside a pair
    pair_id = models.CharField(max_length=32, blank=True)
    client_order_id = models.CharField(max_length=32, unique=True)
    venue_order_id = models.CharField(max_length=80, blank=True)

    symbol = models.CharField(max_length=64)
    side = models.CharField(max_length=4, choices=_choices(Side))
    order_type = models.CharField(max_length=10, choices=_choices(OrderType))
    quantity = AmountField()
    price = AmountField(null=True)
    stop_price = AmountField(null=True)
    time_in_force = models.CharField(max_length=3, choices=_choices(TimeInForce), default=TimeInForce.GTC)
    expires_at = models.DateTimeField(null=True)
    reduce_only = models.BooleanField(default=False)
    #: the market price the decision was made at
    expected_price = AmountField(null=True)

    state = models.CharField(max_length=16, choices=_choices(OrderState), default=OrderState.PENDING)
    in_doubt = models.BooleanField(default=False)
    #: look at it again at this time: an answer is overdue, or it rests and may have moved. Empty when it is over
    reconcile_after = models.DateTimeField(null=True)
    doubt_since = models.DateTimeField(null=True)
    doubt_attempts = models.PositiveIntegerField(default=0)
    #: since when it is shown as unresolved to its owner; empty while it is not
    unresolved_at = models.DateTimeField(null=True)
    #: what the resolver has found so far: [{"at", "source", "found"}, ...]
    evidence = models.JSONField(default=list)
    sends = models.PositiveSmallIntegerField(default=0)
    #: a cancel is committed to leave
    cancel_requested_at = models.DateTimeField(null=True)
    #: provably not at the venue, and kept to be sent again under the same id
    is_held = models.BooleanField(default=False)
    #: something that the table does not allow was reported; somebody should look
    is_flagged = models.BooleanField(default=False)
    filled = AmountField(default=0)
    average_price = AmountField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=500, blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    #: when it was first committed to leave, and when it last was
    submitted_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["log", "role", "sequence"], name="order_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_quantity_positive"),
            models.CheckConstraint(condition=models.Q(state__in=list(OrderState)), name="order_state_known"),
            models.CheckConstraint(condition=models.Q(filled__gte=0), name="order_filled_not_negative"),
        ]
        indexes = [
            models.Index(fields=["connection", "-created_at"], name="order_connection"),
            models.Index(fields=["-created_at"], name="order_recent"),
            models.Index(fields=["position"], name="order_position"),
            # The id first: people look for one without knowing the account.
            models.Index(fields=["venue_order_id", "connection"], name="order_venue_id"),
            models.Index(fields=["-created_at"], condition=models.Q(is_flagged=True), name="order_flagged"),
            models.Index(
                fields=["reconcile_after"],
                condition=models.Q(reconcile_after__isnull=False),
                name="order_reconcile_due",
            ),
            models.Index(
                fields=["connection", "symbol"],
                condition=models.Q(state__in=["SUBMITTED", "PARTIALLY_FILLED"], is_held=False),
                name="order_open",
            ),
            models.Index(fields=["doubt_since"], condition=models.Q(in_doubt=True), name="order_in_doubt"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.side} {self.quantity} {self.symbol}"

    def ticket(self) -> OrderTicket:
        """Return what is asked of the broker; the same at every attempt that follows one decision."""
        return OrderTicket(
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=Side(self.side),
            order_type=OrderType(self.order_type),
            quantity=self.quantity,
            price=self.price,
            stop_price=self.stop_price,
            time_in_force=TimeInForce(self.time_in_force),
            expires_at=self.expires_at,
            reduce_only=self.reduce_only,
            reference_price=self.expected_price,
        )

    def ref(self) -> OrderRef:
        """Return enough to find it again."""
        return OrderRef(
            symbol=self.symbol,
            client_order_id=self.client_order_id,
            venue_order_id=self.venue_order_id or None,
            order_type=OrderType(self.order_type),
            submitted_at=self.submitted_at,
        )


class Fill(models.Model):
    """One execution at a venue. A fact: stored once, never changed, never dropped."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.PROTECT, related_name="fills")
    #: empty for a trade that no order of ours made
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="fills")
    venue_trade_id = models.CharField(max_length=120)
    venue_order_id = models.CharField(max_length=80, blank=True)
    symbol = models.CharField(max_length=64)
    side = models.CharField(max_length=4, choices=_choices(Side))
    quantity = AmountField()
    price = AmountField()
    fee = AmountField(default=0)
    fee_currency = models.CharField(max_length=24, blank=True)
    is_maker = models.BooleanField(null=True)
    traded_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # The id first: people look for one without knowing the account.
            models.UniqueConstraint(fields=["venue_trade_id", "connection"], name="fill_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="fill_quantity_positive"),
        ]
        indexes = [
            models.Index(fields=["order"], name="fill_order"),
            models.Index(fields=["connection", "-traded_at"], name="fill_connection"),
            models.Index(fields=["-traded_at"], name="fill_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.symbol} at {self.price}"


class OrderCost(models.Model):
    """What one order cost against the price it was decided at. Positive is worse."""

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.CASCADE, related_name="cost")
    expected_price = AmountField()
    fill_price = AmountField()
    quantity = AmountField()
    slippage = AmountField()
    slippage_bps = models.DecimalField(max_digits=14, decimal_places=4)
    slippage_pips = models.DecimalField(max_digits=20, decimal_places=4)
    #: slippage times quantity, in the quote currency
    amount = AmountField()
    #: fees by currency
    fees = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.slippage_bps} bps"


class Break(models.Model):
    """A difference between the venue's books and ours that nobody has settled yet."""

    class Status(models.TextChoices):
        OPEN = "OPEN"
        RESOLVED = "RESOLVED"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.CASCADE, related_name="breaks")
    kind = models.CharField(max_length=32)
    symbol = models.CharField(max_length=64, blank=True)
    ours = models.JSONField(default=dict)
    theirs = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    resolution = models.CharField(max_length=300, blank=True)
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    found_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "symbol"],
                condition=models.Q(status="OPEN"),
                name="break_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.symbol}"
