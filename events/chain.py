"""The hash chain over the event log. Pure: what is hashed, and how."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: The hash before the first event.
GENESIS = "0" * 64


def link(previous: str, sequence: int, content: Mapping[str, Any]) -> str:
    """Return the hash of one event: over the hash before it, its number and its content, as hex."""
    text = json.dumps([previous, sequence, content], sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        # PostgreSQL gives a time back in the session's zone; the hash must not depend on it.
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
