"""Filters of the lists, and what somebody enters to subscribe or to settle a break."""

from typing import Any

from django import forms

from accounts.models import User
from connections.forms import PresetValuesForm
from connections.labels import SIDES
from connections.models import ExecutionConnection
from connections.selectors import connections_run_by
from execution.labels import OUTCOMES
from signals.labels import STATUSES
from signals.models import Channel
from signals.rules import SignalStatus
from signals.selectors import channels_visible_to

#: More accounts than this are found by their own page, not in a select.
MOST_ACCOUNTS = 100
_ANY = [("", "Any")]


class AccountFilter(forms.Form):
    """Which account. Another's id finds nothing, because lists hold only what the reader may see."""

    connection = forms.UUIDField(label="Account", required=False, widget=forms.Select())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = connections_run_by(user).order_by("name").values_list("pk", "name")[:MOST_ACCOUNTS]
        self.fields["connection"].widget.choices = [("", "All"), *accounts]

    def chosen(self) -> dict[str, Any]:
        """Return what was chosen; what was left open is left out."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class PositionFilter(AccountFilter):
    """Which positions."""

    status = forms.ChoiceField(label="Show", required=False, choices=[("", "Open"), ("CLOSED", "Closed")])
    symbol = forms.CharField(label="Symbol", required=False, max_length=64)

    field_order = ["status", "connection", "symbol"]


class ExecutionFilter(AccountFilter):
    """Which executions."""

    status = forms.ChoiceField(
        label="Outcome", required=False, choices=_ANY + [(value, label.text) for value, label in OUTCOMES.items()]
    )
    signal = forms.UUIDField(required=False, widget=forms.HiddenInput())

    field_order = ["status", "connection"]


class OrderFilter(AccountFilter):
    """Which orders."""

    show = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[("", "All"), ("doubt", "In doubt"), ("open", "Working"), ("flagged", "To be looked at")],
    )

    field_order = ["show", "connection"]


class FeedFilter(forms.Form):
    """Which signals."""

    followed = forms.BooleanField(label="Only channels I follow", required=False)
    channel = forms.SlugField(required=False, max_length=80, widget=forms.HiddenInput())
    pair = forms.CharField(label="Pair", required=False, max_length=41)
    direction = forms.ChoiceField(
        label="Side", required=False, choices=_ANY + [(value, label.text) for value, label in SIDES.items()]
    )
    status = forms.ChoiceField(
        label="Status",
        required=False,
        choices=_ANY
        + [
            (each.value, STATUSES[each].text)
            for each in (SignalStatus.PUBLISHED, SignalStatus.WITHDRAWN, SignalStatus.EXPIRED)
        ],
    )

    field_order = ["pair", "direction", "status", "followed"]


class SubscriptionForm(PresetValuesForm):
    """Values of a preset that hold for one channel on one account."""


class SettleForm(forms.Form):
    """How somebody settled a break."""

    resolution = forms.CharField(
        label="What you found and did", max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class FollowForm(forms.Form):
    """Which account follows which channel."""

    channel = forms.ModelChoiceField(Channel.objects.none(), label="Channel")
    connection = forms.ModelChoiceField(ExecutionConnection.objects.none(), label="Account")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("channel", channels_visible_to(user).filter(is_active=True)),
            ("connection", connections_run_by(user)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows.order_by("name")

    def refuse(self, error: Exception) -> None:
        """Show an error of the service above the fields."""
        self.add_error(None, str(error))
