"""What can be traded where, with the venue's filters."""

from django.db import models
from django.utils import timezone

from connections.contract import Instrument as InstrumentValue
from connections.contract import MarketType
from connections.fields import AmountField


class Instrument(models.Model):
    """One symbol at one venue, as the venue last described it. Steps and limits are in base units."""

    #: ``venue_key`` of the connections that trade it
    venue_key = models.CharField(max_length=320)
    symbol = models.CharField(max_length=64)
    venue_symbol = models.CharField(max_length=64)
    base = models.CharField(max_length=24)
    quote = models.CharField(max_length=24)
    settle = models.CharField(max_length=24)
    market = models.CharField(max_length=8)
    price_tick = AmountField(default=0)
    quantity_step = AmountField(default=0)
    min_quantity = AmountField(default=0)
    max_quantity = AmountField(default=0)
    market_quantity_step = AmountField(default=0)
    market_min_quantity = AmountField(default=0)
    market_max_quantity = AmountField(default=0)
    min_notional = AmountField(default=0)
    max_notional = AmountField(default=0)
    min_price = AmountField(default=0)
    max_price = AmountField(default=0)
    contract_size = AmountField(default=0)
    max_leverage = AmountField(default=0)
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["venue_key", "symbol"], name="instrument_once")]
        indexes = [models.Index(fields=["base", "quote"], name="instrument_pair")]

    def __str__(self) -> str:
        return self.symbol

    def value(self) -> InstrumentValue:
        """Return the frozen value that rules and adapters read."""
        return InstrumentValue(
            symbol=self.symbol,
            venue_symbol=self.venue_symbol,
            base=self.base,
            quote=self.quote,
            settle=self.settle,
            market=MarketType(self.market),
            price_tick=self.price_tick.normalize(),
            quantity_step=self.quantity_step.normalize(),
            min_quantity=self.min_quantity,
            max_quantity=self.max_quantity,
            market_quantity_step=self.market_quantity_step.normalize(),
            market_min_quantity=self.market_min_quantity,
            market_max_quantity=self.market_max_quantity,
            min_notional=self.min_notional,
            max_notional=self.max_notional,
            min_price=self.min_price,
            max_price=self.max_price,
            contract_size=self.contract_size,
            max_leverage=self.max_leverage,
            is_active=self.is_active,
        )
