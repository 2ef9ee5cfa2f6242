"""Steps 4 to 7 of the flow: claim rows, decide them, commit the intent, send, and record what comes back."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID, uuid4

import orjson
from django.db import transaction

from connections.checking import key_refused, save_snapshots
from connections.errors import AuthFailed
from connections.presets import Preset, as_values
from core import crash
from core.clock import Clock
from core.crash import Place
from core.ids import uuid7
from core.machine import next_state
from core.redact import redact_text
from events import services as events
from events.catalogue import Kind
from execution import bulk, context, decision
from execution.answers import PATIENCE
from execution.case import CloseHeld, Entry, Verdict
from execution.context import Loaded
from execution.courier import Errand, ErrandKind, Outcome
from execution.machine import TABLE as ORDER_TABLE
from execution.machine import OrderEvent, OrderState
from execution.models import ExecutionLog, Order
from execution.outcomes import TABLE, LogEvent, LogStatus, Reason
from execution.plan import Decision, decide
from execution.risk import SKIPS
from execution.roles import OrderRole
from execution.services import errands, protection, turns
from execution.services.pump import Pump
from positions.exits import ClosingReason

logger = logging.getLogger(__name__)

#: A worker that is silent for this long has died, and another may take its rows.
LEASE = timedelta(seconds=60)
#: Claims start small, so that the first orders leave at once, and double.
FIRST_CLAIM = 32
LARGEST_CLAIM = 256
#: One task waits this long for its last answers; what is open then is found by the resolver.
FINISH_PATIENCE = timedelta(seconds=45)

_SKIPPED = SKIPS | {
    Reason.SIGNAL_EXPIRED, Reason.SIGNAL_WITHDRAWN, Reason.PRICE_DRIFTED, Reason.STOP_ALREADY_HIT,
    Reason.CONNECTION_PAUSED, Reason.CONNECTION_UNTESTED, Reason.CONNECTION_ERROR, Reason.HEDGE_MODE,
    Reason.SUBSCRIPTION_PAUSED, Reason.OWNER_INACTIVE, Reason.SYMBOL_NOT_LISTED, Reason.SYMBOL_NOT_TRADING,
    Reason.SYMBOL_EXCLUDED, Reason.SYMBOL_NOT_ALLOWED, Reason.DECISION_VETOED, Reason.UNSUPPORTED_ORDER,
}  # fmt: skip
_FAILED = frozenset({Reason.NO_PRICE, Reason.NO_BALANCE, Reason.INTERNAL_ERROR})

_REARMED = (
    "quantity", "price", "stop_price", "expected_price", "is_held", "sends", "last_sent_at", "reconcile_after",
    "error_code", "error", "updated_at",
)  # fmt: skip


#: Rows that wait for the balance of their connection.
Waiting = dict[UUID, list[UUID]]


@dataclass(frozen=True, slots=True)
class Decided:
    loaded: Loaded
    decision: Decision


def execute(log_ids: Sequence[UUID], *, clock: Clock, pump: Pump | None = None) -> int:
    """Work on these rows until each has an outcome, and return how many were ours to work on.

    Doing it twice is harmless: rows that somebody else has, or that are finished, are left alone.
    """
    pump = pump or Pump(clock=clock)
    token, claimed = uuid4(), 0
    waiting: Waiting = {}
    for ids in _growing(log_ids):
        now = clock()
        crash.passing(Place.BEFORE_CLAIM)
        mine = bulk.claim(ids, token=token, now=now, lease_until=now + LEASE)
        crash.passing(Place.AFTER_CLAIM)
        claimed += len(mine)
        _work(mine, waiting, token, clock, pump)
        _take_balances(pump.turn(wait_s=0), waiting, token, clock, pump)
    _finish(waiting, token, clock, pump)
    return claimed


def outcome_of(verdict: Verdict) -> LogEvent:
    """Return whether a verdict is a skip, a denial or a failure."""
    if verdict.reason in _FAILED:
        return LogEvent.FAIL
    return LogEvent.SKIP if verdict.reason in _SKIPPED else LogEvent.DENY


def _growing(log_ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    start, size = 0, FIRST_CLAIM
    while start < len(log_ids):
        yield log_ids[start : start + size]
        start, size = start + size, min(size * 2, LARGEST_CLAIM)


def _work(log_ids: Sequence[UUID], waiting: Waiting, token: UUID, clock: Clock, pump: Pump) -> None:
    """Decide and send rows; those that need a balance first wait for it. One bad row hurts only itself."""
    if not log_ids:
        return
    try:
        _decide_and_send(log_ids, waiting, token, clock, pump)
    except turns.Overtaken:
        # Whoever was quicker has been seen now, so each further time somebody else has got ahead.
        for log_id in log_ids:
            _work([log_id], waiting, token, clock, pump)
    except Exception as error:
        if len(log_ids) == 1:
            logger.exception("Row %s could not be decided.", log_ids[0])
            _fail(log_ids[0], token, error, clock())
            return
        logger.exception("A batch of %d rows could not be decided; doing them one by one.", len(log_ids))
        for log_id in log_ids:
            _work([log_id], waiting, token, clock, pump)


def _decide_and_send(log_ids: Sequence[UUID], waiting: Waiting, token: UUID, clock: Clock, pump: Pump) -> None:
    seen = turns.entries_beside(log_ids, now=clock())
    loaded = context.load(log_ids, clock=clock)
    now = clock()
    old = {
        each.case.log_id for each in loaded if each.account is not None and context.is_balance_old(each, now=now)
    }
    _decide([each for each in loaded if each.case.log_id not in old], seen, token, clock, pump)
    ask = {}
    for each in loaded:
        if each.account is not None and each.case.log_id in old:
            waiting.setdefault(each.account.connection_id, []).append(each.case.log_id)
            ask[each.account.connection_id] = Errand(ErrandKind.BALANCE, each.account, is_entry=True)
    pump.send(list(ask.values()))


def _decide(loaded: Sequence[Loaded], seen: frozenset[UUID], token: UUID, clock: Clock, pump: Pump) -> None:
    if not loaded:
        return
    loaded = decision.apply_hook(loaded)
    now = clock()
    decided = [Decided(each, _decision(each, now)) for each in loaded]
    leaving, closing = _commit(decided, seen, token, now)
    crash.passing(Place.BEFORE_WIRE)
    pump.send(leaving)
    pump.advance(closing)


def _decision(loaded: Loaded, now: datetime) -> Decision:
    if loaded.account is None:
        return Verdict(Reason.INTERNAL_ERROR, {"error": "The credentials of this connection cannot be opened."})
    return decide(loaded.case, now=now)


@transaction.atomic
def _commit(
    decided: Sequence[Decided], seen: frozenset[UUID], token: UUID, now: datetime
) -> tuple[list[Errand], list[UUID]]:
    """Write decisions and orders; return the errands to send after the commit, and positions to close.

    Raises:
        Overtaken: one of the accounts has entered meanwhile, and nothing was written.
    """
    cases = [each.loaded.case for each in decided]
    turns.take([case.account.connection_id for case in cases], [case.log_id for case in cases], seen=seen, now=now)
    # Orders are locked before their rows, as everybody does who records an answer.
    held = _held_orders([each.loaded.case.log_id for each in decided])
    changes = [_log_change(each, now) for each in decided]
    moved = bulk.change_logs(changes, token=token)
    ours = [each for each in decided if each.loaded.case.log_id in moved]
    entries = [each for each in ours if isinstance(each.decision, Entry)]
    again = {each.loaded.case.log_id for each in entries} & set(held)
    new = {each.loaded.case.log_id: _order(each, now) for each in entries if each.loaded.case.log_id not in held}
    bulk.insert_orders(list(new.values()), now=now)
    _rearm([(held[each.loaded.case.log_id], each) for each in entries if each.loaded.case.log_id in again], now)
    _end([order for key, order in held.items() if key in moved and key not in again], now)
    events.append_many([_event(each, now) for each in ours if isinstance(each.decision, Verdict)])
    closing = [key for each in ours if isinstance(each.decision, CloseHeld) for key in each.decision.position_ids]
    for key in sorted(closing):  # as everybody locks positions
        protection.request_close(position_id=key, reason=ClosingReason.OPPOSITE, now=now)
    crash.passing(Place.INSIDE_DECISION)
    keys = {log_id: order.id for log_id, order in new.items()}
    leaving = [_errand(each, held.get(each.loaded.case.log_id), keys, now) for each in entries]
    return leaving, closing


def _log_change(each: Decided, now: datetime) -> bulk.LogChange:
    case, made = each.loaded.case, each.decision
    event, reason, finished = LogEvent.SUBMIT, "", None
    if isinstance(made, Verdict):
        event, reason, finished = outcome_of(made), str(made.reason), now
    elif isinstance(made, CloseHeld):
        event, reason, finished = LogEvent.EXECUTE, Reason.CLOSED_HOLDING, now
    return bulk.LogChange(
        log_id=case.log_id,
        before=LogStatus.CLAIMED,
        after=next_state(TABLE, LogStatus.CLAIMED, event),
        reason=reason,
        numbers=dict(made.numbers),
        symbol=case.instrument.symbol if case.instrument else "",
        preset=_as_json(each.loaded.effective.preset),
        decided_at=now,
        submitted_at=now if isinstance(made, Entry) else None,
        finished_at=finished,
    )


@lru_cache(maxsize=4096)
def _as_json(preset: Preset) -> orjson.Fragment:
    """Return an effective preset as the row keeps it. Most accounts share one."""
    return orjson.Fragment(orjson.dumps(as_values(preset)))


def _held_orders(log_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """Return entries that provably never arrived and are kept to be sent again under their id."""
    rows = Order.objects.select_for_update().filter(log_id__in=log_ids, role=OrderRole.ENTRY, is_held=True)
    return {row.log_id: row for row in rows}


def _rearm(orders: Sequence[tuple[Order, Decided]], now: datetime) -> None:
    """Let orders leave again under their ids, as large as was decided now: it is this size that may be afforded."""
    for order, decided in orders:
        assert isinstance(decided.decision, Entry)
        ticket = decided.decision.ticket
        order.quantity = ticket.quantity
        order.price, order.stop_price = ticket.price, ticket.stop_price
        order.expected_price = ticket.price or ticket.stop_price or ticket.reference_price
        order.is_held = False
        order.sends += 1
        order.last_sent_at = now
        order.reconcile_after = now + PATIENCE
        order.error_code = order.error = ""
        order.updated_at = now
    Order.objects.bulk_update([order for order, _ in orders], _REARMED)


def _end(orders: Sequence[Order], now: datetime) -> None:
    """End held orders that are not wanted any more: the moment has passed, or the account may not trade."""
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(
        state=next_state(ORDER_TABLE, OrderState.SUBMITTED, OrderEvent.FAIL),
        is_held=False,
        finished_at=now,
        updated_at=now,
    )


def _order(each: Decided, now: datetime) -> bulk.NewOrder:
    assert isinstance(each.decision, Entry)
    ticket, case = each.decision.ticket, each.loaded.case
    return bulk.NewOrder(
        id=uuid7(),
        log_id=case.log_id,
        connection_id=case.account.connection_id,
        role=OrderRole.ENTRY,
        client_order_id=ticket.client_order_id,
        symbol=ticket.symbol,
        side=ticket.side,
        order_type=ticket.order_type,
        quantity=ticket.quantity,
        price=ticket.price,
        stop_price=ticket.stop_price,
        time_in_force=ticket.time_in_force,
        expires_at=ticket.expires_at,
        expected_price=ticket.price or ticket.stop_price or ticket.reference_price,
        reconcile_after=now + PATIENCE,
    )


def _errand(each: Decided, held: Order | None, new: Mapping[UUID, UUID], now: datetime) -> Errand:
    assert isinstance(each.decision, Entry)
    account, ticket = each.loaded.account, each.decision.ticket
    assert account is not None
    preset = each.loaded.effective.preset
    values = {"leverage": preset.leverage, "margin_mode": preset.margin_mode}
    preparation = errands.preparation_of(account, values, each.loaded.prepared.get(ticket.symbol))
    if held is not None:
        return errands.submit(held, account, preparation=preparation)
    key = new[each.loaded.case.log_id]
    return errands.enter(key, ticket, account, sent_at=now, preparation=preparation)


def _event(each: Decided, now: datetime) -> events.NewEvent:
    case, verdict = each.loaded.case, each.decision
    assert isinstance(verdict, Verdict)
    outcome = outcome_of(verdict)
    kinds = {LogEvent.SKIP: Kind.EXECUTION_SKIPPED, LogEvent.DENY: Kind.EXECUTION_DENIED}
    return events.NewEvent(
        kind=kinds.get(outcome, Kind.EXECUTION_FAILED),
        subject_type="execution.executionlog",
        subject_id=str(case.log_id),
        owner_id=each.loaded.owner_id,
        occurred_at=now,
        data={
            "reason": verdict.reason,
            "numbers": dict(verdict.numbers),
            "pair": case.signal.terms.currency_pair,
            "side": case.signal.terms.direction,
            "connection": each.loaded.connection_name,
        },
    )


def _take_balances(outcomes: Sequence[Outcome], waiting: Waiting, token: UUID, clock: Clock, pump: Pump) -> None:
    """Keep balances that came, and decide the rows that waited for them."""
    if not outcomes:
        return
    fresh = {each.errand.account.connection_id: each.balance for each in outcomes if each.balance is not None}
    save_snapshots(balances=fresh)
    came: list[UUID] = []
    for each in outcomes:
        mine = waiting.pop(each.errand.account.connection_id, [])
        if each.balance is not None:
            came += mine
        else:
            for log_id in mine:
                _fail(log_id, token, each.error, clock(), Reason.NO_BALANCE)
    try:
        seen = turns.entries_beside(came, now=clock())
        _decide(context.load(came, clock=clock), seen, token, clock, pump)
    except turns.Overtaken:
        for log_id in came:
            _work([log_id], waiting, token, clock, pump)
    except Exception:
        logger.exception("Rows %s could not be decided after their balances came; their leases will end.", came)


def _finish(waiting: Waiting, token: UUID, clock: Clock, pump: Pump) -> None:
    deadline = clock() + FINISH_PATIENCE
    while not pump.is_done and clock() < deadline:
        _take_balances(pump.turn(wait_s=1.0), waiting, token, clock, pump)


def _fail(
    log_id: UUID, token: UUID, error: Exception | None, now: datetime, reason: Reason = Reason.INTERNAL_ERROR
) -> None:
    words = redact_text(f"{error or 'No answer.'}")[:300]
    reason = Reason.VENUE_KEY_REFUSED if isinstance(error, AuthFailed) else reason
    change = bulk.LogChange(
        log_id=log_id,
        before=LogStatus.CLAIMED,
        after=LogStatus.FAILED,
        reason=reason,
        numbers={"error": words},
        decided_at=now,
        finished_at=now,
    )
    with transaction.atomic():
        if not bulk.change_logs([change], token=token):
            return
        log = ExecutionLog.objects.select_related("connection", "signal").get(pk=log_id)
        if isinstance(error, AuthFailed):
            key_refused(connection=log.connection, words=words, now=now)
        events.append(
            events.NewEvent(
                kind=Kind.EXECUTION_FAILED,
                subject_type="execution.executionlog",
                subject_id=str(log_id),
                owner_id=log.connection.owner_id,
                occurred_at=now,
                data={
                    "reason": reason,
                    "numbers": {"error": words},
                    "pair": log.signal.currency_pair,
                    "side": log.side,
                    "connection": log.connection.name,
                },
            )
        )
