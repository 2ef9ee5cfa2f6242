"""Forms of the pages under /me/."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms

from accounts.models import User
from accounts.roles import Role
from accounts.scopes import ALLOWED, Scope

#: What each scope lets a program do, in the words of the page.
SCOPE_WORDS = {
    Scope.READ: "Read: see everything that you can see",
    Scope.PUBLISH: "Publish: write and publish signals",
    Scope.TRADE: "Trade: write connections, subscriptions and positions, and use the kill switch",
}
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "One year", "": "Never"}


class ProfileForm(forms.ModelForm):
    """How a person wants to be called, and in which zone times are shown."""

    time_zone = forms.ChoiceField(help_text="Times are stored in UTC and shown to you in this zone.")

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class TokenForm(forms.Form):
    """What a new API token is for. It offers only the scopes that its owner's role allows."""

    name = forms.CharField(max_length=80, help_text="For yourself: which program uses this token?")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    expires_in = forms.ChoiceField(
        label="Expires after", choices=list(LIFETIMES.items()), initial="90", required=False
    )

    def __init__(self, *args: Any, role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        allowed = ALLOWED[Role(role)]
        field.choices = [(scope.value, SCOPE_WORDS[scope]) for scope in Scope if scope in allowed]

    def chosen_scopes(self) -> set[Scope]:
        return {Scope(scope) for scope in self.cleaned_data["scopes"]}

    def expiry(self, now: datetime) -> datetime | None:
        """Return when the token ends, None for never."""
        days = self.cleaned_data["expires_in"]
        return now + timedelta(days=int(days)) if days else None
