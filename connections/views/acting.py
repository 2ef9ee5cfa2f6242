"""What an owner does with a connection: test, pause, resume, change, replace the keys, delete."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.clients import user_of
from accounts.pages import show
from connections import checking, rights, services
from connections.errors import Misconfigured
from connections.forms import ConnectionSettingsForm, CredentialsForm, PauseForm
from connections.rows import connection_row, hints_of, visible_connection
from connections.views.testing import start_test
from core.clock import now


@login_required
@require_POST
def test(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Ask a worker to test the connection; the page then follows it."""
    found = visible_connection(user_of(request), connection_id)
    if not checking.may_test_now(found):
        messages.info(request, f"{found.name} was tested a moment ago.")
        return redirect("connections:detail", found.pk)
    return start_test(found)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Ask for a reason, and stop new entries."""
    user = user_of(request)
    found = visible_connection(user, connection_id)
    form = PauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if services.pause(connection=found, reason=form.cleaned_data["reason"], actor=user, now=now()):
            messages.success(request, f"{found.name} is paused: no new entries. Open positions keep their exits.")
        else:
            messages.info(request, f"{found.name} was paused before.")
        return redirect("connections:detail", found.pk)
    context = {"row": connection_row(found, user, now=now()), "form": form}
    return show(request, "connections/pause.html", context)


@login_required
@require_POST
def resume(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Let new entries trade again."""
    user = user_of(request)
    found = visible_connection(user, connection_id)
    if services.resume(connection=found, actor=user, now=now()):
        messages.success(request, f"{found.name} trades the next signals again.")
    else:
        messages.info(request, f"{found.name} was not paused.")
    return redirect("connections:detail", found.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Change name, preset and aliases."""
    user = user_of(request)
    found = visible_connection(user, connection_id)
    form = ConnectionSettingsForm.of(found, request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_connection(connection=found, actor=user, now=now(), **form.changes(found))
        except services.InvalidConnection as error:
            form.refuse(error)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("connections:detail", found.pk)
    context = {"row": connection_row(found, user, now=now()), "form": form}
    return show(request, "connections/change.html", context, status=422 if form.errors else None)


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def replace_keys(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Enter new keys; the old ones are gone at once, and the new ones are tested."""
    user = user_of(request)
    found = visible_connection(user, connection_id)
    if not rights.may_enter_keys(found, user):
        raise Http404
    try:
        form = CredentialsForm(request.POST or None, kind=found.type, exchange=found.exchange_name)
    except Misconfigured as error:
        messages.error(request, str(error))
        return redirect("connections:detail", found.pk)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_credentials(connection=found, credentials=form.credentials(), actor=user, now=now())
        except services.InvalidConnection as error:
            form.refuse(error)
        else:
            messages.success(request, "The keys were replaced and are tested now.")
            return start_test(found)
    context = {
        "row": connection_row(found, user, now=now()),
        "form": form,
        "hints": hints_of(found),
        "credentials_set_at": found.credentials_set_at,
    }
    return show(request, "connections/keys.html", context, status=422 if form.errors else None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Ask, and delete a connection that never traded."""
    user = user_of(request)
    found = visible_connection(user, connection_id)
    if request.method != "POST":
        return show(request, "connections/delete.html", {"row": connection_row(found, user, now=now())})
    try:
        services.remove_connection(connection=found, actor=user, now=now())
    except services.InvalidConnection as error:
        messages.error(request, str(error))
        return redirect("connections:detail", connection_id)
    messages.success(request, f"{found.name} was deleted, and its keys with it.")
    return redirect("connections:list")
