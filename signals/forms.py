"""What staff enter about a channel."""

from typing import Any

from django import forms

from accounts.models import User
from connections.models import TradingPreset
from connections.rights import presets_usable_by
from signals.channel_services import LONGEST_DESCRIPTION, LONGEST_NAME, InvalidChannel


class ChannelForm(forms.Form):
    """A channel, new or changed."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    description = forms.CharField(
        label="Description",
        max_length=LONGEST_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What subscribers may expect.",
    )
    preset = forms.ModelChoiceField(
        TradingPreset.objects.none(),
        label="Preset",
        required=False,
        empty_label="None: the defaults",
        help_text="How every account that follows it trades, where neither account nor subscription says otherwise.",
    )
    serves_house = forms.BooleanField(
        label="Accounts of the house follow it", required=False, help_text="Without being asked."
    )
    is_active = forms.BooleanField(
        label="Active", required=False, help_text="Nothing is published in a channel that is not."
    )

    def __init__(self, *args: Any, owner: User | None, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["preset"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = presets_usable_by(owner, actor=user).order_by("name")

    def refuse(self, error: InvalidChannel) -> None:
        """Show an error of the service at the field it names."""
        self.add_error(error.field if error.field in self.fields else None, str(error))
