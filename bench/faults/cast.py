"""The accounts of a fault run, straight into the tables: the seeding is no part of what is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.models import User
from accounts.roles import Role
from bench.keys import key_of
from connections.contract import Environment, MarketType
from connections.fields import EncryptedJSONField, seal
from connections.health import HealthStatus
from connections.models import DataConnection, ExecutionConnection, TradingPreset
from core.clock import now
from core.ids import uuid7
from execution.models import Subscription
from marketdata import services as marketdata
from signals.models import Channel


@dataclass(frozen=True, slots=True)
class Seat:
    """One account: what it is called, where it trades, and which channel it follows."""

    number: int
    name: str
    market: str
    address: str
    channel: str


def seed(seats: Sequence[Seat], values: Mapping[str, Any]) -> dict[str, Channel]:
    """Make the accounts, tested and healthy, each following its channel; return the channels by name."""
    bob = User.objects.create_user("bob@bench.example", None, role=Role.PROVIDER)
    alice = User.objects.create_user("alice@bench.example", None)
    names = list(dict.fromkeys(seat.channel for seat in seats))
    channels = {name: Channel.objects.create(owner=bob, name=name, slug=name) for name in names}
    preset = TradingPreset.objects.create(owner=alice, name="Bench", values=dict(values))
    sources = {key: _source(*key) for key in sorted({(seat.address, seat.market) for seat in seats})}
    rows = [_connection(seat, alice, preset, sources[seat.address, seat.market]) for seat in seats]
    ExecutionConnection.objects.bulk_create(rows, batch_size=2000)
    Subscription.objects.bulk_create(
        [
            Subscription(channel=channels[seat.channel], connection=row)
            for seat, row in zip(seats, rows, strict=True)
        ],
        batch_size=2000,
    )
    return channels


def _source(address: str, market: str) -> DataConnection:
    source = DataConnection.objects.create(
        name=f"{address} {market}",
        type="ccxt",
        exchange_name="binance",
        market=MarketType(market),
        environment=Environment.REHEARSAL,
        base_url=address,
    )
    marketdata.load_instruments(source=source, now=now())
    return source


def _connection(seat: Seat, owner: User, preset: TradingPreset, source: DataConnection) -> ExecutionConnection:
    field = ExecutionConnection._meta.get_field("credentials")
    assert isinstance(field, EncryptedJSONField)
    key = uuid7()
    credentials = {"apiKey": key_of(seat.number, "key"), "secret": key_of(seat.number, "secret")}
    return ExecutionConnection(
        id=key,
        owner=owner,
        name=seat.name,
        type="ccxt",
        exchange_name="binance",
        market=MarketType(seat.market),
        environment=Environment.REHEARSAL,
        base_url=seat.address,
        credentials=seal(credentials, bound_to=field.bound_to(key)),
        preset=preset,
        data_connection=source,
        status=HealthStatus.ACTIVE,
        last_tested_at=now() + timedelta(days=1),
    )
