"""Identifiers that are decided before anything leaves the house."""

import base64
import hashlib
import secrets
import time
import uuid

#: Base32 without padding: 128 bits take 26 characters.
CLIENT_ORDER_ID_LENGTH = 26


def client_order_id(installation: str, log_id: uuid.UUID, role: str, sequence: int) -> str:
    """Return the id an order carries to its venue: 26 lower-case base32 characters, 128 bits.

    The same order always gives the same id, on any worker and after any crash, so a venue that has seen it
    once will say so. ``installation`` keeps two Signalbox installations on one account apart.
    """
    text = "\x1f".join((installation, log_id.hex, role, str(sequence)))
    digest = hashlib.blake2b(text.encode(), digest_size=16, person=b"signalbox-order").digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def uuid7() -> uuid.UUID:
    """Return a time-ordered UUID, so that new rows land at the end of an index.

    Source: RFC 9562, section 5.7.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76
    value |= secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
