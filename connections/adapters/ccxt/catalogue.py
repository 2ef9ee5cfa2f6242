"""The exchanges that ccxt knows and what their owners must enter, as data.

Importing ccxt takes seconds and 100 MB, and a web process needs neither: it reads ``catalogue.json``, which
``python -m connections.adapters.ccxt.catalogue`` writes from the installed ccxt. A test holds the two together.
"""

import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("catalogue.json")

_LABELS: Mapping[str, str] = {
    "apiKey": "API key",
    "secret": "API secret",
    "uid": "User id",
    "password": "Passphrase",
    "privateKey": "Private key",
    "walletAddress": "Wallet address",
    "token": "Token",
    "login": "Login",
    "twofa": "Two-factor secret",
    "accountId": "Account id",
}
_LONG = frozenset({"privateKey"})


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Return label, needed credentials and testnet by the exchange's name."""
    found: dict[str, dict[str, Any]] = json.loads(PATH.read_text())["exchanges"]
    return found


def ccxt_exchanges() -> Mapping[str, str]:
    """Return the label of every exchange by its name."""
    return {name: row["label"] for name, row in catalogue().items()}


def ccxt_credentials(exchange: str) -> list[tuple[str, str, bool]]:
    """Return name, label and whether it is long, of each credential an exchange needs."""
    return [(name, _LABELS.get(name, name), name in _LONG) for name in catalogue()[exchange]["credentials"]]


def ccxt_has_testnet(exchange: str) -> bool:
    """Return whether an exchange has a test system of its own."""
    return bool(catalogue()[exchange]["has_testnet"])


def made_from_ccxt() -> dict[str, Any]:
    """Return what the file should hold for the installed ccxt. Cost: the import of ccxt, then some seconds."""
    import ccxt.async_support as ccxt_async  # the reason for the file

    rows = {}
    for name in ccxt_async.exchanges:
        exchange = getattr(ccxt_async, name)()
        rows[name] = {
            "label": str(exchange.name),
            "credentials": [each for each, is_needed in exchange.requiredCredentials.items() if is_needed],
            "has_testnet": _has_sandbox(exchange),
        }
    return {"ccxt": ccxt_async.__version__, "exchanges": rows}


def _has_sandbox(exchange: Any) -> bool:
    # Some exchanges name a sandbox without an address, which ccxt notices only when it is used.
    try:
        exchange.set_sandbox_mode(True)
    except Exception:
        return False
    return True


if __name__ == "__main__":
    PATH.write_text(json.dumps(made_from_ccxt(), indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"Wrote {PATH.name}.\n")
