"""Following a channel with an account: choose, adjust, see what would hold, confirm. And what comes after."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from connections.forms import initial_of
from connections.models import ExecutionConnection
from connections.rows import connection_row, value_rows, visible_connection
from connections.selectors import connections_run_by
from core.clock import now
from execution import selectors
from execution.forms import SubscriptionForm
from execution.models import Subscription
from execution.rows.signals import channel_row
from execution.rows.subscriptions import inherited_from, layers_of, subscription_row
from execution.services import subscriptions
from execution.views.channels import visible_channel
from signals.models import Channel


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """Let an account follow a channel: first which account, then how, then a look at what would hold."""
    user = user_of(request)
    channel = visible_channel(user, slug)
    connection = _chosen(request, user)
    if connection is None:
        return _choose(request, user, channel)
    inherited = inherited_from(layers_of(channel.preset, connection.preset, {}))
    form = SubscriptionForm(request.POST or None, inherited=inherited)
    if request.method == "POST" and form.is_valid() and "confirm" in request.POST:
        try:
            subscriptions.subscribe(
                channel=channel, connection=connection, overrides=form.values(), actor=user, now=now()
            )
        except subscriptions.SubscriptionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{connection.name} follows {channel.name} from its next signal on.")
            return redirect("execution:channel", slug)
    return _form(request, form, user, channel, connection, is_reviewed=form.is_bound and form.is_valid())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    """Change what holds for a channel on an account, or pause and resume it."""
    user = user_of(request)
    found = _visible(user, subscription_id)
    connection, channel = found.connection, found.channel
    inherited = inherited_from(layers_of(channel.preset, connection.preset, {}))
    form = SubscriptionForm(request.POST or None, initial=initial_of(found.overrides), inherited=inherited)
    if request.method == "POST" and "switch" in request.POST:
        subscriptions.change_subscription(
            subscription=found, actor=user, now=now(), is_active=request.POST["switch"] == "on"
        )
        return redirect("execution:subscription", found.pk)
    if request.method == "POST" and form.is_valid():
        subscriptions.change_subscription(subscription=found, actor=user, now=now(), overrides=form.values())
        messages.success(request, f"Saved. It holds on {connection.name} from the next signal on.")
        return redirect("execution:subscription", found.pk)
    context = {
        "row": subscription_row(found, user),
        "form": form,
        "values": value_rows(layers_of(channel.preset, connection.preset, found.overrides)),
    }
    return show(request, "execution/subscription.html", context, status=422 if form.errors else None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    """Ask, and stop following."""
    user = user_of(request)
    found = _visible(user, subscription_id)
    row = subscription_row(found, user)
    if request.method != "POST":
        return show(request, "execution/subscription_end.html", {"row": row})
    subscriptions.unsubscribe(subscription=found, actor=user, now=now())
    messages.success(
        request, f"{row.account.name} no longer follows {row.channel}. Open positions keep their exits."
    )
    return redirect("execution:channel", row.channel_slug)


@login_required
@require_safe
def of_connection(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """List what one account follows: a region of the connection's page, and a page of its own."""
    user = user_of(request)
    connection = visible_connection(user, connection_id)
    found = Subscription.objects.filter(connection=connection).select_related("channel", "connection__owner")
    context = {
        "connection": connection_row(connection, user, now=now()),
        "rows": [subscription_row(each, user) for each in found.order_by("channel__name")],
    }
    return show(request, "execution/of_connection.html", context, partial="execution/_of_connection.html")


def _chosen(request: HttpRequest, user: User) -> ExecutionConnection | None:
    text = request.POST.get("connection") or request.GET.get("connection")
    if not text:
        return None
    try:
        found = connections_run_by(user).select_related("owner", "preset").filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _choose(request: HttpRequest, user: User, channel: Channel) -> HttpResponse:
    moment = now()
    taken = set(selectors.subscriptions_of(user).filter(channel=channel).values_list("connection_id", flat=True))
    accounts = connections_run_by(user).select_related("owner", "preset").order_by("name")
    context = {
        "channel": channel_row(channel),
        "accounts": [(connection_row(each, user, now=moment), each.pk in taken) for each in accounts],
    }
    return show(request, "execution/subscribe_choose.html", context)


def _form(
    request: HttpRequest,
    form: SubscriptionForm,
    user: User,
    channel: Channel,
    connection: ExecutionConnection,
    *,
    is_reviewed: bool,
) -> HttpResponse:
    overrides = form.values() if is_reviewed else {}
    context = {
        "channel": channel_row(channel),
        "account": connection_row(connection, user, now=now()),
        "form": form,
        "is_reviewed": is_reviewed,
        "values": value_rows(layers_of(channel.preset, connection.preset, overrides)),
    }
    return show(request, "execution/subscribe.html", context, status=422 if form.errors else None)


def _visible(user: User, subscription_id: UUID) -> Subscription:
    found = (
        selectors.subscriptions_visible_to(user)
        .select_related("channel__preset", "connection__owner", "connection__preset")
        .filter(pk=subscription_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
