"""Positions and the entries they are folded from."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from connections.contract import MarketType, Side
from connections.fields import AmountField
from connections.models import ExecutionConnection
from core.decimals import ZERO
from core.ids import uuid7
from positions.exits import ClosingReason, Protection
from positions.ledger import EntryKind, Position, Terms
from signals.models import Signal


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ").capitalize()) for value in values]


class PositionStatus(models.TextChoices):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class ExecutionPosition(models.Model):
    """What one signal holds on one connection and symbol.

    Quantity, cost, realised and fees are the fold of its entries (``positions.ledger``); only
    ``positions.services`` writes them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.PROTECT, related_name="positions")
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="positions")
    symbol = models.CharField(max_length=64)
    market = models.CharField(max_length=8, choices=_choices(MarketType))
    base = models.CharField(max_length=24)
    quote = models.CharField(max_length=24)
    settle = models.CharField(max_length=24)
    multiplier = AmountField(default=1)
    #: the side of the entry; stays when the position is flat
    side = models.CharField(max_length=4, choices=_choices(Side))
    status = models.CharField(max_length=6, choices=PositionStatus, default=PositionStatus.OPEN)

    quantity = AmountField(default=0)
    cost = AmountField(default=0)
    realised = AmountField(default=0)
    #: currency -> amount as text
    fees = models.JSONField(default=dict)
    funding = AmountField(default=0)
    peak = AmountField(default=0)
    opened_quantity = AmountField(default=0)
    opened_value = AmountField(default=0)
    closed_quantity = AmountField(default=0)
    closed_value = AmountField(default=0)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    #: the stop that protects it now; empty when the signal has none
    stop_price = AmountField(null=True)
    #: [{"price": "51000", "share": "0.5", "quantity": "0.01", "reached": false}, ...]
    targets = models.JSONField(default=list)
    #: pieces whose stop the venue refused, so that we watch it (``execution.exit_plan``)
    watched_pieces = models.JSONField(default=list)
    protection = models.CharField(max_length=11, choices=_choices(Protection), default=Protection.NONE)
    first_fill_at = models.DateTimeField(null=True)
    protected_at = models.DateTimeField(null=True)
    #: how long it was without a stop, in all
    unprotected_ms = models.BigIntegerField(default=0)
    #: since when it is without a stop now; empty while it has one
    unprotected_since = models.DateTimeField(null=True)
    #: the time of the latest exit, whose kind the reason names; reports may come out of order
    last_exit_at = models.DateTimeField(null=True)
    closing_reason = models.CharField(max_length=10, choices=_choices(ClosingReason), blank=True)
    #: why it waits for a person: the venue refuses what we try; empty while all is well
    attention = models.CharField(max_length=300, blank=True)
    #: somebody or something wants it closed: until it is flat the sweeper takes care
    close_requested_at = models.DateTimeField(null=True)
    #: since when its exits wait for somebody to look at them; empty when somebody has since the last change
    look_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "signal", "symbol"], name="position_once"),
            models.CheckConstraint(
                condition=models.Q(status="OPEN") | models.Q(status="CLOSED", quantity=0),
                name="position_closed_is_flat",
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "symbol"], condition=models.Q(status="OPEN"), name="position_open"),
            models.Index(fields=["symbol"], condition=models.Q(status="OPEN"), name="position_open_symbol"),
            models.Index(fields=["updated_at"], name="position_updated"),
            models.Index(fields=["-created_at"], name="position_recent"),
            models.Index(fields=["connection", "-opened_at"], name="position_history"),
            models.Index(fields=["closed_at"], condition=models.Q(status="CLOSED"), name="position_closed"),
            models.Index(
                fields=["unprotected_since"],
                condition=models.Q(status="OPEN", unprotected_since__isnull=False),
                name="position_unprotected",
            ),
            models.Index(
                fields=["close_requested_at"],
                condition=models.Q(status="OPEN", close_requested_at__isnull=False),
                name="position_closing",
            ),
            models.Index(
                fields=["look_at"],
                condition=models.Q(status="OPEN", look_at__isnull=False),
                name="position_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.symbol}"

    def terms(self) -> Terms:
        """Return what a unit of the symbol is worth."""
        return Terms(MarketType(self.market), self.base, self.quote, self.settle, self.multiplier)

    def ledger(self) -> Position:
        """Return the state of the fold, without the trade ids."""
        return Position(
            quantity=self.quantity,
            cost=self.cost,
            realised=self.realised,
            fees={currency: Decimal(amount) for currency, amount in self.fees.items()},
            funding=self.funding,
            peak=self.peak,
            opened_quantity=self.opened_quantity,
            opened_value=self.opened_value,
            closed_quantity=self.closed_quantity,
            closed_value=self.closed_value,
            opened_at=self.opened_at,
            closed_at=self.closed_at,
        )

    @property
    def average_price(self) -> Decimal:
        """Average price of what opened it."""
        return self.ledger().average_open(self.terms())

    @property
    def net_profit(self) -> Decimal:
        """Realised profit and funding less fees, in the settlement currency; fees in others stand in ``fees``."""
        return self.ledger().net(self.settle, self.terms())

    def unrealised(self, mark: Decimal | None) -> Decimal | None:
        """Price profit if it closed at ``mark``; None without a price."""
        return None if mark is None else self.ledger().unrealised(mark, self.terms())


class Entry(models.Model):
    """One line of a position's ledger. Rows are only ever added."""

    id = models.BigAutoField(primary_key=True)
    position = models.ForeignKey(ExecutionPosition, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=_choices(EntryKind))
    at = models.DateTimeField()
    trade_id = models.CharField(max_length=120, blank=True)
    side = models.CharField(max_length=4, blank=True, choices=_choices(Side))
    quantity = AmountField(default=ZERO)
    price = AmountField(default=ZERO)
    fee = AmountField(default=ZERO)
    fee_currency = models.CharField(max_length=24, blank=True)
    amount = AmountField(default=ZERO)
    #: price profit of what this entry closed, as ``realised`` of its position rose or fell by it
    realised = AmountField(default=ZERO)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                fields=["position", "trade_id"], condition=~models.Q(trade_id=""), name="entry_trade_once"
            ),
        ]
        # Entries arrive nearly in the order of their time, so a block range finds a day and costs a write nothing.
        indexes = [BrinIndex(fields=["at"], name="entry_at", autosummarize=True, pages_per_range=16)]

    def __str__(self) -> str:
        return f"{self.kind} {self.side} {self.quantity}"
