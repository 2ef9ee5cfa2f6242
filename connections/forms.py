"""Forms of connections and presets. What an exchange needs and what a preset may hold are read from their tables."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from accounts.models import User
from connections import registry
from connections.contract import Environment, MarketType
from connections.labels import ENVIRONMENTS, MARKETS
from connections.models import ExecutionConnection, TradingPreset
from connections.preset_specs import SPECS, FieldKind, Merge, Spec
from connections.presets import InvalidPreset, validate
from connections.rights import presets_usable_by
from connections.services import InvalidConnection
from core.decimals import to_plain

CREDENTIAL = "credential_"
_BETWEEN = "|"
_ENVIRONMENT_CHOICES = [
    (Environment.LIVE, "Live: real orders with real money"),
    (Environment.TESTNET, "Testnet: the exchange's own test system"),
    (Environment.REHEARSAL, "Rehearsal: a simulated exchange"),
]


class SecretTextarea(forms.Textarea):
    """A field of several lines that forgets what was entered, as fields for passwords do."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return what is rendered, without the value."""
        return super().get_context(name, None, attrs)


class ExchangeForm(forms.Form):
    """Where an account is."""

    exchange = forms.ChoiceField(label="Exchange")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [
            (
                row.label,
                sorted(
                    ((f"{row.kind}{_BETWEEN}{name}", label) for name, label in row.exchanges().items()),
                    key=_by_label,
                ),
            )
            for row in registry.KINDS.values()
        ]
        _choices(self, "exchange", [("", "Choose"), *groups])

    def chosen(self) -> tuple[str, str]:
        """Return kind and exchange, by the registry's own names."""
        kind, _, exchange = self.cleaned_data["exchange"].partition(_BETWEEN)
        return kind, exchange


class CredentialsForm(forms.Form):
    """What an exchange asks of the owner of an account. What was entered is never shown again, not even on errors."""

    def __init__(self, *args: Any, kind: str, exchange: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in registry.credential_fields(kind, exchange):
            attributes = {"autocomplete": "new-password", "spellcheck": "false"}
            widget = (
                SecretTextarea(attrs=attributes | {"rows": 4})
                if each.is_long
                else forms.PasswordInput(attrs=attributes)
            )
            self.fields[CREDENTIAL + each.name] = forms.CharField(
                label=each.label, required=each.is_required, max_length=8192, widget=widget, strip=True
            )

    def credentials(self) -> dict[str, str]:
        """Return what was entered, by the exchange's own names."""
        return {
            name.removeprefix(CREDENTIAL): value
            for name, value in self.cleaned_data.items()
            if name.startswith(CREDENTIAL)
        }

    def refuse(self, error: InvalidConnection) -> None:
        """Show an error of the service at the field it names."""
        field = error.field.replace("credentials.", CREDENTIAL)
        self.add_error(field if field in self.fields else None, str(error))


class ConnectionForm(CredentialsForm):
    """A new connection at one exchange."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="For yourself: which account is this? Such as Main, or Swing."
    )
    market = forms.ChoiceField(label="Market")
    environment = forms.ChoiceField(label="Environment")
    base_url = forms.URLField(
        label="Address of the simulated exchange",
        required=False,
        assume_scheme="http",
        help_text="For a rehearsal only; empty otherwise.",
    )
    preset = forms.ModelChoiceField(
        TradingPreset.objects.none(),
        label="Preset",
        required=False,
        empty_label="None: what the channel says, else the defaults",
        help_text="How the account trades: size, limits, leverage. You can change it at any time.",
    )
    is_house = forms.BooleanField(
        label="This account belongs to the house",
        required=False,
        help_text="It then follows every channel by itself.",
    )

    field_order = ["name", "market", "environment", "base_url"]

    def __init__(self, *args: Any, kind: str, exchange: str, user: User, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, exchange=exchange, **kwargs)
        row = registry.kind_of(kind)
        _choices(self, "market", [(each, f"{MARKETS[each].text}: {MARKETS[each].hint}") for each in row.markets])
        _choices(self, "environment", _environments(row, exchange))
        _presets(self, user, user)
        self.order_fields([*self.field_order, *(name for name in self.fields if name.startswith(CREDENTIAL))])
        if not settings.SIGNALBOX_ALLOW_BASE_URL:
            del self.fields["base_url"]
        if not user.is_staff:
            del self.fields["is_house"]


class ConnectionSettingsForm(forms.Form):
    """What may change about a connection: its name, its preset, and other names for symbols."""

    name = forms.CharField(label="Name", max_length=80)
    preset = forms.ModelChoiceField(
        TradingPreset.objects.none(),
        label="Preset",
        required=False,
        empty_label="None: what the channel says, else the defaults",
    )
    aliases = forms.CharField(
        label="Other names for symbols",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="One a line, the signal's pair first: EUR/USD = EURUSD.m",
    )

    def __init__(self, *args: Any, owner: User | None, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _presets(self, owner, user)

    @classmethod
    def of(
        cls, connection: ExecutionConnection, data: Mapping[str, Any] | None, *, user: User
    ) -> "ConnectionSettingsForm":
        """Return the form as it begins for a connection, or with what was entered."""
        aliases = sorted(connection.settings.get("aliases", {}).items())
        initial = {
            "name": connection.name,
            "preset": connection.preset_id,
            "aliases": "\n".join(f"{pair} = {symbol}" for pair, symbol in aliases),
        }
        return cls(data, owner=connection.owner, user=user, initial=initial)

    def changes(self, connection: ExecutionConnection) -> dict[str, Any]:
        """Return what was entered, as the service takes it."""
        return {
            "name": self.cleaned_data["name"],
            "preset": self.cleaned_data["preset"],
            "keep_preset": False,
            "settings": {**connection.settings, "aliases": self.cleaned_data["aliases"]},
        }

    def clean_aliases(self) -> dict[str, str]:
        """Return the lines as pair and symbol."""
        aliases = {}
        for line in self.cleaned_data["aliases"].splitlines():
            if not line.strip():
                continue
            pair, sign, symbol = (part.strip() for part in line.partition("="))
            if not (pair and sign and symbol):
                raise forms.ValidationError(f"{line.strip()[:60]!r} is no alias; write it like EUR/USD = EURUSD.m")
            aliases[pair.upper()] = symbol
        return aliases

    def refuse(self, error: InvalidConnection) -> None:
        """Show an error of the service at the field it names."""
        field = {"settings": "aliases"}.get(error.field, error.field)
        self.add_error(field if field in self.fields else None, str(error))


class PauseForm(forms.Form):
    """Why an account is paused."""

    reason = forms.CharField(
        label="Reason", max_length=300, required=False, help_text="Shown wherever the account is, to you only."
    )


class SourceForm(forms.Form):
    """What may change about a source of market data."""

    name = forms.CharField(label="Name", max_length=80)
    is_active = forms.BooleanField(label="Ask it for prices", required=False)


class PresetValuesForm(forms.Form):
    """Every value a preset may hold. What is left empty is inherited."""

    def __init__(self, *args: Any, inherited: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for spec in SPECS:
            self.fields[spec.name] = _field_of(spec, (inherited or {}).get(spec.name, ""))

    def clean(self) -> dict[str, Any]:
        """Check every value on its own, so that all that is wrong is said at once."""
        cleaned = dict(super().clean() or {})
        for spec in SPECS:
            try:
                validate({spec.name: cleaned.get(spec.name, "")})
            except InvalidPreset as error:
                self.add_error(spec.name, str(error))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what is set, as a preset stores it."""
        return validate({spec.name: self.cleaned_data.get(spec.name, "") for spec in SPECS})

    def refuse(self, error: InvalidPreset) -> None:
        """Show an error of the service at the field it names."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class PresetForm(PresetValuesForm):
    """A preset with its name."""

    name = forms.CharField(label="Name", max_length=80)
    description = forms.CharField(label="Description", max_length=300, required=False)


def told(spec: Spec, value: Any) -> str:
    """Return a value with a word for what is not set: an empty list of what is allowed allows everything."""
    return shown(spec, value) or ("all" if spec.merge is Merge.INTERSECTION else "none")


def shown(spec: Spec, value: Any) -> str:
    """Return a value of a preset as a form and a page show it."""
    if value is None or value == () or value == []:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(value)
    if spec.kind is FieldKind.CHOICE:
        return str(value).replace("_", " ").capitalize()
    return to_plain(value) if spec.kind is FieldKind.NUMBER and not isinstance(value, str) else str(value)


def initial_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored values as a form begins with them."""
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in values.items()}


def _field_of(spec: Spec, inherited: str) -> forms.Field:
    help_text = " ".join(filter(None, [spec.help, _bounds(spec), _merging(spec)]))
    label = f"{spec.label} ({spec.unit})" if spec.unit else spec.label
    if spec.choices is not None:
        named = [(each.value, each.value.replace("_", " ").capitalize()) for each in spec.choices]
        empty = f"Inherited: {inherited}" if inherited else "Inherited"
        return forms.ChoiceField(label=label, help_text=help_text, required=False, choices=[("", empty), *named])
    attributes = {"placeholder": inherited, "autocomplete": "off"}
    if spec.kind in (FieldKind.NUMBER, FieldKind.COUNT):
        attributes["inputmode"] = "decimal"
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=8000 if spec.kind is FieldKind.SYMBOLS else 60,
        widget=forms.TextInput(attrs=attributes),
    )


def _bounds(spec: Spec) -> str:
    if spec.low is not None and spec.high is not None:
        return f"From {to_plain(spec.low)} to {to_plain(spec.high)}."
    return f"At least {to_plain(spec.low)}." if spec.low is not None else ""


def _merging(spec: Spec) -> str:
    words = {
        Merge.SMALLEST: "A limit: the strictest of channel, account and subscription holds.",
        Merge.INTERSECTION: "Only what channel, account and subscription all allow.",
        Merge.UNION: "Adds to what channel and account exclude.",
    }
    return words.get(spec.merge, "")


def _environments(row: registry.AdapterKind, exchange: str) -> list[tuple[str, str]]:
    hidden = set() if row.has_testnet(exchange) else {Environment.TESTNET}
    if not settings.SIGNALBOX_ALLOW_BASE_URL:
        hidden.add(Environment.REHEARSAL)
    return [(str(value), words) for value, words in _ENVIRONMENT_CHOICES if value not in hidden]


def _by_label(choice: tuple[str, str]) -> str:
    return choice[1].lower()


def _choices(form: forms.Form, name: str, choices: list[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _presets(form: forms.Form, owner: User | None, user: User) -> None:
    field = form.fields["preset"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = presets_usable_by(owner, actor=user).order_by("name")


assert set(ENVIRONMENTS) == {value for value, _ in _ENVIRONMENT_CHOICES}
assert set(MARKETS) == set(MarketType)
