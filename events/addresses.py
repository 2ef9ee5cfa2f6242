"""Where the subject of an event is shown."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse

from events.catalogue import Kind

#: Names of addresses by the model's label.
_PAGES: Mapping[str, str] = {
    "signals.signal": "execution:signal",
    "execution.executionlog": "execution:execution",
    "execution.order": "execution:order",
    "execution.subscription": "execution:subscription",
    "positions.executionposition": "execution:position",
    "connections.executionconnection": "connections:detail",
    "connections.tradingpreset": "connections:preset",
}
#: After these the subject is no more.
_GONE = frozenset({Kind.CONNECTION_REMOVED, Kind.SUBSCRIPTION_ENDED})


def address_of(*, kind: str, subject_type: str, subject_id: str) -> str:
    """Return the path of the page that shows it; empty where there is none."""
    page = _PAGES.get(subject_type)
    if page is None or kind in _GONE:
        return ""
    if kind == Kind.RECONCILIATION_BREAK:
        return reverse("execution:breaks")
    return reverse(page, args=[subject_id])


def absolute(path: str) -> str:
    """Return an address as it stands in an e-mail."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"
