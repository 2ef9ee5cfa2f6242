"""What the contract's cards stand on: an account at a broker, the broker's own books of it, and a hand on the broker.

A broker's test file implements ``Desk``; the cards know nothing else of a broker.
"""

import base64
import itertools
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from connections.adapter import BrokerAdapter
from connections.contract import Instrument, OrderRef, OrderTicket, OrderType, ReportStatus, Side
from connections.errors import BrokerError
from core.clock import now

T = TypeVar("T")

_numbers = itertools.count(1)


class Step(StrEnum):
    """One request of an adapter that can go wrong."""

    SUBMIT = "SUBMIT"
    SUBMIT_PAIR = "SUBMIT_PAIR"
    AMEND = "AMEND"
    CANCEL = "CANCEL"
    FIND = "FIND"
    OPEN_ORDERS = "OPEN_ORDERS"
    FILLS = "FILLS"
    BALANCE = "BALANCE"
    HOLDINGS = "HOLDINGS"
    QUOTES = "QUOTES"
    MARKETS = "MARKETS"
    PREPARE = "PREPARE"


class Trouble(StrEnum):
    """What a broker, or a proxy in front of it, does to an answer. Where it takes effect first, the name says so."""

    SILENCE = "SILENCE"  # it takes effect, and nobody answers
    RESET_BEFORE = "RESET_BEFORE"
    RESET_AFTER = "RESET_AFTER"
    UNKNOWN_BEFORE = "UNKNOWN_BEFORE"  # "execution status unknown"
    UNKNOWN_AFTER = "UNKNOWN_AFTER"
    BAD_GATEWAY = "BAD_GATEWAY"
    ORIGIN_UNREACHABLE = "ORIGIN_UNREACHABLE"  # 523
    ERROR_IN_JSON = "ERROR_IN_JSON"  # 500 with a code nobody knows
    REDIRECT = "REDIRECT"
    HTML = "HTML"
    EMPTY = "EMPTY"
    EMPTY_OBJECT = "EMPTY_OBJECT"
    TRUNCATED = "TRUNCATED"
    GARBAGE = "GARBAGE"
    DRIP = "DRIP"  # the answer comes in drops, and never ends in time


#: After these the order is in the book.
LANDED = frozenset(
    {
        Trouble.SILENCE,
        Trouble.RESET_AFTER,
        Trouble.UNKNOWN_AFTER,
        Trouble.HTML,
        Trouble.EMPTY,
        Trouble.EMPTY_OBJECT,
        Trouble.TRUNCATED,
        Trouble.GARBAGE,
        Trouble.DRIP,
    }
)


@dataclass(frozen=True, slots=True)
class Booked:
    """An order in the broker's own books."""

    status: ReportStatus
    venue_order_id: str
    side: Side
    quantity: Decimal
    filled: Decimal
    #: what was paid in all, in the quote currency
    worth: Decimal
    #: None for market orders
    price: Decimal | None
    stop_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill in the broker's own books."""

    trade_id: str
    venue_order_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    is_maker: bool


class Desk(ABC):
    """An account with money at a broker whose price stands at ``price`` until a card moves it."""

    adapter: BrokerAdapter
    symbol: str
    base: str
    quote: str
    price: Decimal
    #: passes every filter, and some fraction of it does as well
    quantity: Decimal
    #: listed by the broker, but on another market
    foreign_symbol: str

    # --- adapters -----------------------------------------------------------------------------------------------

    @abstractmethod
    def connect(self, **access: Any) -> BrokerAdapter:
        """Return one more adapter of the same account, with other means of access where they are named."""

    @abstractmethod
    def connect_neighbour(self) -> BrokerAdapter:
        """Return an adapter of another account at the same broker."""

    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """Return what nobody but the broker may ever read."""

    # --- the broker's books -------------------------------------------------------------------------------------

    @abstractmethod
    def booked(self, client_order_id: str) -> Booked | None:
        """Return an order as the broker has it, whatever it tells others."""

    @abstractmethod
    def count(self, client_order_id: str) -> int:
        """Return how many orders the broker has under one id."""

    @abstractmethod
    def executions(self) -> list[Execution]:
        """Return the account's executions, oldest first."""

    @abstractmethod
    def open_ids(self) -> set[str]:
        """Return our ids of all working orders, conditional ones included."""

    @abstractmethod
    def money(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return free and total by currency."""

    @abstractmethod
    def held(self) -> Decimal:
        """Return the signed position in ``base``: coins on spot."""

    @abstractmethod
    def sides(self) -> tuple[Decimal, Decimal]:
        """Return best bid and ask."""

    @abstractmethod
    def filters(self) -> Instrument:
        """Return the rules of ``symbol`` as the broker enforces them."""

    @abstractmethod
    def settings(self) -> tuple[Decimal, str]:
        """Return leverage and margin mode of ``symbol``."""

    @abstractmethod
    def asked(self, step: Step) -> int:
        """Return how often the broker was asked."""

    # --- a hand on the broker -----------------------------------------------------------------------------------

    @abstractmethod
    def move(self, price: Decimal) -> None:
        """Let the market go to a price, through everything that rests on the way."""

    @abstractmethod
    def meet(self, side: Side, quantity: Decimal) -> None:
        """Let somebody else trade at market; he meets whoever quotes best."""

    @abstractmethod
    def trouble(self, step: Step, what: Trouble, *, times: int | None = 1) -> None:
        """Let the next such request end badly."""

    @abstractmethod
    def throttle(self, step: Step, wait: timedelta) -> None:
        """Let the next such request be refused with the demand to wait."""

    @abstractmethod
    def refuse(self, step: Step, words: str) -> None:
        """Let the next such request be refused for good."""

    @abstractmethod
    def fill_in_pieces(self, pieces: int) -> None:
        """Let the next order be filled in so many executions."""

    @abstractmethod
    def fill_partly(self, share: Decimal) -> None:
        """Let the next order be filled to a share, and cancel the rest."""

    @abstractmethod
    def skew(self, ahead: timedelta) -> None:
        """Let the broker's clock run ahead of ours."""

    @abstractmethod
    def leave(self, seconds: float) -> None:
        """Cut every connection, and take none for a while."""

    @abstractmethod
    def wait_until_back(self) -> None:
        """Wait for the end of an absence."""

    @abstractmethod
    def revoke(self) -> None:
        """Make the key worthless."""

    @abstractmethod
    def permit(self, **permissions: bool) -> None:
        """Change what the key may do: ``trade``, ``withdraw``."""

    # --- tickets ------------------------------------------------------------------------------------------------

    def ticket(self, side: Side, order_type: OrderType = OrderType.MARKET, **changes: Any) -> OrderTicket:
        """Return an order of the usual quantity under an id of its own."""
        values = {
            "client_order_id": new_id(),
            "symbol": self.symbol,
            "side": side,
            "order_type": order_type,
            "quantity": self.quantity,
        }
        return OrderTicket(**{**values, **changes})

    def resting(self, side: Side = Side.BUY, **changes: Any) -> OrderTicket:
        """Return a limit order a tenth away from the market, where nobody meets it."""
        price = self.price * Decimal("0.9") if side is Side.BUY else self.price * Decimal("1.1")
        return self.ticket(side, OrderType.LIMIT, **{"price": price, **changes})

    def best_bid(self, **changes: Any) -> OrderTicket:
        """Return a limit order to buy that is the first to be met by whoever sells."""
        return self.ticket(Side.BUY, OrderType.LIMIT, **{"price": self.price - 1, **changes})


def new_id() -> str:
    """Return an id of the form our orders have, never used before."""
    raw = next(_numbers).to_bytes(16, "big")
    return base64.b32encode(raw).decode().rstrip("=").lower()


async def end_of(work: Awaitable[T]) -> T | BrokerError:
    """Return what came of a request: its answer or its error."""
    try:
        return await work
    except BrokerError as error:
        return error


def ref_of(ticket: OrderTicket, venue_order_id: str | None = None) -> OrderRef:
    """Return what finds an order again that was sent a moment ago."""
    return OrderRef(
        symbol=ticket.symbol,
        client_order_id=ticket.client_order_id,
        venue_order_id=venue_order_id,
        order_type=ticket.order_type,
        submitted_at=now() - timedelta(seconds=5),
    )
