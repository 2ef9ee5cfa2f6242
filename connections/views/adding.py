"""Adding a connection: first where, then what it needs; the first test starts by itself."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from connections import registry, services
from connections.contract import Environment
from connections.errors import Misconfigured
from connections.forms import ConnectionForm
from connections.models import ExecutionConnection
from connections.views.testing import start_test
from core.clock import now


@login_required
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Find the exchange."""
    wanted = request.GET.get("q", "").strip()[:40]
    context = {"wanted": wanted, "exchanges": _exchanges(wanted)}
    return show(request, "connections/choose.html", context, partial="connections/_exchanges.html")


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, kind: str, exchange: str) -> HttpResponse:
    """Enter what the exchange needs; keep it, and start the first test."""
    user = user_of(request)
    try:
        form = ConnectionForm(
            request.POST or None, kind=kind, exchange=exchange, user=user, initial=first_values()
        )
    except Misconfigured as error:
        raise Http404(str(error)) from error
    if request.method == "POST" and form.is_valid():
        made = _create(form, kind, exchange, user)
        if made is not None:
            messages.success(request, f"{made.name} was added. Its first test runs now.")
            return start_test(made)
    context = {
        "form": form,
        "kind": kind,
        "exchange": exchange,
        "label": registry.kind_of(kind).exchanges()[exchange],
    }
    return show(request, "connections/add.html", context, status=422 if form.errors else None)


def draft_of(form: ConnectionForm, kind: str, exchange: str) -> services.ConnectionDraft:
    """Return what was entered, as the service takes it."""
    entered = form.cleaned_data
    return services.ConnectionDraft(
        name=entered["name"],
        type=kind,
        exchange_name=exchange,
        credentials=form.credentials(),
        market=entered["market"],
        environment=entered["environment"],
        base_url=entered.get("base_url", "").rstrip("/")
        if entered["environment"] == Environment.REHEARSAL
        else "",
        preset=entered["preset"],
    )


def first_values() -> dict[str, str]:
    """Return what the form begins with: an installation that knows a simulated exchange is for trying things out."""
    return {"environment": Environment.REHEARSAL, "base_url": settings.VENUE_URL} if settings.VENUE_URL else {}


def _create(form: ConnectionForm, kind: str, exchange: str, user: User) -> ExecutionConnection | None:
    owner = None if form.cleaned_data.get("is_house") else user
    try:
        return services.create_connection(draft=draft_of(form, kind, exchange), owner=owner, actor=user, now=now())
    except services.InvalidConnection as error:
        form.refuse(error)
        return None


def _exchanges(wanted: str) -> list[dict[str, str]]:
    found = [
        {"kind": row.kind, "kind_label": row.label, "name": name, "label": label}
        for row in registry.KINDS.values()
        for name, label in row.exchanges().items()
        if wanted.lower() in name.lower() or wanted.lower() in label.lower()
    ]
    return sorted(
        found, key=lambda row: (not row["label"].lower().startswith(wanted.lower()), row["label"].lower())
    )
