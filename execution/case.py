"""Everything the decision about one account needs, as frozen values. Rules read it; nothing here asks anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from connections.contract import Balance, Capabilities, Instrument, MarketType, OrderTicket, Quote, Side
from connections.health import HealthStatus
from connections.presets import Preset
from core.decimals import ONE
from execution.outcomes import Reason
from signals.rules import SignalStatus, Terms

#: Numbers that decided, as JSON keeps them.
Numbers = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal as it stands at the moment of the decision."""

    signal_id: UUID
    version: int
    status: SignalStatus
    terms: Terms


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """Something the account holds already."""

    position_id: UUID
    symbol: str
    side: Side
    #: absolute, in base units
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class WaitingEntry:
    """An entry that may still trade and has not yet."""

    symbol: str
    side: Side
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account at the moment of the decision."""

    connection_id: UUID
    market: MarketType
    is_active: bool
    paused_reason: str
    status: HealthStatus
    last_error: str
    last_tested_at: datetime | None
    is_owner_active: bool
    is_subscribed: bool
    capabilities: Capabilities
    #: long and short of one symbol are kept apart, which we do not trade
    is_hedge_mode: bool
    #: None when it was never read, or could not be
    balance: Balance | None
    held: tuple[HeldPosition, ...] = ()
    #: what it will hold once these trade
    entering: tuple[WaitingEntry, ...] = ()
    #: symbols with an order whose outcome is not known
    symbols_in_doubt: frozenset[str] = frozenset()
    #: by currency, what entries took since the balance was read; it is not in ``balance`` any more
    reserved: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One row to decide."""

    log_id: UUID
    client_order_id: str
    signal: SignalView
    account: AccountView
    preset: Preset
    #: None when the venue lists nothing for the pair
    instrument: Instrument | None
    #: None when no current price could be had
    quote: Quote | None
    #: from an outside decision, times every size; zero vetoes
    multiplier: Decimal = ONE
    #: what the outside decision said; empty when nobody was asked
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """No order, and why."""

    reason: Reason
    numbers: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sized:
    """How much, and which caps made it less."""

    quantity: Decimal
    #: value in the currency the order pays with
    notional: Decimal
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Entry:
    """An order to send."""

    ticket: OrderTicket
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class CloseHeld:
    """A sale on spot that closes what is held instead of opening anything."""

    position_ids: tuple[UUID, ...]
    numbers: Numbers
