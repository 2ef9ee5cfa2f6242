"""One decision at a time for an account: two signals that are decided at once must see each other.

A decision is made from what was read before it, outside any transaction. So whoever commits one takes the account's
turn first, and looks whether an entry has been written since; if so, it is decided again by what is true then.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database

from execution.models import ExecutionLog, Order
from execution.roles import OrderRole

#: No decision is older than this when it is committed: its row's lease has ended long before.
LOOKS_BACK = timedelta(minutes=5)


class Overtaken(Exception):
    """Somebody else has entered on one of these accounts since the decision was prepared."""


def entries_beside(log_ids: Collection[UUID], *, now: datetime) -> frozenset[UUID]:
    """Return the latest entries of other rows on the accounts of these rows. Cost: one query."""
    accounts = ExecutionLog.objects.filter(pk__in=log_ids).values("connection_id")
    latest = Order.objects.filter(
        connection_id__in=accounts, role=OrderRole.ENTRY, created_at__gt=now - LOOKS_BACK
    )
    return frozenset(latest.exclude(log_id__in=log_ids).values_list("pk", flat=True))


def take(
    connection_ids: Collection[UUID], log_ids: Collection[UUID], *, seen: frozenset[UUID], now: datetime
) -> None:
    """Wait for the turn of these accounts, which lasts until the transaction ends. Cost: two queries.

    Raises:
        Overtaken: an entry was written since ``seen`` was read, or two rows of one account came together.
    """
    if len(set(connection_ids)) < len(connection_ids):
        raise Overtaken("Two rows of one account were decided together.")
    with database.cursor() as cursor:
        # Always in the same order, so that two batches wait for each other and never both.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) "
            "FROM (SELECT unnest(%s::text[]) AS key ORDER BY 1) AS keys",
            [[f"entry:{each}" for each in connection_ids]],
        )
    if entries_beside(log_ids, now=now) - seen:
        raise Overtaken("Another signal has entered on one of these accounts meanwhile.")
