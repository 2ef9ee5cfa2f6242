"""The factories behind ``tests.makers``: rows as they lie in the database, with what belongs together made together."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import factory
from django.conf import settings

from accounts.roles import Role
from connections.checking import save_snapshot
from connections.contract import AssetBalance, Balance, Environment, MarketType, OrderType, Side
from connections.fields import Sealed, seal
from connections.health import HealthStatus
from connections.models import DataConnection, ExecutionConnection, TradingPreset
from core.clock import now
from core.ids import client_order_id, uuid7
from execution.machine import OPEN, OrderState
from execution.models import Break, ExecutionLog, Fill, Order, Subscription
from execution.outcomes import FINISHED, LogStatus, Reason
from execution.roles import OrderRole
from signals.models import Channel, Signal, SignalVersion
from signals.rules import SignalStatus
from signals.services import terms_as_json
from tests.people import UserFactory

#: A port of the loopback on which nobody listens.
NOWHERE = "http://127.0.0.1:9"
CREDENTIALS = {"apiKey": "the-key-of-a-rehearsal-4321", "secret": "the-secret-of-a-rehearsal-8765"}
REASONS = {
    LogStatus.EXECUTED: Reason.FILLED,
    LogStatus.SKIPPED: Reason.CONNECTION_PAUSED,
    LogStatus.DENIED: Reason.INSUFFICIENT_BALANCE,
    LogStatus.REJECTED: Reason.VENUE_REJECTED,
    LogStatus.FAILED: Reason.VENUE_UNREACHABLE,
}


class PresetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TradingPreset

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"Preset {number}")


class DataConnectionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DataConnection
        django_get_or_create = ("type", "exchange_name", "market", "environment", "base_url")

    type = "ccxt"
    exchange_name = "binance"
    market = MarketType.SPOT
    environment = Environment.REHEARSAL
    base_url = NOWHERE
    name = factory.LazyAttribute(lambda made: f"{made.exchange_name} {made.market}".lower())


class ConnectionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ExecutionConnection
        skip_postgeneration_save = True

    id = factory.LazyFunction(uuid7)
    owner = factory.SubFactory(UserFactory)
    is_admin_owned = factory.LazyAttribute(lambda made: made.owner is None)
    name = factory.Sequence(lambda number: f"Account {number}")
    type = "ccxt"
    exchange_name = "binance"
    market = MarketType.SPOT
    environment = Environment.REHEARSAL
    base_url = NOWHERE
    data_connection = factory.SubFactory(
        DataConnectionFactory,
        **{
            name: factory.SelfAttribute(f"..{name}") for name in ("type", "exchange_name", "market", "environment")
        },
        base_url=factory.SelfAttribute("..base_url"),
    )
    credentials = factory.LazyAttribute(lambda made: sealed(made.id, CREDENTIALS))
    credentials_hint = {"apiKey": "4321", "secret": "8765"}
    credentials_set_at = factory.LazyFunction(now)
    is_active = True
    paused_reason = factory.LazyAttribute(lambda made: "" if made.is_active else "Paused by hand.")
    status = HealthStatus.ACTIVE
    last_tested_at = factory.LazyAttribute(lambda made: None if made.status == HealthStatus.UNTESTED else now())

    @factory.post_generation
    def free(self: ExecutionConnection, is_saved: bool, amounts: Mapping[str, str] | None, **_: object) -> None:
        """Keep a balance, as a passed test does: 10,000 USDT unless the test says what is free."""
        if is_saved and self.last_tested_at is not None:
            keep_balance(self.pk, {"USDT": "10000"} if amounts is None else amounts, self.last_tested_at)


def sealed(connection_id: object, credentials: Mapping[str, str]) -> Sealed:
    """Return credentials as they lie in the row of a connection."""
    return seal(credentials, bound_to=f"connections.executionconnection:credentials:{connection_id}")


def keep_balance(connection_id: UUID, free: Mapping[str, str], as_of: datetime) -> None:
    """Note what an account holds, all of it free."""
    assets = {name: AssetBalance(Decimal(amount), Decimal(amount)) for name, amount in free.items()}
    save_snapshot(connection_id=connection_id, balance=Balance(assets, as_of=as_of))


class ChannelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Channel

    owner = factory.SubFactory(UserFactory, role=Role.PROVIDER)
    name = factory.Sequence(lambda number: f"Channel {number}")
    slug = factory.Sequence(lambda number: f"channel-{number}")


class SignalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Signal
        skip_postgeneration_save = True

    channel = factory.SubFactory(ChannelFactory)
    author = factory.SelfAttribute("channel.owner")
    content_hash = factory.Sequence(lambda number: f"content {number}")
    status = SignalStatus.PUBLISHED
    currency_pair = "BTC/USDT"
    direction = Side.BUY
    open_price = Decimal(50000)
    sl = Decimal(49000)
    targets = factory.LazyFunction(lambda: [{"price": "52000", "share": "1"}])
    approved_at = factory.LazyAttribute(lambda made: None if made.status == SignalStatus.DRAFT else now())
    published_at = factory.LazyAttribute(
        lambda made: None if made.status in (SignalStatus.DRAFT, SignalStatus.APPROVED) else now()
    )
    withdrawn_at = factory.LazyAttribute(lambda made: now() if made.status == SignalStatus.WITHDRAWN else None)
    expired_at = factory.LazyAttribute(lambda made: now() if made.status == SignalStatus.EXPIRED else None)

    @factory.post_generation
    def first_version(self: Signal, is_saved: bool, _: object, **__: object) -> None:
        """Keep what the signal says as its version."""
        if is_saved:
            terms = terms_as_json(self.terms())
            SignalVersion.objects.create(signal=self, version=self.version, terms=terms, author=self.author)


class SubscriptionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Subscription

    channel = factory.SubFactory(ChannelFactory)
    connection = factory.SubFactory(ConnectionFactory)


class ExecutionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ExecutionLog

    signal = factory.SubFactory(SignalFactory)
    connection = factory.SubFactory(ConnectionFactory)
    status = LogStatus.EXECUTED
    reason = factory.LazyAttribute(lambda made: REASONS.get(made.status, ""))
    symbol = factory.SelfAttribute("signal.currency_pair")
    side = factory.SelfAttribute("signal.direction")
    finished_at = factory.LazyAttribute(lambda made: now() if made.status in FINISHED else None)


class OrderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Order

    log = factory.SubFactory(ExecutionFactory)
    connection = factory.SelfAttribute("log.connection")
    role = OrderRole.ENTRY
    client_order_id = factory.LazyAttribute(
        lambda made: client_order_id(settings.SIGNALBOX_INSTALLATION, made.log.pk, made.role, made.sequence)
    )
    sequence = 1
    venue_order_id = factory.Sequence(lambda number: f"{10_000 + number}")
    symbol = factory.SelfAttribute("log.symbol")
    side = factory.LazyAttribute(
        lambda made: made.log.side if made.role == OrderRole.ENTRY else Side(made.log.side).opposite
    )
    order_type = OrderType.MARKET
    quantity = Decimal("0.1")
    expected_price = Decimal(50000)
    in_doubt = False
    state = factory.LazyAttribute(lambda made: OrderState.SUBMITTED if made.in_doubt else OrderState.FILLED)
    filled = factory.LazyAttribute(lambda made: made.quantity if made.state == OrderState.FILLED else Decimal(0))
    average_price = factory.LazyAttribute(lambda made: made.expected_price if made.filled else None)
    sends = 1
    submitted_at = factory.LazyFunction(now)
    last_sent_at = factory.SelfAttribute("submitted_at")
    acknowledged_at = factory.LazyAttribute(lambda made: None if made.in_doubt else now())
    doubt_since = factory.LazyAttribute(lambda made: now() if made.in_doubt else None)
    finished_at = factory.LazyAttribute(lambda made: None if made.state in OPEN else now())


class FillFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Fill

    order = factory.SubFactory(OrderFactory)
    connection = factory.SelfAttribute("order.connection")
    venue_trade_id = factory.Sequence(lambda number: f"{900_000 + number}")
    venue_order_id = factory.SelfAttribute("order.venue_order_id")
    symbol = factory.SelfAttribute("order.symbol")
    side = factory.SelfAttribute("order.side")
    quantity = factory.SelfAttribute("order.quantity")
    price = factory.LazyAttribute(lambda made: made.order.average_price or Decimal(50000))
    fee_currency = "USDT"
    traded_at = factory.LazyFunction(now)


class BreakFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Break

    connection = factory.SubFactory(ConnectionFactory)
    kind = "HOLDING"
    symbol = "BTC"
    ours = factory.LazyFunction(lambda: {"quantity": "0.1"})
    theirs = factory.LazyFunction(lambda: {"quantity": "0.04"})
