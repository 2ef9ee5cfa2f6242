"""Channels: who publishes what, and which of the reader's accounts follow."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.clients import user_of
from accounts.models import User
from accounts.pages import show
from accounts.paging import page_of
from connections.models import TradingPreset
from connections.presets import Layer
from connections.rows import value_rows
from execution import selectors
from execution.rows.executions import counts_in_words
from execution.rows.signals import channel_row, signal_row
from execution.rows.subscriptions import subscription_row
from signals.models import Channel
from signals.selectors import PUBLIC, channels_visible_to, signals_visible_to


@login_required
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """List channels, and how many of the reader's accounts follow each."""
    user = user_of(request)
    found = page_of(channels_visible_to(user).select_related("owner"), request)
    following = selectors.followed_channels(user)
    rows = [(channel_row(each), following.get(each.pk, 0)) for each in found.rows]
    return show(request, "execution/channels.html", {"rows": rows, "page": found})


@login_required
@require_safe
def channel(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one channel: what it is, the reader's subscriptions, its defaults, and its last signals."""
    user = user_of(request)
    found = visible_channel(user, slug)
    mine = selectors.subscriptions_of(user).filter(channel=found).select_related("connection__owner", "channel")
    signals = signals_visible_to(user).filter(channel=found, status__in=PUBLIC, published_at__isnull=False)
    last = page_of(signals.select_related("channel"), request, by="published_at", size=10)
    outcomes = selectors.outcomes_by_signal(user, [each.pk for each in last.rows])
    context = {
        "row": channel_row(found),
        "subscriptions": [subscription_row(each, user) for each in mine.order_by("connection__name")],
        "signals": [(signal_row(each), counts_in_words(outcomes.get(each.pk, []))) for each in last.rows],
        "page": last,
        "values": value_rows([Layer("channel", _values(found.preset))]) if found.preset else [],
    }
    return show(request, "execution/channel.html", context)


def visible_channel(user: User, slug: str) -> Channel:
    """Return a channel that the user may see, with its owner and preset.

    Raises:
        Http404: there is none.
    """
    found = channels_visible_to(user).select_related("owner", "preset").filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def _values(preset: TradingPreset | None) -> dict[str, object]:
    return dict(preset.values) if preset else {}
