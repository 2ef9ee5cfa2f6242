"""Sends what is committed, records what comes back, and goes on until nothing is left to do.

One pump serves one task: many errands are under way, outcomes are recorded as they arrive in small batches, and
every recording may ask for more: a protective order, a look-up, the same ticket again.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core import crash
from core.clock import Clock
from core.crash import Place
from core.machine import next_state
from execution import bulk
from execution import courier as couriers
from execution.answers import PATIENCE
from execution.context import accounts_of
from execution.courier import Account, Courier, Errand, ErrandKind, Outbox, Outcome
from execution.machine import OrderState
from execution.models import Order
from execution.outcomes import TABLE, LogEvent, LogStatus
from execution.roles import OrderRole
from execution.services import errands, fills, protection
from execution.services.tracked import Recorded
from signals.rules import SignalStatus

logger = logging.getLogger(__name__)

#: What arrives within this time of the first outcome is recorded with it.
GATHER_S = 0.02
MOST_AT_ONCE = 200
#: Orders are looked up for missing executions this often by the pump; then the resolver takes over.
MOST_LOOKS = 6


class Pump:
    """Not shared between threads."""

    def __init__(self, *, clock: Clock, courier: Courier = couriers.courier) -> None:
        self._clock = clock
        self._courier = courier
        self._outbox: Outbox = Outbox()
        self._waiting = 0
        self._looks: dict[UUID, int] = {}
        #: accounts by connection, so that what follows an errand needs no query
        self._accounts: dict[UUID, Account] = {}
        #: what the caller may want to know at the end
        self.recorded = Recorded()

    def send(self, leaving: Sequence[Errand]) -> None:
        """Start errands. What they are about must be committed."""
        self._waiting += len(leaving)
        for errand in leaving:
            self._accounts[errand.account.connection_id] = errand.account
        self._courier.send(list(leaving), self._outbox)

    @property
    def is_done(self) -> bool:
        return self._waiting == 0

    def turn(self, *, wait_s: float) -> list[Outcome]:
        """Record what has arrived and send what follows; return the balances that came. Waits for the first."""
        outcomes = couriers.take(self._outbox, at_most=MOST_AT_ONCE, wait_s=wait_s)
        if outcomes and wait_s:
            if self._waiting > len(outcomes):
                time.sleep(GATHER_S)
            outcomes += couriers.take(self._outbox, at_most=MOST_AT_ONCE - len(outcomes), wait_s=0)
        self._waiting -= len(outcomes)
        about_orders = [each for each in outcomes if each.errand.kind is not ErrandKind.BALANCE]
        if about_orders:
            recorded = fills.record(about_orders, now=self._clock())
            crash.passing(Place.AFTER_RECORDING)
            self.recorded.merge(recorded)
            self._follow(recorded)
        return [each for each in outcomes if each.errand.kind is ErrandKind.BALANCE]

    def advance(self, position_ids: Iterable[UUID]) -> None:
        """Plan the exits of these positions and send what they need. One that cannot be planned hurts only itself."""
        ids = list(position_ids)
        if not ids:
            return
        try:
            leaving = protection.advance(ids, now=self._clock())
            crash.passing(Place.BEFORE_EXITS)
            self.send(leaving)
        except Exception:
            if len(ids) == 1:
                logger.exception("The exits of position %s were not planned; the sweeper will try again.", ids[0])
                return
            logger.exception("The exits of %d positions were not planned; planning one by one.", len(ids))
            for each in ids:
                self.advance([each])

    def finish(self, *, patience: timedelta) -> bool:
        """Go on until every errand has been answered, or ``patience`` is over. Return whether all were."""
        deadline = time.monotonic() + patience.total_seconds()
        while not self.is_done and (left := deadline - time.monotonic()) > 0:
            self.turn(wait_s=min(left, 1.0))
        return self.is_done

    def _follow(self, recorded: Recorded) -> None:
        self.advance(recorded.positions)
        self._send_again(recorded.send_again)
        self._look_up(recorded.find)

    def _send_again(self, waits: dict[UUID, float]) -> None:
        if waits:
            self.send(resend(list(waits), clock=self._clock, waits=waits))

    def _look_up(self, waits: dict[UUID, float]) -> None:
        due = []
        for key in waits:
            self._looks[key] = self._looks.get(key, 0) + 1
            if self._looks[key] <= MOST_LOOKS:
                due.append(key)
        if not due:
            return
        orders = list(Order.objects.filter(pk__in=due))
        accounts = {**accounts_of({each.connection_id for each in orders} - set(self._accounts)), **self._accounts}
        self.send(
            [
                Errand(
                    ErrandKind.FIND,
                    accounts[order.connection_id],
                    (order.pk,),
                    ref=order.ref(),
                    delay_s=waits[order.pk] * 2 ** (self._looks[order.pk] - 1),
                )
                for order in orders
            ]
        )


@transaction.atomic
def resend(order_ids: Sequence[UUID], *, clock: Clock, waits: dict[UUID, float]) -> list[Errand]:
    """Commit another attempt of orders that provably did not arrive, under the same id; return the errands.

    An entry that nobody wants any more is not among them: its row is decided again, and says why.
    """
    now = clock()
    orders = list(
        Order.objects.select_for_update(of=("self",))
        .filter(
            pk__in=order_ids,
            state=OrderState.SUBMITTED,
            acknowledged_at__isnull=True,
            in_doubt=False,
            is_held=False,
        )
        .select_related("log__signal", "connection__snapshot")
        .order_by("pk")
    )
    over = [order for order in orders if _is_over(order, now)]
    _give_back(over, now)
    orders = [order for order in orders if order not in over]
    for order in orders:
        order.sends += 1
        order.last_sent_at = now + timedelta(seconds=waits.get(order.pk, 0.0))
        order.reconcile_after = order.last_sent_at + PATIENCE
        order.error_code = order.error = ""
    Order.objects.bulk_update(orders, ["sends", "last_sent_at", "reconcile_after", "error_code", "error"])
    accounts = accounts_of({order.connection_id for order in orders})
    return [
        errand
        for group in _as_sent(orders)
        if (errand := _again(group, accounts[group[0].connection_id], waits.get(group[0].pk, 0.0))) is not None
    ]


def _is_over(order: Order, now: datetime) -> bool:
    """Return whether an entry waited here until its signal was over or its account paused."""
    signal = order.log.signal
    has_expired = signal.expires_at is not None and signal.expires_at <= now
    is_wanted = signal.status == SignalStatus.PUBLISHED and not has_expired and order.connection.is_active
    return order.role == OrderRole.ENTRY and not is_wanted


def _give_back(orders: Sequence[Order], now: datetime) -> None:
    """Keep entries here, and let their rows be decided again."""
    if not orders:
        return
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(
        is_held=True, reconcile_after=None, updated_at=now
    )
    after = next_state(TABLE, LogStatus.SUBMITTED, LogEvent.RETRY)
    bulk.change_logs(
        [bulk.LogChange(order.log_id, LogStatus.SUBMITTED, after, reason="", numbers={}) for order in orders]
    )


def _as_sent(orders: Sequence[Order]) -> list[list[Order]]:
    """Return the orders in the groups they leave in: the two of a pair together."""
    groups: dict[str, list[Order]] = {}
    for order in orders:
        groups.setdefault(order.pair_id or order.client_order_id, []).append(order)
    return list(groups.values())


def _again(group: Sequence[Order], account: Account, delay_s: float) -> Errand | None:
    order = group[0]
    if not order.pair_id:
        return errands.submit(order, account, preparation=_preparation(order, account), delay_s=delay_s)
    by_role = {each.role: each for each in group}
    if len(by_role) < 2:
        return None  # something is known of its twin, so the resolver has to look at both
    return errands.submit_pair(by_role[OrderRole.TARGET], by_role[OrderRole.STOP], account, delay_s=delay_s)


def _preparation(order: Order, account: Account) -> errands.Preparation | None:
    if order.role != OrderRole.ENTRY:
        return None
    snapshot = getattr(order.connection, "snapshot", None)
    return errands.preparation_of(account, order.log.preset, snapshot and snapshot.prepared.get(order.symbol))
