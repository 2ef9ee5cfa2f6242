"""Authenticated encryption of small secrets, with a key ring and row-bound associated data.

A sealed text is ``v1.<key id>.<base64url of 12-byte nonce and ciphertext>``. The key id says which key of the
ring opens it; the associated data say which row and field it belongs to, so a ciphertext that was copied to
another row does not open there.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32


class UnableToOpen(Exception):
    """The sealed text is damaged, belongs to another row, or its key is not in the ring."""


class InvalidKeyring(ValueError):
    """The configured key ring cannot be used."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by id. The primary key seals; every key opens."""

    #: id of the key that seals
    primary: str
    #: 32-byte keys by id; never printed
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Return the ring that ``id:base64,id:base64`` describes; the first key is the primary one.

        Raises:
            InvalidKeyring: empty, an id twice or with a dot, or a key that is not 32 bytes.
        """
        keys: dict[str, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            key_id, _, encoded = part.partition(":")
            if not key_id or "." in key_id or key_id in keys:
                raise InvalidKeyring(f"Key id {key_id!r} is empty, has a dot, or stands twice.")
            keys[key_id] = _decode_key(key_id, encoded)
        if not keys:
            raise InvalidKeyring("The key ring has no key.")
        return cls(primary=next(iter(keys)), keys=keys)

    def seal(self, plain: bytes, *, bound_to: str) -> str:
        """Return ``plain`` encrypted under the primary key and bound to ``bound_to``."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.primary]).encrypt(nonce, plain, bound_to.encode())
        return f"{VERSION}.{self.primary}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, bound_to: str) -> bytes:
        """Return the plain bytes.

        Raises:
            UnableToOpen: wrong row, damaged text, unknown key or version. The message names no secret.
        """
        version, _, rest = sealed.partition(".")
        key_id, _, encoded = rest.partition(".")
        if version != VERSION:
            raise UnableToOpen(f"The sealed text has version {version[:8]!r}, which is not known.")
        if key_id not in self.keys:
            raise UnableToOpen(f"Key {key_id[:40]!r} is not in the key ring.")
        try:
            raw = base64.urlsafe_b64decode(encoded)
            return AESGCM(self.keys[key_id]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):
            raise UnableToOpen("The sealed text is damaged or belongs to another row.") from None

    def key_of(self, sealed: str) -> str:
        """Return the id of the key that sealed this text, so that rotation can skip what is done."""
        return sealed.split(".", 2)[1] if sealed.count(".") >= 2 else ""


def new_key() -> str:
    """Return a fresh random key as the text that ``Keyring.parse`` reads after ``id:``."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _decode_key(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(encoded)
    except ValueError:
        raise InvalidKeyring(f"Key {key_id!r} is not base64.") from None
    if len(key) != KEY_BYTES:
        raise InvalidKeyring(f"Key {key_id!r} has {len(key)} bytes but AES-256 needs {KEY_BYTES}.")
    return key
