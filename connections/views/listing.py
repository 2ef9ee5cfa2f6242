"""All connections of a person, and one of them in full."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.clients import user_of
from accounts.pages import show
from accounts.paging import page_of
from connections import rights, selectors
from connections.models import AccountSnapshot
from connections.presets import Layer
from connections.rows import (
    BALANCE_OLD_AFTER,
    asset_rows,
    connection_row,
    hints_of,
    value_rows,
    visible_connection,
)
from core.clock import now

#: A test that no worker has taken up after this is said to hang.
TEST_PATIENCE = timedelta(seconds=60)


@login_required
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """List connections, newest first."""
    user, moment = user_of(request), now()
    found = page_of(selectors.connections_visible_to(user).select_related("owner", "preset"), request)
    context = {
        "rows": [connection_row(each, user, now=moment) for each in found.rows],
        "page": found,
        "shows_owner": user.is_staff,
    }
    return show(request, "connections/list.html", context, partial="connections/_list.html")


@login_required
@require_safe
def connection(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Show one connection: what its owner wants, what was measured, what it holds, how it trades."""
    user, moment = user_of(request), now()
    found = visible_connection(user, connection_id)
    snapshot = AccountSnapshot.objects.filter(connection=found).first()
    context = {
        "row": connection_row(found, user, now=moment),
        "hints": hints_of(found),
        "credentials_set_at": found.credentials_set_at,
        "aliases": sorted(found.settings.get("aliases", {}).items()),
        "assets": asset_rows(snapshot),
        "equity": snapshot.equity if snapshot else None,
        "balance_as_of": snapshot.as_of if snapshot else None,
        "is_balance_old": snapshot is not None and moment - snapshot.as_of > BALANCE_OLD_AFTER,
        "values": value_rows([Layer("preset", found.preset.values)] if found.preset else []),
        "may_enter_keys": rights.may_enter_keys(found, user),
        "asked_at": _asked_at(request),
    }
    return show(request, "connections/detail.html", context | _test_state(request, found.last_tested_at, moment))


@login_required
@require_safe
def health(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Show the measured side of one connection: the region that follows a test while it runs."""
    user, moment = user_of(request), now()
    found = visible_connection(user, connection_id)
    context = {"row": connection_row(found, user, now=moment), "asked_at": _asked_at(request)}
    return show(request, "connections/_health.html", context | _test_state(request, found.last_tested_at, moment))


def _asked_at(request: HttpRequest) -> str:
    """Return when a test was asked for, as the address says it; empty for never and for nonsense."""
    text = request.GET.get("asked", "")
    return text if text.isdecimal() and len(text) <= 13 else ""


def _test_state(request: HttpRequest, tested_at: datetime | None, moment: datetime) -> dict[str, object]:
    text = _asked_at(request)
    if not text:
        return {"is_testing": False, "is_test_late": False, "has_just_passed": False}
    asked_at = datetime.fromtimestamp(int(text) / 1000, tz=UTC)
    is_done = tested_at is not None and tested_at >= asked_at
    is_late = not is_done and moment - asked_at > TEST_PATIENCE
    return {"is_testing": not is_done and not is_late, "is_test_late": is_late, "has_just_passed": is_done}
