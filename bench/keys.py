"""The accounts of a bench as the venue is told of them. No Django here: it is needed before the servers run."""

import hashlib
from typing import Any

MONEY = "1000000"


def venue_accounts(count: int) -> list[dict[str, Any]]:
    """Return what the venue is told to open."""
    return [
        {
            "name": f"account{number:06}",
            "api_key": key_of(number, "key"),
            "secret": key_of(number, "secret"),
            "spot": {"USDT": MONEY},
        }
        for number in range(count)
    ]


def key_of(number: int, what: str) -> str:
    """Return the key or secret of an account."""
    return hashlib.blake2b(f"bench {number} {what}".encode(), digest_size=32).hexdigest()
