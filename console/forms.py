"""What a provider enters: a signal with its targets. Rules decide what fits (``signals.rules``)."""

from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from connections.contract import OrderType, TimeInForce
from connections.labels import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from console.schedule import LONGEST_S, SHORTEST_S, InvalidSchedule
from core.decimals import NotANumber, parse
from events import operational
from signals.models import Channel
from signals.rules import MOST_TARGETS, InvalidSignal
from signals.selectors import channels_run_by

_ENTRY_TYPES = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP)


class NumberField(forms.CharField):
    """A number above zero, exact as it was typed."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            number = parse(text)
        except NotANumber as error:
            raise forms.ValidationError(str(error)) from error
        if number <= 0:
            raise forms.ValidationError(f"It was {text} but must be above 0.")
        return number


class SignalForm(forms.Form):
    """Everything of a signal but its targets."""

    channel = forms.ModelChoiceField(Channel.objects.none(), label="Channel", empty_label=None)
    currency_pair = forms.CharField(label="Pair", max_length=41, help_text="Base and quote, like BTC/USDT.")
    direction = forms.ChoiceField(label="Side", choices=[(value, label.text) for value, label in SIDES.items()])
    order_type = forms.ChoiceField(
        label="Entry",
        choices=[(each.value, f"{ORDER_TYPES[each].text}: {ORDER_TYPES[each].hint}") for each in _ENTRY_TYPES],
        initial=lambda: operational.value("signals.default_order_type"),
    )
    open_price = NumberField(
        label="Entry price",
        required=False,
        help_text="Of a limit or stop entry; for a market entry the price you decided at, from which drift is measured.",
    )
    sl = NumberField(label="Stop", required=False, help_text="Where the loss ends. Sizing by risk needs one.")
    time_in_force = forms.ChoiceField(
        label="In force",
        choices=[(each.value, TIMES_IN_FORCE[each].text) for each in TimeInForce],
        initial=TimeInForce.GTC,
    )
    expires_at = forms.DateTimeField(
        label="Expires",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In your own time zone. After that no entry leaves.",
    )
    max_drift_bps = NumberField(
        label="Largest drift (bps)",
        required=False,
        help_text="No entry when the market is further away. Accounts may be stricter.",
    )
    note = forms.CharField(label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = channels_run_by(user).filter(is_active=True).order_by("name")

    def data_with(self, targets: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what the service takes."""
        return {**self.cleaned_data, "targets": targets}

    def refuse(self, error: InvalidSignal) -> None:
        """Show an error of the rules at the field it names; of targets, above everything."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class TargetForm(forms.Form):
    """One place to take profit. Both empty: no target."""

    price = NumberField(label="Price", required=False)
    share = NumberField(label="Share of the position (%)", required=False)

    def clean_share(self) -> Decimal | None:
        """Return the share as a part of one."""
        share: Decimal | None = self.cleaned_data["share"]
        if share is None:
            return None
        if share > 100:
            raise forms.ValidationError(f"It was {share} % but can be at most 100 %.")
        return share / 100

    def clean(self) -> dict[str, Any]:
        """Refuse a share without a price."""
        cleaned = dict(super().clean() or {})
        if cleaned.get("share") is not None and cleaned.get("price") is None and "price" not in self.errors:
            self.add_error("price", "This target has a share but no price.")
        return cleaned


class TargetForms(forms.BaseFormSet):
    """The rows of targets."""

    def targets(self) -> list[dict[str, Any]]:
        """Return the rows that have a price."""
        rows = [form.cleaned_data for form in self.forms]
        return [{"price": row["price"], "share": row.get("share")} for row in rows if row.get("price") is not None]


TargetFormSet: type[TargetForms] = forms.formset_factory(  # type: ignore[assignment]
    TargetForm, formset=TargetForms, extra=0, max_num=MOST_TARGETS, absolute_max=MOST_TARGETS
)


class ScheduleForm(forms.Form):
    """When a task runs."""

    def refuse(self, error: InvalidSchedule) -> None:
        """Show an error of the service at the field it names."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class IntervalForm(ScheduleForm):
    """How often a task runs."""

    every_s = forms.IntegerField(label="Every (seconds)", min_value=SHORTEST_S, max_value=LONGEST_S)


class DailyForm(ScheduleForm):
    """At what time of the day a task runs."""

    hour = forms.IntegerField(label="Hour (UTC)", min_value=0, max_value=23)
    minute = forms.IntegerField(label="Minute", min_value=0, max_value=59)
