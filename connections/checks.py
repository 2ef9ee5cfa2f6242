"""System checks: what would only fail later is said at the start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from core.crypto import InvalidKeyring, Keyring


@register(Tags.security)
def check_credential_keys(**_: Any) -> list[CheckMessage]:
    """Refuse to start without a usable key ring, or with one that is the SECRET_KEY in disguise."""
    text = settings.SIGNALBOX_CREDENTIAL_KEYS
    if not text:
        return [
            Error(
                "No credential key is set, so no account could be connected.",
                hint="Set SIGNALBOX_CREDENTIAL_KEYS to id:key; `manage.py new_credential_key` prints one.",
                id="connections.E001",
            )
        ]
    try:
        Keyring.parse(text)
    except InvalidKeyring as error:
        return [Error(f"SIGNALBOX_CREDENTIAL_KEYS cannot be used: {error}", id="connections.E002")]
    if settings.SECRET_KEY and settings.SECRET_KEY in text:
        return [Error("SIGNALBOX_CREDENTIAL_KEYS contains SECRET_KEY.", id="connections.E003")]
    if settings.SIGNALBOX_ALLOW_BASE_URL and not settings.DEBUG and settings.SITE_URL.startswith("https"):
        return [
            Warning(
                "Owners may point connections at any address (SIGNALBOX_ALLOW_BASE_URL).",
                hint="Turn it off where real money is traded.",
                id="connections.W001",
            )
        ]
    return []
