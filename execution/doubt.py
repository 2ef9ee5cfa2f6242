"""What a search that found nothing proves. Pure.

"Absent" needs the venue's own answer from independent sources, each asked after the time in which a fresh order may be
missing from the venue's queries. A failed query is no evidence at all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from execution.courier import Evidence

#: The order by its id, the open orders, and the trades.
SOURCES_NEEDED = 3
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=1)
#: What is kept of a long search on the row.
MOST_KEPT = 30


def is_absent(
    evidence: Sequence[Evidence], *, last_sent_at: datetime, consistency_delay: timedelta, patience: timedelta
) -> bool:
    """Return whether these answers, all of one search, prove that the venue does not have the order.

    ``patience`` is the longest the last attempt can still have been on its way.
    """
    settled_at = last_sent_at + patience + consistency_delay
    sources = {each.source for each in evidence if each.asked_at >= settled_at}
    return len(sources) >= SOURCES_NEEDED


def next_wait(attempts: int) -> timedelta:
    """Return how long to wait before the next search. It grows, and never ends."""
    return min(FIRST_WAIT * 2 ** min(attempts, 10), LONGEST_WAIT)


def as_rows(evidence: Sequence[Evidence], *, error: str, now: datetime) -> list[Mapping[str, Any]]:
    """Return a search as the order's row keeps it."""
    if error:
        return [{"at": now.isoformat(), "source": "the venue", "found": f"no answer: {error[:200]}"}]
    return [
        {"at": each.asked_at.isoformat(), "source": each.source, "found": f"not among {each.named}"}
        for each in evidence
    ]
