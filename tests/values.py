"""Frozen values for the tests of rules: makers with defaults, so that a test states only what matters to it.

Everything trades BTC/USDT at 50,000 on spot unless a test says otherwise. No database, no settings.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from connections.contract import (
    AssetBalance,
    Balance,
    Capabilities,
    FillReport,
    Instrument,
    MarketType,
    OrderReport,
    OrderTicket,
    OrderType,
    ProtectionStyle,
    Quote,
    ReportStatus,
    Side,
    TimeInForce,
)
from connections.health import HealthStatus
from connections.presets import Layer, Preset, combine
from execution.case import AccountView, Case, HeldPosition, SignalView
from execution.folding import OrderView
from execution.machine import OrderState
from signals.rules import SignalStatus, Target, Terms

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BTC = "BTC/USDT"
BTC_SWAP = "BTC/USDT:USDT"


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def make_instrument(**changes: Any) -> Instrument:
    """Bitcoin for dollars on spot, with a venue's usual filters."""
    values: dict[str, Any] = {
        "symbol": BTC,
        "venue_symbol": "BTCUSDT",
        "base": "BTC",
        "quote": "USDT",
        "settle": "USDT",
        "market": MarketType.SPOT,
        "price_tick": D("0.01"),
        "quantity_step": D("0.00001"),
        "min_quantity": D("0.00001"),
        "max_quantity": D("9000"),
        "min_notional": D("5"),
    }
    return Instrument(**{**values, **changes})


def make_swap(**changes: Any) -> Instrument:
    """Bitcoin's perpetual, settled in dollars."""
    values: dict[str, Any] = {"symbol": BTC_SWAP, "market": MarketType.LINEAR, "quantity_step": D("0.001")}
    return make_instrument(**{**values, "min_quantity": D("0.001"), "price_tick": D("0.1"), **changes})


def make_inverse(**changes: Any) -> Instrument:
    """Bitcoin's perpetual in contracts of 100 dollars, settled in bitcoin; quantities are dollars."""
    values: dict[str, Any] = {
        "symbol": "BTC/USD:BTC",
        "venue_symbol": "BTCUSD_PERP",
        "quote": "USD",
        "settle": "BTC",
        "market": MarketType.INVERSE,
        "price_tick": D("0.1"),
        "quantity_step": D("100"),
        "min_quantity": D("100"),
        "max_quantity": D("100000000"),
        "min_notional": D(0),
        "contract_size": D("100"),
    }
    return make_instrument(**{**values, **changes})


def make_ticket(**changes: Any) -> OrderTicket:
    """A market buy of 0.01 BTC."""
    values: dict[str, Any] = {
        "client_order_id": "aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "symbol": BTC,
        "side": BUY,
        "order_type": OrderType.MARKET,
        "quantity": D("0.01"),
    }
    return OrderTicket(**{**values, **changes})


def make_quote(bid: str = "49990", ask: str = "50010", **changes: Any) -> Quote:
    """What the market pays and asks."""
    return Quote(**{"symbol": BTC, "bid": D(bid), "ask": D(ask), "quoted_at": NOON, **changes})


def make_balance(free: str = "10000", *, equity: str | None = None, **others: str) -> Balance:
    """An account with so many dollars free, and other coins by name."""
    assets = {"USDT": free, **others}
    return Balance(
        assets={name: AssetBalance(free=D(amount), total=D(amount)) for name, amount in assets.items()},
        as_of=NOON,
        equity=None if equity is None else D(equity),
    )


def make_fill(quantity: str = "1", price: str = "100", **changes: Any) -> FillReport:
    """One execution; tests that use several name their trades."""
    values: dict[str, Any] = {
        "venue_trade_id": "t1",
        "symbol": BTC,
        "side": BUY,
        "quantity": D(quantity),
        "price": D(price),
        "fee": D(0),
        "fee_currency": "",
        "traded_at": NOON,
    }
    return FillReport(**{**values, **changes})


def make_report(status: ReportStatus = ReportStatus.ACCEPTED, filled: str = "0", **changes: Any) -> OrderReport:
    """What the broker says of an order."""
    values: dict[str, Any] = {"symbol": BTC, "venue_order_id": "v1", "client_order_id": "c1", "filled": D(filled)}
    return OrderReport(**{"status": status, **values, **changes})


def make_order(
    state: OrderState = OrderState.SUBMITTED, quantity: str = "10", filled: str = "0", **changes: Any
) -> OrderView:
    """An order as folding sees it."""
    values: dict[str, Any] = {
        "state": state,
        "quantity": D(quantity),
        "filled": D(filled),
        "average_price": D("100") if D(filled) else None,
        "is_acknowledged": False,
    }
    return OrderView(**{**values, **changes})


def make_preset(**values: Any) -> Preset:
    """The effective values of an account that states only these."""
    return combine([Layer("connection", values)]).preset


def make_terms(**changes: Any) -> Terms:
    """Buy at market, stop at 49,000, one target at 52,000."""
    values: dict[str, Any] = {
        "currency_pair": BTC,
        "direction": BUY,
        "order_type": OrderType.MARKET,
        "open_price": D("50000"),
        "sl": D("49000"),
        "targets": (Target(D("52000"), D(1)),),
        "time_in_force": TimeInForce.GTC,
        "expires_at": None,
        "max_drift_bps": None,
    }
    return Terms(**{**values, **changes})


def make_short_terms(**changes: Any) -> Terms:
    """Sell at market, stop at 51,000, one target at 48,000."""
    short = {"direction": SELL, "sl": D("51000"), "targets": (Target(D("48000"), D(1)),)}
    return make_terms(**{**short, **changes})


def make_signal(**changes: Any) -> SignalView:
    """A published signal; changes to its terms by their names."""
    status = changes.pop("status", SignalStatus.PUBLISHED)
    terms = changes.pop("terms", None) or make_terms(**changes)
    return SignalView(signal_id=UUID(int=1), version=1, status=status, terms=terms)


def make_capabilities(**changes: Any) -> Capabilities:
    """A venue that can do everything on spot."""
    values: dict[str, Any] = {
        "order_types": frozenset(OrderType),
        "times_in_force": frozenset(TimeInForce),
        "protection": ProtectionStyle.SEPARATE,
        "oco": True,
    }
    return Capabilities(**{**values, **changes})


def make_account(**changes: Any) -> AccountView:
    """A healthy spot account with 10,000 dollars that holds nothing."""
    values: dict[str, Any] = {
        "connection_id": UUID(int=2),
        "market": MarketType.SPOT,
        "is_active": True,
        "paused_reason": "",
        "status": HealthStatus.ACTIVE,
        "last_error": "",
        "last_tested_at": NOON,
        "is_owner_active": True,
        "is_subscribed": True,
        "capabilities": make_capabilities(),
        "is_hedge_mode": False,
        "balance": make_balance(),
    }
    return AccountView(**{**values, **changes})


def make_holding(quantity: str = "0.5", side: Side = BUY, symbol: str = BTC, number: int = 7) -> HeldPosition:
    """Something the account holds already."""
    return HeldPosition(position_id=UUID(int=number), symbol=symbol, side=side, quantity=D(quantity))


def make_case(
    *,
    signal: SignalView | None = None,
    account: AccountView | None = None,
    preset: Preset | None = None,
    **changes: Any,
) -> Case:
    """A case in which nothing speaks against buying."""
    case = Case(
        log_id=UUID(int=3),
        client_order_id="aaaaaaaaaaaaaaaaaaaaaaaaaa",
        signal=signal or make_signal(),
        account=account or make_account(),
        preset=preset or make_preset(),
        instrument=make_instrument(),
        quote=make_quote(),
    )
    return replace(case, **changes)


def make_swap_case(*, held: Sequence[HeldPosition] = (), **changes: Any) -> Case:
    """The same on the perpetual, where selling short is possible."""
    account = make_account(market=MarketType.LINEAR, held=tuple(held))
    return make_case(**{"account": account, "instrument": make_swap(), **changes})
