"""A person's own pages: profile and API tokens. Login and second factors are allauth's views."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import selectors, services
from accounts.clients import user_of
from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken, User
from core.clock import now


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and save the profile."""
    form = ProfileForm(request.POST or None, instance=user_of(request))
    if request.method == "POST" and form.is_valid():
        services.update_profile(user=user_of(request), **form.cleaned_data)
        messages.success(request, "Your profile was saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form, "email": user_of(request).email})


@login_required
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens of the person who asks."""
    moment = now()
    rows = [_token_row(token, token.is_live(moment)) for token in selectors.tokens_of(user_of(request))]
    return render(request, "accounts/tokens.html", {"tokens": rows})


@reauthentication_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its text, this once."""
    user = user_of(request)
    form = TokenForm(request.POST or None, role=user.role)
    if request.method == "POST" and form.is_valid():
        return _created(request, user, form)
    return render(request, "accounts/token_form.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Ask whether to end a token, and end it."""
    token = selectors.token_of(user_of(request), token_id)
    if token is None:
        raise Http404
    if request.method != "POST":
        return render(request, "accounts/token_revoke.html", _token_row(token, token.is_live(now())))
    try:
        services.revoke_token(token=token, actor=user_of(request), now=now())
        messages.success(request, f"The token {token.name} was revoked.")
    except services.AlreadyDone as error:
        messages.info(request, str(error))
    return redirect("accounts:tokens")


def _created(request: HttpRequest, user: User, form: TokenForm) -> HttpResponse:
    # Answered without a redirect: the text would have to be kept somewhere to be shown on another page.
    moment = now()
    token, issued = services.create_token(
        user=user,
        name=form.cleaned_data["name"],
        scopes=form.chosen_scopes(),
        expires_at=form.expiry(moment),
        now=moment,
    )
    return render(request, "accounts/token_created.html", {"name": token.name, "text": issued.text})


def _token_row(token: ApiToken, is_live: bool) -> dict[str, object]:
    return {
        "id": token.pk,
        "name": token.name,
        "prefix": f"sbx_{token.prefix}_",
        "scopes": ", ".join(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "last_used_ip": token.last_used_ip,
        "is_live": is_live,
        "is_revoked": token.revoked_at is not None,
    }
