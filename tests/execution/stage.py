"""A stage on which trading is told like a story: real accounts at a real venue process, our workers by hand.

Nobody waits here. Messages, timers and the feed do not run by themselves: a test publishes, lets a worker work, moves
the price, lets time pass, lets somebody look, and reads both books, ours and the venue's own.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F

from accounts.models import User
from connections.budget import close_budgets
from connections.checking import check_connections
from connections.contract import Environment, MarketType
from connections.models import AccountSnapshot, DataConnection, ExecutionConnection
from connections.services import ConnectionDraft, create_connection
from core.clock import now
from core.loop import background
from execution import answers, context
from execution.machine import OPEN
from execution.models import ExecutionLog, Fill, Order
from execution.roles import OrderRole
from execution.services import entries, intake, monitoring, protection, resolver, submission, subscriptions
from execution.services.pump import Pump
from execution.services.reconcile import Compared, reconcile
from marketdata import services as marketdata
from marketdata.selectors import store_quotes
from positions.models import Entry, ExecutionPosition
from signals import services as signals
from signals.models import Channel, Signal
from tests.makers import make_channel, make_preset
from tests.venue_process import RunningVenue, VenueAccount

SPOT, LINEAR = MarketType.SPOT, MarketType.LINEAR
#: Every account trades this much unless a test says otherwise.
SIZE = "0.1"
#: The venue opens at 60,000 and quotes three dollars to both sides.
OPENING = Decimal(60000)
TERMS: dict[str, Any] = {
    "currency_pair": "BTC/USDT",
    "direction": "BUY",
    "order_type": "MARKET",
    "open_price": "60000",
    "sl": "58800",
    "targets": [{"price": "61200", "share": "1"}],
}
THREE_TARGETS = [
    {"price": "61200", "share": "0.5"},
    {"price": "62400", "share": "0.3"},
    {"price": "63600", "share": "0.2"},
]
RESTING = {"order_type": "LIMIT", "open_price": "59500"}
FINISH = timedelta(seconds=30)

_AGEING: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        Order,
        (
            "created_at", "submitted_at", "last_sent_at", "acknowledged_at", "finished_at", "updated_at",
            "reconcile_after", "doubt_since", "cancel_requested_at",
        ),
    ),
    (ExecutionLog, ("created_at", "claimed_at", "lease_until")),
    (
        ExecutionPosition,
        (
            "opened_at", "closed_at", "first_fill_at", "last_exit_at", "unprotected_since", "close_requested_at",
            "look_at", "updated_at",
        ),
    ),
    (Entry, ("at",)),
    (AccountSnapshot, ("as_of",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """One of Alice's accounts at the venue, with what both sides know of it."""

    name: str
    connection: ExecutionConnection
    at_venue: VenueAccount
    venue: RunningVenue

    @property
    def market(self) -> MarketType:
        return MarketType(self.connection.market)

    @property
    def symbol(self) -> str:
        return "BTC/USDT" if self.market is SPOT else "BTC/USDT:USDT"

    # --- our books ----------------------------------------------------------------------------------------------

    @property
    def log(self) -> ExecutionLog:
        return ExecutionLog.objects.get(connection=self.connection)

    @property
    def entry(self) -> Order:
        return self.order(OrderRole.ENTRY)

    @property
    def position(self) -> ExecutionPosition:
        return ExecutionPosition.objects.get(connection=self.connection)

    def order(self, role: OrderRole) -> Order:
        """The latest order of a role."""
        return self.orders(role)[-1]

    def orders(self, *roles: OrderRole, **wanted: Any) -> list[Order]:
        """Our orders, oldest first."""
        rows = Order.objects.filter(connection=self.connection, **wanted)
        return list((rows.filter(role__in=roles) if roles else rows).order_by("created_at", "sequence"))

    def fills(self) -> list[Fill]:
        return list(Fill.objects.filter(connection=self.connection).order_by("traded_at", "venue_trade_id"))

    # --- the venue's books --------------------------------------------------------------------------------------

    def at_the_venue(self, *, is_open: bool | None = None) -> list[dict[str, Any]]:
        """Orders that the venue has from us, conditional ones included; what a conditional became is left out."""
        wanted = {"account": self.name} | ({"open": "true"} if is_open else {})
        plain = [row for row in self.venue.admin.orders(**wanted) if row.get("algo_id") is None]
        return [*plain, *self.venue.admin.algos(**wanted)]

    def resting(self) -> list[dict[str, Any]]:
        """Orders that wait at the venue now."""
        return self.at_the_venue(is_open=True)

    def venue_fills(self) -> list[dict[str, Any]]:
        return self.venue.admin.fills(account=self.name)

    def held_at_the_venue(self) -> Decimal:
        """Bitcoin on the account, or the signed size of its contract."""
        if self.market is SPOT:
            row = self.venue.admin.accounts()[self.name]["spot"].get("BTC", {"free": "0", "locked": "0"})
            return Decimal(row["free"]) + Decimal(row["locked"])
        mine = [row for row in self.venue.admin.positions() if row["account"] == self.name]
        return sum((Decimal(row["amount"]) for row in mine), Decimal(0))


@dataclass
class Stage:
    """Alice follows Bob's channel with accounts that a test opens."""

    venue: RunningVenue
    alice: User
    bob: User
    patch: pytest.MonkeyPatch
    channel: Channel = field(init=False)
    _names: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.channel = make_channel(owner=self.bob, name="Bob's swings")

    # --- before the signal --------------------------------------------------------------------------------------

    def open_account(
        self,
        market: MarketType = SPOT,
        *,
        money: str = "10000",
        at_venue: dict[str, Any] | None = None,
        **values: Any,
    ) -> Account:
        """Open an account at the venue, connect and test it, and let it follow the channel."""
        name = f"account-{next(self._names)}"
        wallet = {"spot" if market is SPOT else "usdm": {"USDT": money}}
        opened = self.venue.admin.open_account(name, **(wallet | (at_venue or {})))
        preset = make_preset(
            owner=self.alice, name=name, values={"sizing_mode": "FIXED_QUANTITY", "size": SIZE} | values
        )
        draft = ConnectionDraft(
            name=name,
            type="ccxt",
            exchange_name="binance",
            credentials=opened.credentials,
            market=market,
            environment=Environment.REHEARSAL,
            base_url=self.venue.url,
            preset=preset,
        )
        connection = create_connection(draft=draft, owner=self.alice, actor=self.alice, now=now())
        marketdata.load_instruments(source=connection, now=now())
        check_connections(connections=[connection], clock=now)
        subscriptions.subscribe(
            channel=self.channel, connection=connection, overrides={}, actor=self.alice, now=now()
        )
        return Account(name, connection, opened, self.venue)

    # --- the story ----------------------------------------------------------------------------------------------

    def publish(self, **terms: Any) -> Signal:
        """Bob publishes a signal; nobody has worked on it yet."""
        signal = signals.create_signal(
            channel=self.channel,
            data=TERMS | terms,
            author=self.bob,
            now=now(),
            external_id=f"story {next(self._names)}",
        )
        signals.approve(signal=signal, actor=self.bob, now=now())
        return signals.publish(signal=signal, actor=self.bob, now=now())

    def trade(self, **terms: Any) -> Signal:
        """Bob publishes a signal, and a worker executes it on every account."""
        signal = self.publish(**terms)
        self.work(intake.take(signal_id=signal.pk, now=now()).pending)
        return signal

    def work(self, rows: Sequence[UUID]) -> Pump:
        """Let a worker execute these rows, as one message would."""
        pump = Pump(clock=now)
        submission.execute(rows, clock=now, pump=pump)
        return pump

    def withdraw(self, signal: Signal) -> None:
        """Bob takes the signal back; nobody has acted on that yet."""
        signal.refresh_from_db()
        signals.withdraw(signal=signal, actor=self.bob, now=now())

    def move_price(self, price: str | int | Decimal, symbol: str = "BTCUSDT") -> None:
        """Move the price at the venue, and forget what we knew of it."""
        self.venue.admin.move_price(symbol, Decimal(price))
        for source in DataConnection.objects.all():
            adapter_quotes = marketdata.current_quotes(
                source=source, symbols=["BTC/USDT", "BTC/USDT:USDT"], clock=lambda: now() + timedelta(minutes=1)
            )
            store_quotes(source.venue_key, list(adapter_quotes.values()))

    def pass_time(self, seconds: float) -> None:
        """Let everything we have written down have happened that much earlier."""
        for model, columns in _AGEING:
            model.objects.update(**{name: F(name) - timedelta(seconds=seconds) for name in columns})

    def look(self, *, after: float = 0) -> None:
        """Let the clock's workers look once: doubts are searched for, rows that wait are done, positions swept."""
        if after:
            self.pass_time(after)
        resolved = resolver.resolve_due(clock=now)
        resolver.follow_up(resolved, clock=now)
        waiting = entries.waiting_rows(now=now(), older_than=now() - timedelta(seconds=10), limit=100)
        self.work(list({*resolved.retry, *itertools.chain(*waiting.values())}))
        monitoring.sweep(clock=now)

    def notice(self) -> None:
        """Look up every order that may have traded, as the feed does when the price touches it."""
        self.search(Order.objects.filter(state__in=OPEN, is_held=False))

    def search(self, orders: Iterable[Order], *, after: float = 0) -> resolver.Resolved:
        """Let the resolver search for these orders now, and follow up."""
        if after:
            self.pass_time(after)
        resolved = resolver.resolve_due(clock=now, order_ids=[order.pk for order in orders])
        resolver.follow_up(resolved, clock=now)
        return resolved

    def settle(self, *, rounds: int = 8) -> None:
        """Let more than a minute pass and everybody look, until nothing changes any more."""
        for _ in range(rounds):
            before = self._state()
            self.look(after=65)
            if self._state() == before:
                return

    def close(self, account: Account, reason: str = "MANUAL") -> None:
        """Alice closes her position by hand."""
        protection.request_close(position_id=account.position.pk, reason=reason, now=now())
        self.advance(account)

    def advance(self, account: Account) -> None:
        """Let a worker look after the exits of an account's position."""
        pump = Pump(clock=now)
        pump.advance([account.position.pk])
        pump.finish(patience=FINISH)

    def compare(self, account: Account) -> Compared:
        """Compare the venue's books with ours, once everything has had time to settle there."""
        self.pass_time(10)
        account.connection.refresh_from_db()
        return reconcile(connection=account.connection, clock=now)

    def hurry(self, seconds: float = 0.3) -> None:
        """Wait this long for an answer, not ten seconds."""
        self.patch.setattr(context, "DEFAULT_TIMEOUT", timedelta(seconds=seconds))

    def _state(self) -> tuple[Any, ...]:
        orders = Order.objects.order_by("pk").values_list("pk", "state", "in_doubt", "is_held", "filled", "sends")
        logs = ExecutionLog.objects.order_by("pk").values_list("pk", "status", "reason")
        positions = ExecutionPosition.objects.order_by("pk").values_list("pk", "status", "quantity", "protection")
        return tuple(orders), tuple(logs), tuple(positions)


@pytest.fixture
def stage(db: None, venue: RunningVenue, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Alice follows Bob's channel at a venue whose price stands at 60,000."""
    background.run(close_budgets(), timeout_s=5)  # and with them what a venue of an earlier test has told us
    monkeypatch.setattr(answers, "FIRST_WAIT", timedelta(milliseconds=5))
    monkeypatch.setattr(answers, "FILLS_WAIT", timedelta(milliseconds=10))
    return Stage(venue, alice, bob, monkeypatch)
