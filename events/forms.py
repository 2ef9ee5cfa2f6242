"""What administrators enter about an operational setting: one field, as its declaration says."""

from typing import Any

from django import forms

from core.decimals import to_plain
from events.operational import Declaration, InvalidSetting, SettingType


class SettingForm(forms.Form):
    """The value of one setting. The service checks it."""

    def __init__(self, *args: Any, declaration: Declaration, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = _field_of(declaration)

    def refuse(self, error: InvalidSetting) -> None:
        """Show an error of the service at the field."""
        self.add_error("value", str(error))


def unit_of(declaration: Declaration) -> str:
    """Return what a number counts; empty for what is no amount."""
    return "seconds" if declaration.type is SettingType.DURATION else ""


def bounds_of(declaration: Declaration) -> str:
    """Return what would pass, in words; empty where anything does."""
    if declaration.low is not None and declaration.high is not None:
        return f"From {to_plain(declaration.low)} to {to_plain(declaration.high)}."
    return ", ".join(declaration.choices)


def _field_of(declaration: Declaration) -> forms.Field:
    unit = unit_of(declaration)
    label = f"{declaration.label} ({unit})" if unit else declaration.label
    if declaration.type is SettingType.SWITCH:
        return forms.BooleanField(label=label, help_text=declaration.help, required=False)
    help_text = " ".join(filter(None, [declaration.help, bounds_of(declaration)]))
    if declaration.type is SettingType.CHOICE:
        choices = [(each, each.replace("_", " ").capitalize()) for each in declaration.choices]
        return forms.ChoiceField(label=label, help_text=help_text, choices=choices)
    is_text = declaration.type is SettingType.TEXT
    attributes = {"autocomplete": "off"} | ({} if is_text else {"inputmode": "decimal"})
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(label=label, help_text=help_text, required=not is_text, max_length=500, widget=widget)
