"""Many accounts at a lean venue, straight into the tables: the seeding is no part of what is measured."""

from datetime import timedelta

from accounts.models import User
from accounts.roles import Role
from bench.keys import MONEY, key_of
from connections.contract import Environment, MarketType
from connections.fields import EncryptedJSONField, seal
from connections.health import HealthStatus
from connections.models import AccountSnapshot, DataConnection, ExecutionConnection, TradingPreset
from core.clock import now
from core.ids import uuid7
from execution.models import Subscription
from marketdata import services as marketdata
from signals.models import Channel


def seed(count: int, venue_url: str) -> Channel:
    """Make a channel that ``count`` healthy accounts follow, each with a key of its own."""
    bob = User.objects.create_user("bob@bench.example", None, role=Role.PROVIDER)
    alice = User.objects.create_user("alice@bench.example", None)
    channel = Channel.objects.create(owner=bob, name="Bench", slug="bench")
    preset = TradingPreset.objects.create(
        owner=alice,
        name="Bench",
        values={
            "sizing_mode": "FIXED_AMOUNT",
            "size": "600",
            "duplicate_policy": "ADD",
            "max_open_positions": 1000,
        },
    )
    source = DataConnection.objects.create(
        name="Bench",
        type="ccxt",
        exchange_name="binance",
        market=MarketType.SPOT,
        environment=Environment.REHEARSAL,
        base_url=venue_url,
    )
    connections = [_connection(number, alice, preset, source, venue_url) for number in range(count)]
    ExecutionConnection.objects.bulk_create(connections, batch_size=2000)
    AccountSnapshot.objects.bulk_create(
        [
            AccountSnapshot(connection=each, assets={"USDT": {"free": MONEY, "total": MONEY}}, as_of=now())
            for each in connections
        ],
        batch_size=2000,
    )
    Subscription.objects.bulk_create(
        [Subscription(channel=channel, connection=each) for each in connections], batch_size=2000
    )
    marketdata.load_instruments(source=source, now=now())
    return channel


def _connection(
    number: int, owner: User, preset: TradingPreset, source: DataConnection, venue_url: str
) -> ExecutionConnection:
    field = ExecutionConnection._meta.get_field("credentials")
    assert isinstance(field, EncryptedJSONField)
    key = uuid7()
    credentials = {"apiKey": key_of(number, "key"), "secret": key_of(number, "secret")}
    return ExecutionConnection(
        id=key,
        owner=owner,
        name=f"account{number:06}",
        type="ccxt",
        exchange_name="binance",
        market=MarketType.SPOT,
        environment=Environment.REHEARSAL,
        base_url=venue_url,
        credentials=seal(credentials, bound_to=field.bound_to(key)),
        preset=preset,
        data_connection=source,
        status=HealthStatus.ACTIVE,
        last_tested_at=now() + timedelta(days=1),
    )
