"""Secrets of authenticator apps and recovery codes, encrypted with the installation's key ring."""

from functools import lru_cache

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from core.crypto import Keyring

# Allauth seals before the row has a key, so the text is bound to its use only.
_BOUND_TO = "mfa.authenticator"
#: The members of an authenticator's data that are sealed texts.
_SEALED = ("secret", "seed")


def seal(plain: str) -> str:
    """Return a secret as it is stored."""
    return _keyring().seal(plain.encode(), bound_to=_BOUND_TO)


def open_sealed(sealed: str) -> str:
    """Return a stored secret.

    Raises:
        UnableToOpen: damaged, or its key is no longer in the ring.
    """
    return _keyring().open(sealed, bound_to=_BOUND_TO).decode()


@transaction.atomic
def reseal_second_factors() -> int:
    """Seal everything again under the ring's primary key, and return how many rows were changed.

    Whoever rotates keys calls this before the old key leaves the ring.

    Raises:
        UnableToOpen: a row's key is no longer in the ring.
    """
    authenticators = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).select_for_update()
    changed = [authenticator for authenticator in authenticators if _reseal(authenticator.data)]
    Authenticator.objects.bulk_update(changed, ["data"], batch_size=500)
    return len(changed)


def _reseal(data: dict[str, str]) -> bool:
    ring = _keyring()
    old = {name: data[name] for name in _SEALED if name in data and ring.key_of(data[name]) != ring.primary}
    data.update({name: seal(open_sealed(sealed)) for name, sealed in old.items()})
    return bool(old)


def _keyring() -> Keyring:
    return _parsed(settings.SIGNALBOX_CREDENTIAL_KEYS)


@lru_cache
def _parsed(text: str) -> Keyring:
    return Keyring.parse(text)
