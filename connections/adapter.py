"""The one interface every broker is reached through."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal

from connections.contract import (
    AccountCheck,
    Balance,
    Capabilities,
    FillReport,
    HoldingReport,
    Instrument,
    OrderRef,
    OrderReport,
    OrderTicket,
    PairTicket,
    Quote,
)
from connections.errors import Unsupported


class BrokerAdapter(ABC):
    """One account at one venue. Instances are cheap, belong to one event loop, and share markets and sockets.

    Every method may raise the errors of ``connections.errors`` and nothing else. A method that changes
    something at the venue raises ``OutcomeUnknown`` whenever the answer leaves room for doubt.
    """

    capabilities: Capabilities

    @abstractmethod
    async def check(self) -> AccountCheck:
        """Return whether the key works, what it may do, the clock offset and the latency."""

    @abstractmethod
    async def instrument(self, symbol: str) -> Instrument:
        """Return the filters of a symbol.

        Raises:
            Refused: the venue does not list the symbol.
        """

    @abstractmethod
    async def instruments(self) -> list[Instrument]:
        """Return every instrument of the account's market."""

    @abstractmethod
    async def balance(self) -> Balance:
        """Return what the account has, free and in total, per currency."""

    @abstractmethod
    async def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return best bid and ask by symbol; symbols without a two-sided market are left out."""

    @abstractmethod
    async def prepare(self, symbol: str, leverage: Decimal | None, margin_mode: str) -> None:
        """Set leverage and margin mode where the venue keeps them per symbol. Doing it twice is harmless."""

    @abstractmethod
    async def submit(self, ticket: OrderTicket) -> OrderReport:
        """Send one order and return the venue's answer.

        Raises:
            Rejected: final. Refused: decided here, before the wire. Duplicate: an earlier attempt landed.
            NotSent: may be sent again under the same id.
            OutcomeUnknown: must be looked up.
        """

    async def submit_pair(self, pair: PairTicket) -> tuple[OrderReport, OrderReport]:
        """Send a stop and a target that cancel each other; return the reports of target and stop."""
        raise Unsupported(f"{type(self).__name__} cannot hold a stop and a target as one pair.")

    @abstractmethod
    async def amend(self, ref: OrderRef, ticket: OrderTicket) -> OrderReport:
        """Change a working order into ``ticket`` in one call.

        Raises:
            Unsupported: the venue needs a cancel and a new order.
        """

    @abstractmethod
    async def cancel(self, ref: OrderRef) -> OrderReport:
        """Cancel a working order and return its last state, fills included.

        Raises:
            Rejected: it is no longer there to cancel; ask ``find`` what became of it.
        """

    @abstractmethod
    async def find(self, ref: OrderRef) -> OrderReport | None:
        """Return the order with its fills, or None when the venue itself said that there is no such order."""

    @abstractmethod
    async def open_orders(self, symbol: str | None = None) -> list[OrderReport]:
        """Return every working order of the account, conditional ones included."""

    @abstractmethod
    async def holdings(self) -> list[HoldingReport]:
        """Return coins on spot, positions on derivatives; what is zero is left out."""

    @abstractmethod
    async def fills(self, since: datetime, symbol: str | None = None) -> list[FillReport]:
        """Return the executions since a time, oldest first. Spot venues may need the symbol."""

    def stream_quotes(self, symbols: Sequence[str]) -> AsyncIterator[Quote]:
        """Yield quotes as they come. A hint: silence proves nothing."""
        raise Unsupported(f"{type(self).__name__} does not stream quotes.")

    def stream_orders(self) -> AsyncIterator[OrderReport | FillReport]:
        """Yield order and fill reports as they come. A hint: queries are the truth."""
        raise Unsupported(f"{type(self).__name__} does not stream orders.")

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything this instance holds for itself."""
