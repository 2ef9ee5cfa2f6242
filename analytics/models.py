"""What the days brought, per connection. docs/metrics.md says what each figure means and what can be rebuilt."""

from django.db import models
from django.utils import timezone

from connections.fields import AmountField
from connections.models import ExecutionConnection


class ExecutionAnalytic(models.Model):
    """One connection on one UTC day, in one currency: a settlement currency, or one that only fees were paid in."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(ExecutionConnection, on_delete=models.CASCADE, related_name="analytics")
    day = models.DateField()
    currency = models.CharField(max_length=24)
    #: positions closed on that day
    trades = models.PositiveIntegerField(default=0)
    wins = models.PositiveIntegerField(default=0)
    losses = models.PositiveIntegerField(default=0)
    #: wins / trades; empty without trades
    win_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    #: net results of the trades that won, and of those that lost as a positive number
    gross_profit = AmountField(default=0)
    gross_loss = AmountField(default=0)
    #: gross profit / gross loss; empty without losses
    profit_factor = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    #: what the entries of the day realised, less the fees they paid in this currency
    total_pnl = AmountField(default=0)
    fees = AmountField(default=0)
    #: largest fall from a peak within the day, as a negative fraction of the peak; empty where equity is unknown
    max_drawdown = models.DecimalField(max_digits=12, decimal_places=8, null=True)
    #: as last measured on that day; empty where nothing was measured
    balance = AmountField(null=True)
    equity = AmountField(null=True)
    average_duration_s = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "day", "currency"], name="analytic_once")]
        indexes = [models.Index(fields=["day"], name="analytic_day")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.day}"
