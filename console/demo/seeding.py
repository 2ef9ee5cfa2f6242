"""Fills an installation with the demo's people, accounts and channel. Doing it again changes nothing."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from connections import checking
from connections import services as connections
from connections.contract import Environment
from connections.models import DataConnection, ExecutionConnection, TradingPreset
from connections.presets import validate
from console.demo.cast import CHANNEL, Part, Stage, cast_on, key_of, password, venue_account
from console.demo.venue import VenueAdmin
from core.clock import Clock
from execution.models import Subscription
from execution.services import subscriptions
from marketdata import selectors as instruments
from marketdata import services as marketdata
from signals.models import Channel

PEOPLE = {
    "ada": ("Ada, administrator", Role.ADMINISTRATOR),
    "bob": ("Bob, provider", Role.PROVIDER),
    "alice": ("Alice, subscriber", Role.SUBSCRIBER),
    "dora": ("Dora, subscriber", Role.SUBSCRIBER),
}
DOMAIN = "signalbox.example"


@dataclass(frozen=True, slots=True)
class Seeded:
    """The demo's people and channel."""

    people: dict[str, User]
    channel: Channel
    connections: dict[str, ExecutionConnection]
    parts: tuple[Part, ...]


def seed(*, venue_url: str, clock: Clock, stage: Stage) -> Seeded:
    """Make what is missing, open the accounts at the venue, and test every connection that should be tested."""
    venue, parts = VenueAdmin(venue_url), cast_on(stage)
    for part in parts:
        venue.ensure_account(venue_account(part, stage))
    people = _people()
    channel = _channel(people["bob"])
    is_first_time = not ExecutionConnection.objects.filter(name="paused", owner=people["alice"]).exists()
    made = {part.name: _connection(part, people, venue_url, clock) for part in parts}
    _load_markets(venue_url, clock)
    untested = [made[part.name] for part in parts if part.twist != "never tested"]
    checking.check_connections(connections=[each for each in untested if not each.last_tested_at], clock=clock)
    for part in parts:
        _subscribe(part, channel, made[part.name], clock)
    if is_first_time:
        _twist(venue, made, clock)
    return Seeded(people, channel, made, parts)


def logins() -> list[tuple[str, str, str]]:
    """Return name, address and password of the demo's people."""
    return [(label, _email(name), password()) for name, (label, _) in PEOPLE.items()]


@transaction.atomic
def _people() -> dict[str, User]:
    known = {user.email: user for user in User.objects.filter(email__in=[_email(name) for name in PEOPLE])}
    missing = [name for name in PEOPLE if _email(name) not in known]
    # They share a password, so it is hashed once: that is slow by intention.
    hashed = make_password(password()) if missing else ""
    made = {name: _person(name, hashed) for name in missing}
    return {name: made.get(name) or known[_email(name)] for name in PEOPLE}


def _person(name: str, hashed: str) -> User:
    label, role = PEOPLE[name]
    user = User.objects.create_user(_email(name), name=label, role=role)
    user.password = hashed
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _email(name: str) -> str:
    return f"{name}@{DOMAIN}"


def _channel(provider: User) -> Channel:
    channel, _ = Channel.objects.get_or_create(
        slug="demo-swings",
        defaults={
            "name": CHANNEL,
            "owner": provider,
            "description": "A few swings a week on the large pairs, with a stop and three targets each.",
        },
    )
    return channel


def _connection(part: Part, people: dict[str, User], venue_url: str, clock: Clock) -> ExecutionConnection:
    owner = None if part.owner == "house" else people[part.owner]
    known = ExecutionConnection.objects.filter(owner=owner, name=part.name).first()
    if known is not None:
        return _move(known, venue_url)
    preset, _ = TradingPreset.objects.get_or_create(
        owner=owner, name=f"{part.name} sizing", defaults={"values": validate(part.values)}
    )
    draft = connections.ConnectionDraft(
        name=part.name,
        type="ccxt",
        exchange_name="binance",
        credentials={"apiKey": key_of(part.name, "key"), "secret": key_of(part.name, "secret")},
        market=part.market,
        environment=Environment.REHEARSAL,
        base_url=venue_url,
        preset=preset,
    )
    return connections.create_connection(draft=draft, owner=owner, actor=owner, now=clock())


def _move(connection: ExecutionConnection, venue_url: str) -> ExecutionConnection:
    """Follow the venue to the port it has this time."""
    if connection.base_url != venue_url:
        DataConnection.objects.filter(base_url=connection.base_url).update(base_url=venue_url)
        ExecutionConnection.objects.filter(pk=connection.pk).update(base_url=venue_url)
        connection.base_url = venue_url
    return connection


def _load_markets(venue_url: str, clock: Clock) -> None:
    for source in DataConnection.objects.filter(base_url=venue_url):
        # What is known is kept fresh on the clock. A quick restart must not wait for a budget that is used up.
        if not instruments.instruments_of(source.venue_key):
            marketdata.load_instruments(source=source, now=clock())


def _subscribe(part: Part, channel: Channel, connection: ExecutionConnection, clock: Clock) -> None:
    if not Subscription.objects.filter(channel=channel, connection=connection).exists():
        subscriptions.subscribe(
            channel=channel, connection=connection, overrides=part.overrides, actor=connection.owner, now=clock()
        )


def _twist(venue: VenueAdmin, made: dict[str, ExecutionConnection], clock: Clock) -> None:
    paused = made["paused"]
    connections.pause(connection=paused, reason="On holiday until Monday.", actor=paused.owner, now=clock())
    venue.change_account("revoked", revoked=True)
