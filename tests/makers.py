"""Makers of everything that is traded: keyword defaults that make sense, so that a test states what matters to it.

Nothing here needs a venue. Accounts are rehearsals at an address where nobody listens; their instruments, prices and
balances are what a test says. What a maker is not told, it makes: an order without an execution gets one, with its
signal, channel and account. The columns and their defaults are in ``tests.factories``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import factory
import pytest

from accounts.models import User
from connections.contract import Instrument, MarketType, Quote, Side
from connections.models import DataConnection, ExecutionConnection, TradingPreset, VenueAddress
from core.clock import now
from events import operational
from execution.models import Break, ExecutionLog, Fill, Order, OrderCost, Subscription
from marketdata import selectors as marketdata_selectors
from marketdata import services as marketdata
from positions import services as positions
from positions.exits import ClosingReason, Protection
from positions.ledger import Entry, EntryKind, Terms
from positions.models import ExecutionPosition
from signals.models import Channel, Signal
from tests import factories

Row = TypeVar("Row")


@pytest.fixture(autouse=True)
def _forget_what_processes_remember() -> Iterator[None]:
    """Let no test see instruments or settings that an earlier one has saved."""
    marketdata_selectors.forget_instruments()
    operational.forget()
    yield
    marketdata_selectors.forget_instruments()
    operational.forget()


@pytest.fixture
def rehearsal(alice: User) -> ExecutionConnection:
    """Alice's account: tested, funded with 10,000 USDT, at a venue that lists BTC/USDT and ETH/USDT."""
    connection = make_connection(owner=alice, name="Rehearsal")
    make_instruments(connection, instrument("BTC/USDT"), instrument("ETH/USDT"))
    return connection


# --- Accounts at venues ------------------------------------------------------------------------------------------


def make_preset(**fields: Any) -> TradingPreset:
    """A preset; ``owner=None`` gives it to the house."""
    return _made(factories.PresetFactory, TradingPreset, **fields)


def make_connection(**fields: Any) -> ExecutionConnection:
    """A tested account with a balance (``free={"USDT": "10000"}``). ``owner=None`` gives it to the house."""
    return _made(factories.ConnectionFactory, ExecutionConnection, **fields)


def make_data_connection(**fields: Any) -> DataConnection:
    """The public data source of a venue, by default of the one that accounts are at."""
    return _made(factories.DataConnectionFactory, DataConnection, **fields)


# --- Markets -----------------------------------------------------------------------------------------------------

_FILTERS = {
    "price_tick": "0.01", "quantity_step": "0.00001", "min_quantity": "0.00001", "max_quantity": "9000",
    "min_notional": "5", "contract_size": "1",
}  # fmt: skip


def instrument(symbol: str = "BTC/USDT", **filters: Any) -> Instrument:
    """A symbol with filters like those of a large spot exchange; numbers may be text."""
    base, quote, settle = _parts(symbol)
    market = MarketType.LINEAR if settle == quote else MarketType.INVERSE
    numbers: dict[str, Any] = {
        name: Decimal(value) if isinstance(value, str) else value for name, value in (_FILTERS | filters).items()
    }
    return Instrument(
        symbol=symbol,
        venue_symbol=f"{base}{quote}",
        base=base,
        quote=quote,
        settle=settle,
        market=market if ":" in symbol else MarketType.SPOT,
        **numbers,
    )


def make_instruments(venue: VenueAddress, *listed: Instrument) -> None:
    """All that the venue lists, BTC/USDT by default. What it listed before and is not named becomes inactive."""
    marketdata.save_instruments(venue_key=venue.venue_key, instruments=listed or [instrument()], now=now())
    # Within a test nothing is committed, so the process is not told to read them anew.
    marketdata_selectors.forget_instruments()


def make_quote(
    venue: VenueAddress,
    symbol: str = "BTC/USDT",
    *,
    bid: str = "49999",
    ask: str = "50001",
    at: datetime | None = None,
) -> Quote:
    """The price that is stored of a symbol, quoted now by default."""
    quote = Quote(symbol, Decimal(bid), Decimal(ask), quoted_at=at or now())
    marketdata_selectors.store_quotes(venue.venue_key, [quote])
    return quote


# --- Channels, signals, subscriptions ----------------------------------------------------------------------------


def make_channel(**fields: Any) -> Channel:
    """A channel of a provider; ``owner=None`` gives it to the house."""
    return _made(factories.ChannelFactory, Channel, **fields)


def make_signal(**fields: Any) -> Signal:
    """A published signal to buy BTC/USDT with a stop and one target, and its first version."""
    return _made(factories.SignalFactory, Signal, **fields)


def make_subscription(**fields: Any) -> Subscription:
    """An account that follows a channel."""
    return _made(factories.SubscriptionFactory, Subscription, **fields)


# --- What became of signals --------------------------------------------------------------------------------------


def make_execution(**fields: Any) -> ExecutionLog:
    """The "why" row of a signal on an account, executed by default."""
    return _made(factories.ExecutionFactory, ExecutionLog, **fields)


def make_order(**fields: Any) -> Order:
    """An order for 0.1 of an execution's symbol: a filled entry, or with ``in_doubt=True`` one without an answer."""
    return _made(factories.OrderFactory, Order, **fields)


def make_fill(**fields: Any) -> Fill:
    """One trade that filled an order. Positions have entries of their own: see ``make_position``."""
    return _made(factories.FillFactory, Fill, **fields)


def make_break(**fields: Any) -> Break:
    """A difference between the venue's books and ours."""
    return _made(factories.BreakFactory, Break, **fields)


def make_cost(order: Order, **fields: Any) -> OrderCost:
    """What an order cost against the price it was decided at: 10 basis points by default."""
    numbers = {
        "expected_price": Decimal(50000), "fill_price": Decimal(50050), "quantity": order.quantity,
        "slippage": Decimal(50), "slippage_bps": Decimal(10), "slippage_pips": Decimal(5000),
        "amount": Decimal(50) * order.quantity, "fees": {"USDT": "0.5"},
    }  # fmt: skip
    return OrderCost.objects.create(order=order, **(numbers | fields))


def make_position(
    *,
    execution: ExecutionLog | None = None,
    quantity: str = "0.1",
    price: str = "50000",
    fee: str = "0",
    protection: Protection = Protection.NATIVE,
    closed_at_price: str | None = None,
    opened_at: datetime | None = None,
    closed_at: datetime | None = None,
    reason: ClosingReason = ClosingReason.TP,
) -> ExecutionPosition:
    """What an execution holds, booked through the ledger: one entry, and one exit if there is a closing price."""
    log = execution or make_execution()
    opened = opened_at or now() - timedelta(minutes=5)
    entry = _trade(log, Side(log.side), quantity, price, fee, opened)
    position = _book(log, entry, opened)
    if position.stop_price is not None and protection is not Protection.UNPROTECTED:
        position.protection, position.unprotected_since = protection, None
        position.protected_at, position.unprotected_ms = opened + timedelta(milliseconds=120), 120
        positions.save([position], now=opened)
    if closed_at_price is not None:
        leaving = _trade(log, Side(log.side).opposite, quantity, closed_at_price, fee, closed_at or now())
        position = _book(log, leaving, leaving.at, reason)
    return position


def _trade(log: ExecutionLog, side: Side, quantity: str, price: str, fee: str, at: datetime) -> Entry:
    return Entry(
        kind=EntryKind.FILL,
        at=at,
        trade_id=f"{log.pk}-{side}",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency=_parts(log.symbol)[1],
    )


def _book(log: ExecutionLog, entry: Entry, at: datetime, reason: str = "") -> ExecutionPosition:
    key = positions.PositionKey(log.connection_id, log.signal_id, log.symbol)
    terms = Terms(MarketType(log.connection.market), *_parts(log.symbol))
    opening = positions.Opening(terms, Side(log.side), log.signal.sl, log.signal.targets)
    return positions.book([positions.Booking(key, opening, entry, closing_reason=reason)], now=at)[key]


@dataclass(frozen=True, slots=True)
class Trade:
    """One executed signal on one account, with everything that hangs on it."""

    execution: ExecutionLog
    order: Order
    fill: Fill
    position: ExecutionPosition
    cost: OrderCost


def make_trade(**fields: Any) -> Trade:
    """An entry that was filled and is held; the fields are those of ``make_execution``."""
    execution = make_execution(**fields)
    position = make_position(execution=execution)
    order = make_order(log=execution, position=position)
    return Trade(execution, order, make_fill(order=order), position, make_cost(order))


def set_balance(connection: ExecutionConnection, free: Mapping[str, str], as_of: datetime | None = None) -> None:
    """Note what the account held when it was last asked."""
    factories.keep_balance(connection.pk, free, as_of or now())


def _parts(symbol: str) -> tuple[str, str, str]:
    """Return base, quote and settlement currency."""
    pair, _, settle = symbol.partition(":")
    base, _, quote = pair.partition("/")
    return base, quote, settle or quote


def _made(maker: type[factory.django.DjangoModelFactory], kind: type[Row], **fields: Any) -> Row:
    made = maker.create(**fields)
    assert isinstance(made, kind)
    return made
