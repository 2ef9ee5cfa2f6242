"""Presets: how accounts trade, once for many."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from accounts.paging import page_of
from connections import preset_services, rights, selectors
from connections.forms import PresetForm, initial_of, shown, told
from connections.models import TradingPreset
from connections.preset_specs import BY_NAME, SPECS
from connections.presets import InvalidPreset, Layer
from connections.rows import value_rows
from core.clock import now


@login_required
@require_safe
def presets(request: HttpRequest) -> HttpResponse:
    """List presets: the house's and the reader's own."""
    user = user_of(request)
    found = page_of(selectors.presets_visible_to(user).select_related("owner"), request)
    context = {"rows": [_row(each, user) for each in found.rows], "page": found}
    return show(request, "connections/presets.html", context)


@login_required
@require_safe
def preset(request: HttpRequest, preset_id: UUID) -> HttpResponse:
    """Show one preset with everything it sets and inherits."""
    user = user_of(request)
    found = _visible(user, preset_id)
    context = {
        "row": _row(found, user),
        "description": found.description,
        "values": value_rows([Layer("preset", found.values)]),
    }
    return show(request, "connections/preset.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a preset, from nothing or as a copy of one that the reader sees."""
    user = user_of(request)
    form = PresetForm(request.POST or None, initial=_copied(request, user), inherited=_defaults())
    if request.method == "POST" and form.is_valid():
        try:
            made = preset_services.create_preset(
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                values=form.values(),
                owner=user,
                actor=user,
                now=now(),
            )
        except InvalidPreset as error:
            form.refuse(error)
        else:
            messages.success(request, f"{made.name} was made. Choose it at your connections.")
            return redirect("connections:preset", made.pk)
    return show(request, "connections/preset_form.html", {"form": form}, status=422 if form.errors else None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, preset_id: UUID) -> HttpResponse:
    """Change a preset; what uses it trades by the new values from the next signal on."""
    user = user_of(request)
    found = _changeable(user, preset_id)
    initial = {"name": found.name, "description": found.description, **initial_of(found.values)}
    form = PresetForm(request.POST or None, initial=initial, inherited=_defaults())
    if request.method == "POST" and form.is_valid():
        try:
            preset_services.change_preset(
                preset=found,
                actor=user,
                now=now(),
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                values=form.values(),
            )
        except InvalidPreset as error:
            form.refuse(error)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved; it holds from the next signal on.")
            return redirect("connections:preset", found.pk)
    context = {"form": form, "row": _row(found, user)}
    return show(request, "connections/preset_form.html", context, status=422 if form.errors else None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, preset_id: UUID) -> HttpResponse:
    """Ask, and delete a preset that nothing uses."""
    user = user_of(request)
    found = _changeable(user, preset_id)
    if request.method != "POST":
        return show(request, "connections/preset_delete.html", {"row": _row(found, user)})
    try:
        preset_services.remove_preset(preset=found, actor=user, now=now())
    except preset_services.PresetInUse as error:
        messages.error(request, str(error))
        return redirect("connections:preset", preset_id)
    messages.success(request, f"{found.name} was deleted.")
    return redirect("connections:presets")


def _visible(user: User, preset_id: UUID) -> TradingPreset:
    found = selectors.presets_visible_to(user).select_related("owner").filter(pk=preset_id).first()
    if found is None:
        raise Http404
    return found


def _changeable(user: User, preset_id: UUID) -> TradingPreset:
    found = _visible(user, preset_id)
    if not rights.may_change_preset(found, user):
        raise Http404
    return found


def _row(preset: TradingPreset, user: User) -> dict[str, object]:
    is_own = preset.owner_id == user.pk
    owner = "you" if is_own else preset.owner.email if preset.owner else "the house"
    return {
        "id": preset.pk,
        "name": preset.name,
        "description": preset.description,
        "owner": owner,
        "may_change": rights.may_change_preset(preset, user),
        "version": preset.version,
        "updated_at": preset.updated_at,
        "summary": [
            f"{BY_NAME[name].label} {shown(BY_NAME[name], value)}"
            for name, value in preset.values.items()
            if name in BY_NAME
        ],
    }


def _copied(request: HttpRequest, user: User) -> dict[str, object]:
    try:
        source = UUID(request.GET.get("copy", ""))
    except ValueError:
        return {}
    found = _visible(user, source)
    return {"name": f"Copy of {found.name}"[:80], "description": found.description, **initial_of(found.values)}


def _defaults() -> dict[str, str]:
    return {spec.name: told(spec, spec.default) for spec in SPECS}
