"""What is kept of accounts after they traded, off the hot path."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from connections.checking import save_snapshots
from connections.models import ExecutionConnection
from core.clock import Clock
from execution import courier as couriers
from execution.context import accounts_of
from execution.courier import Courier, Errand, ErrandKind, Outbox

WAIT = timedelta(seconds=30)


def refresh(*, connection_ids: Sequence[UUID], clock: Clock, courier: Courier = couriers.courier) -> int:
    """Ask for the balances of accounts that have just traded and keep them; return how many answered.

    One never delays another. Cost: one statement, and one for each group of answers.
    """
    ExecutionConnection.objects.filter(pk__in=connection_ids).update(last_used_at=clock())
    accounts = accounts_of(connection_ids)
    outbox = Outbox()
    courier.send([Errand(ErrandKind.BALANCE, account) for account in accounts.values()], outbox)
    answered = waiting = 0
    while waiting < len(accounts):
        outcomes = couriers.take(outbox, at_most=len(accounts), wait_s=WAIT.total_seconds())
        if not outcomes:
            break
        waiting += len(outcomes)
        fresh = {each.errand.account.connection_id: each.balance for each in outcomes if each.balance is not None}
        save_snapshots(balances=fresh)
        answered += len(fresh)
    return answered
