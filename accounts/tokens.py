"""The text of an API token and its digest. Only the digest is stored."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

SECRET_BYTES = 32
PREFIX_BYTES = 5


@dataclass(frozen=True, slots=True)
class IssuedToken:
    #: eight characters that name the token in lists; no secret
    prefix: str
    #: what the program sends; shown once and stored nowhere
    text: str = field(repr=False)
    #: what is stored and looked up
    digest: str = field(repr=False)


def issue() -> IssuedToken:
    """Return a fresh token with 256 random bits."""
    prefix, secret = _random(PREFIX_BYTES), _random(SECRET_BYTES)
    text = f"sbx_{prefix}_{secret}"
    return IssuedToken(prefix=prefix, text=text, digest=digest_of(text))


def digest_of(text: str) -> str:
    """Return what the database knows of a token. A plain digest is enough for a secret of full entropy."""
    return hashlib.blake2b(text.encode(), digest_size=32, person=b"signalbox-token").hexdigest()


def _random(count: int) -> str:
    # Base32 has no character that ends a word, so a double click takes the whole token.
    return base64.b32encode(secrets.token_bytes(count)).decode().rstrip("=").lower()
