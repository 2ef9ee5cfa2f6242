"""An encrypted JSON field whose ciphertext opens only in its own row."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from core.crypto import VERSION, InvalidKeyring, Keyring

_keyrings: dict[str, Keyring] = {}


def keyring() -> Keyring:
    """Return the installation's key ring.

    Raises:
        ImproperlyConfigured: SIGNALBOX_CREDENTIAL_KEYS is missing or malformed.
    """
    text = settings.SIGNALBOX_CREDENTIAL_KEYS
    if text not in _keyrings:
        try:
            _keyrings[text] = Keyring.parse(text)
        except InvalidKeyring as error:
            raise ImproperlyConfigured(f"SIGNALBOX_CREDENTIAL_KEYS cannot be used: {error}") from error
    return _keyrings[text]


class Sealed(str):
    """A ciphertext as it lies in the database. It prints as nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<sealed>"


def seal(values: Mapping[str, str], *, bound_to: str) -> Sealed:
    """Return the values encrypted under the primary key and bound to one row."""
    return Sealed(keyring().seal(json.dumps(dict(values)).encode(), bound_to=bound_to))


def unseal(sealed: str, *, bound_to: str) -> dict[str, str]:
    """Return the values.

    Raises:
        UnableToOpen: another row's ciphertext, a damaged one, or one whose key is gone.
    """
    return dict(json.loads(keyring().open(sealed, bound_to=bound_to))) if sealed else {}


class EncryptedJSONField(models.TextField):
    """Holds ``seal(...)`` of a flat object of strings; ``unseal`` opens it. Plain text is refused.

    The associated data are ``app.model:field:primary key``, so the key must exist before INSERT: a UUID.
    """

    def from_db_value(self, value: str | None, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> Any:
        if value and not str(value).startswith(f"{VERSION}."):
            raise ValueError(f"{self.name} takes sealed text only.")
        return super().get_prep_value(value)

    def bound_to(self, key: Any) -> str:
        """Return the associated data of one row."""
        return f"{self.model._meta.label_lower}:{self.name}:{key}"

    def value_to_string(self, obj: models.Model) -> str:
        return "<sealed>"  # dumpdata must not carry what only this database can open


class AmountField(models.DecimalField):
    """A price, quantity or amount: 18 decimals, and 20 digits before them. Wide enough for any currency we know."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 38)
        kwargs.setdefault("decimal_places", 18)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DecimalField", args, kwargs
