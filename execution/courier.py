"""Carries orders to venues and brings back what they say. No database here: errands in, outcomes out.

One courier per process. It lives on the process's event loop, keeps some adapters warm, and never has more than
``IN_FLIGHT`` requests of a priority under way at a venue, because more at once are slower (docs/performance.md). Slow
accounts hold a place each and nobody else up, and exits never stand in one line with entries.
"""

import asyncio
import queue
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from connections import budget, registry
from connections.adapter import BrokerAdapter
from connections.budget import Priority
from connections.circuits import circuits_of_loop
from connections.contract import (
    AccountAccess,
    Balance,
    FillReport,
    OrderRef,
    OrderReport,
    OrderTicket,
    PairTicket,
)
from connections.errors import BrokerError, Misconfigured, NotSent, OutcomeUnknown
from core import crash
from core.clock import now
from core.crash import Place
from core.loop import BackgroundLoop, background

IN_FLIGHT = 100
WARM_ACCOUNTS = 2000
WARM_FOR_S = 1800.0
#: Lists are asked from a little before an order left, because clocks differ.
SEARCH_MARGIN = timedelta(minutes=1)
#: An order that was committed longer ago than this does not leave any more: by then somebody may search for it, and
#: what is found absent must not leave afterwards.
LEAVES_WITHIN = timedelta(seconds=25)
#: A task thread that waits longer than this for an answer gives the wait back; the rows say what is open.
LONGEST_ERRAND_S = 60.0


class ErrandKind(StrEnum):
    SUBMIT = "SUBMIT"
    PAIR = "PAIR"
    CANCEL = "CANCEL"
    FIND = "FIND"
    EXAMINE = "EXAMINE"
    BALANCE = "BALANCE"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose errand it is. ``version`` changes with the credentials, so that an old key is not kept warm."""

    connection_id: UUID
    kind: str
    version: str
    access: AccountAccess = field(repr=False)

    @property
    def venue_key(self) -> str:
        """What accounts of one venue share, as ``connections.models`` names it."""
        access = self.access
        parts = [self.kind, access.exchange, access.market, access.environment]
        return ":".join([*parts, access.base_url] if access.base_url else parts)


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to ask of one account."""

    kind: ErrandKind
    account: Account
    #: the orders it is about; a pair names target and stop, a balance nobody
    order_ids: tuple[UUID, ...] = ()
    ticket: OrderTicket | None = None
    pair: PairTicket | None = None
    ref: OrderRef | None = None
    #: leverage and margin mode to set first; None when they are set
    prepare: tuple[Decimal, str] | None = None
    #: wait before it, as for a venue that asked us to slow down
    delay_s: float = 0.0
    #: an order that has not left by then stays here; None for what may go at any time
    leave_by: datetime | None = None
    #: which attempt to send its orders this is, from 1; 0 for what sends nothing
    attempt: int = 0
    #: it opens a position, or an entry waits for it: what protects and closes comes before it
    is_entry: bool = False

    @property
    def priority(self) -> Priority:
        """How much of the venue's request budget it may use up."""
        if self.is_entry:
            return Priority.ENTRY
        return Priority.HOUSEKEEPING if self.kind is ErrandKind.BALANCE else Priority.EXIT


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source of the venue was asked, answered, and did not have the order."""

    source: str
    asked_at: datetime
    #: how many orders or trades it did name
    named: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one errand: reports, a balance, nothing found, or an error."""

    errand: Errand
    sent_at: datetime
    answered_at: datetime
    reports: tuple[OrderReport, ...] = ()
    balance: Balance | None = None
    error: BrokerError | None = None
    #: what each source of the venue said of an order that was not found
    evidence: tuple[Evidence, ...] = ()


Outbox = queue.SimpleQueue[Outcome]


class Courier:
    """Runs errands on the process's loop."""

    def __init__(self, loop: BackgroundLoop = background) -> None:
        self._loop = loop
        self._adapters: OrderedDict[tuple[UUID, str], tuple[BrokerAdapter, float]] = OrderedDict()
        #: by priority and venue, so that a venue that does not answer takes no place from another
        self._gates: dict[tuple[Priority, str], asyncio.Semaphore] = {}

    def send(self, errands: list[Errand], outbox: Outbox) -> None:
        """Start errands; every one of them puts exactly one outcome into ``outbox``."""
        if errands:
            self._loop.start(self._run_all(errands, outbox))

    async def _run_all(self, errands: list[Errand], outbox: Outbox) -> None:
        await asyncio.gather(*(self._run(errand, outbox) for errand in errands))

    async def _run(self, errand: Errand, outbox: Outbox) -> None:
        who = errand.priority
        budget.priority.set(who)  # every errand is a task of its own, with a context of its own
        budget.leave_by.set(errand.leave_by)
        if errand.delay_s:
            await asyncio.sleep(errand.delay_s)
        gate = (who, errand.account.venue_key)
        if gate not in self._gates:
            self._gates[gate] = asyncio.Semaphore(IN_FLIGHT)
        async with self._gates[gate]:
            sent_at = now()
            try:
                async with asyncio.timeout(LONGEST_ERRAND_S):
                    adapter = self._adapter(errand.account)
                    await _pass_circuit(adapter, errand)
                    await _make_ready(adapter, errand)
                    sent_at = now()
                    outcome = await _PERFORM[errand.kind](adapter, errand, sent_at)
            except BrokerError as error:
                outcome = Outcome(errand, sent_at, now(), error=error)
            except Exception as error:  # an errand without an outcome would be waited for in vain
                outcome = Outcome(errand, sent_at, now(), error=_unexpected(errand, error))
        crash.passing(Place.AFTER_ANSWER)
        outbox.put(outcome)
        account = errand.account
        await circuits_of_loop().note(account.venue_key, str(account.connection_id), outcome.error)

    def _adapter(self, account: Account) -> BrokerAdapter:
        key, moment = (account.connection_id, account.version), time.monotonic()
        known = self._adapters.get(key)
        if known is not None and moment - known[1] < WARM_FOR_S:
            self._adapters.move_to_end(key)
            return known[0]
        adapter = registry.build(account.kind, account.access)
        self._adapters[key] = (adapter, moment)
        while len(self._adapters) > WARM_ACCOUNTS:
            self._adapters.popitem(last=False)
        return adapter


async def _pass_circuit(adapter: BrokerAdapter, errand: Errand) -> None:
    """Keep an entry here while its venue does not answer. A half-open circuit is asked something harmless first."""
    if not errand.is_entry or errand.ticket is None:
        return
    account = errand.account
    who = (account.venue_key, str(account.connection_id))
    if await circuits_of_loop().let_entry_pass(*who):
        try:
            await adapter.balance()
        except OutcomeUnknown as error:
            raise NotSent(f"Before the order: {error}", code=error.code) from error
        await circuits_of_loop().note(*who, None)


async def _make_ready(adapter: BrokerAdapter, errand: Errand) -> None:
    """Do what an order needs before it leaves. Whatever goes wrong here, the order itself has not left."""
    ticket = errand.pair.target if errand.pair is not None else errand.ticket
    if ticket is None:
        return
    try:
        await adapter.instrument(ticket.symbol)
        if errand.prepare is not None:
            await adapter.prepare(ticket.symbol, *errand.prepare)
    except OutcomeUnknown as error:
        raise NotSent(f"Before the order: {error}", code=error.code) from error
    if errand.leave_by is not None and now() > errand.leave_by:
        raise NotSent("The order waited here for too long to leave now.", code="WAITED_HERE")


def _unexpected(errand: Errand, error: Exception) -> BrokerError:
    words = f"{type(error).__name__} in {errand.kind}: {error}"
    if isinstance(error, Misconfigured):
        return BrokerError(words, code="MISCONFIGURED")
    return OutcomeUnknown(words, code="UNEXPECTED")


async def _submit(adapter: BrokerAdapter, errand: Errand, sent_at: datetime) -> Outcome:
    assert errand.ticket is not None
    report = await adapter.submit(errand.ticket)
    return Outcome(errand, sent_at, now(), reports=(report,))


async def _pair(adapter: BrokerAdapter, errand: Errand, sent_at: datetime) -> Outcome:
    assert errand.pair is not None
    return Outcome(errand, sent_at, now(), reports=await adapter.submit_pair(errand.pair))


async def _cancel(adapter: BrokerAdapter, errand: Errand, sent_at: datetime) -> Outcome:
    assert errand.ref is not None
    report = await adapter.cancel(errand.ref)
    return Outcome(errand, sent_at, now(), reports=(report,))


async def _find(adapter: BrokerAdapter, errand: Errand, sent_at: datetime) -> Outcome:
    assert errand.ref is not None
    report = await adapter.find(errand.ref)
    return Outcome(errand, sent_at, now(), reports=(report,) if report is not None else ())


async def _examine(adapter: BrokerAdapter, errand: Errand, sent_at: datetime) -> Outcome:
    """Ask every source there is. One that fails raises, and nothing is proven."""
    ref = errand.ref
    assert ref is not None
    report = await adapter.find(ref)
    if report is not None:
        return Outcome(errand, sent_at, now(), reports=(report,))
    evidence = [Evidence("order by its id", sent_at, 0)]
    asked_at = now()
    working = await adapter.open_orders(ref.symbol)
    for each in working:
        if each.client_order_id == ref.client_order_id:
            return Outcome(errand, sent_at, now(), reports=(each,))
    evidence.append(Evidence("open orders", asked_at, len(working)))
    asked_at = now()
    since = (ref.submitted_at or asked_at) - SEARCH_MARGIN
    trades = await adapter.fills(since, ref.symbol)
    mine = [each for each in trades if _is_of(each, ref)]
    if mine:
        # It traded, so it was there. Its own report will come once the venue's books agree with each other.
        raise OutcomeUnknown(
            "The venue shows trades of an order that it does not find.", code="TRADES_WITHOUT_ORDER"
        )
    evidence.append(Evidence("trades since it was sent", asked_at, len(trades)))
    return Outcome(errand, sent_at, now(), evidence=tuple(evidence))


def _is_of(fill: FillReport, ref: OrderRef) -> bool:
    if fill.client_order_id is not None and fill.client_order_id == ref.client_order_id:
        return True
    return ref.venue_order_id is not None and fill.venue_order_id == ref.venue_order_id


async def _balance(adapter: BrokerAdapter, errand: Errand, sent_at: datetime) -> Outcome:
    return Outcome(errand, sent_at, now(), balance=await adapter.balance())


_PERFORM: dict[ErrandKind, Callable[[BrokerAdapter, Errand, datetime], Awaitable[Outcome]]] = {
    ErrandKind.SUBMIT: _submit,
    ErrandKind.PAIR: _pair,
    ErrandKind.CANCEL: _cancel,
    ErrandKind.FIND: _find,
    ErrandKind.EXAMINE: _examine,
    ErrandKind.BALANCE: _balance,
}

#: The one courier of this process.
courier = Courier()


def take(outbox: Outbox, *, at_most: int, wait_s: float) -> list[Outcome]:
    """Return what has arrived, waiting up to ``wait_s`` for the first; several at once when there are."""
    taken: list[Outcome] = []
    try:
        taken.append(outbox.get(timeout=wait_s) if wait_s else outbox.get_nowait())
        while len(taken) < at_most:
            taken.append(outbox.get_nowait())
    except queue.Empty:
        pass
    return taken
