"""Drafting a signal: fields, rows of targets that come and go, and what is wrong said where it is wrong."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from console.forms import SignalForm, TargetForms, TargetFormSet
from core.clock import now
from core.decimals import to_plain
from signals import services
from signals.models import Signal
from signals.rules import MOST_TARGETS, InvalidSignal
from signals.selectors import channels_run_by, signals_run_by

EMPTY_ROWS = 3


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """Enter a signal; keep it as a draft when everything fits."""
    user = user_of(request)
    if not user.is_staff:
        raise Http404
    if not channels_run_by(user).filter(is_active=True).exists():
        return redirect("console:desk")
    if request.method == "POST":
        return _entered(request, user)
    copied = _copied(request, user)
    form = SignalForm(user=user, initial=copied)
    targets = TargetFormSet(prefix="targets", initial=copied.get("targets") or [{}] * EMPTY_ROWS)
    return _shown(request, form, targets)


def _entered(request: HttpRequest, user: User) -> HttpResponse:
    changed = _with_rows(request)
    if changed is not None:
        # A row came or went: what was entered is shown again, and nothing is checked yet.
        form = SignalForm(user=user, initial={name: changed.get(name) for name in SignalForm.base_fields})
        rows = [
            {"price": changed.get(f"targets-{each}-price"), "share": changed.get(f"targets-{each}-share")}
            for each in range(int(changed["targets-TOTAL_FORMS"]))
        ]
        return _shown(request, form, TargetFormSet(prefix="targets", initial=rows))
    form = SignalForm(request.POST, user=user)
    targets = TargetFormSet(request.POST, prefix="targets")
    if form.is_valid() and targets.is_valid():
        made = _create(form, targets, user)
        if made is not None:
            return redirect("console:desk_signal", made.pk)
    return _shown(request, form, targets, status=422)


def _create(form: SignalForm, targets: TargetForms, user: User) -> Signal | None:
    try:
        return services.create_signal(
            channel=form.cleaned_data["channel"], data=form.data_with(targets.targets()), author=user, now=now()
        )
    except InvalidSignal as error:
        form.refuse(error)
    except services.DuplicateSignal as error:
        first = reverse("console:desk_signal", args=[error.first.pk])
        form.add_error(None, format_html('{} <a href="{}">See the first one</a>', str(error), first))
    return None


def _with_rows(request: HttpRequest) -> dict[str, str] | None:
    """Return what was entered with one row of targets more or less; None when neither was asked for."""
    entered = {name: str(value) for name, value in request.POST.items()}
    text = entered.get("targets-TOTAL_FORMS", "")
    count = min(int(text[:4]), MOST_TARGETS) if text.isdecimal() else 0
    if "add_target" in entered:
        return entered | {"targets-TOTAL_FORMS": str(min(count + 1, MOST_TARGETS))}
    removed = entered.get("remove_target", "")
    if not removed.isdecimal():
        return None
    kept = [each for each in range(count) if each != int(removed[:4])]
    moved = {
        f"targets-{place}-{name}": entered.get(f"targets-{each}-{name}", "")
        for place, each in enumerate(kept)
        for name in ("price", "share")
    }
    return entered | moved | {"targets-TOTAL_FORMS": str(len(kept))}


def _shown(
    request: HttpRequest, form: SignalForm, targets: TargetForms, status: int | None = None
) -> HttpResponse:
    return show(request, "console/draft.html", {"form": form, "targets": targets}, status=status)


def _copied(request: HttpRequest, user: User) -> dict[str, Any]:
    """Return the terms of a signal that is to be written anew; a draft is never changed under its readers."""
    try:
        source = UUID(request.GET.get("copy", ""))
    except ValueError:
        return {}
    found = signals_run_by(user).filter(pk=source).first()
    if found is None:
        raise Http404
    terms = services.terms_as_json(found.terms())
    shares = [
        {"price": each["price"], "share": to_plain(Decimal(each["share"]) * 100)} for each in terms["targets"]
    ]
    return {**terms, "expires_at": None, "channel": found.channel_id, "note": found.note, "targets": shares}
