"""The simulated exchange's admin door, as the demo uses it."""

import json
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal
from typing import Any

TIMEOUT_S = 10


class VenueAdmin:
    """Talks JSON to ``/admin/`` of a venue. Raises ``urllib.error.URLError`` when it is not there."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Return every account by its name."""
        return {row["name"]: row for row in self._ask("GET", "/admin/accounts")}

    def ensure_account(self, row: dict[str, Any]) -> None:
        """Open an account unless there is one of that name."""
        if row["name"] not in self.accounts():
            self._ask("POST", "/admin/accounts", row)

    def change_account(self, name: str, **changes: Any) -> None:
        """Change latency, permissions, or whether the key is revoked."""
        self._ask("POST", f"/admin/accounts/{urllib.parse.quote(name)}", changes)

    def move_price(self, symbol: str, price: Decimal) -> None:
        """Move the price of a symbol on every market, through the real book."""
        self._ask("POST", "/admin/price", {"symbol": symbol, "price": f"{price:f}"})

    def list_symbol(self, **row: Any) -> None:
        """Change a symbol's rules."""
        self._ask("POST", "/admin/symbols", row)

    def drive(self, **what: Any) -> dict[str, Any]:
        """Pause, resume or speed up whoever moves prices; return where it is."""
        return dict(self._ask("POST", "/admin/driver", what)) if what else dict(self._ask("GET", "/admin/driver"))

    def orders(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the venue's own orders."""
        return list(self._ask("GET", "/admin/orders", query=wanted))

    def algos(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the venue's own conditional orders of its derivatives."""
        return list(self._ask("GET", "/admin/algos", query=wanted))

    def fills(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the venue's own executions."""
        return list(self._ask("GET", "/admin/fills", query=wanted))

    def positions(self) -> list[dict[str, Any]]:
        """Return the venue's own open positions of its derivatives."""
        return list(self._ask("GET", "/admin/positions"))

    def _ask(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        url = f"{self.url}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback, given by us
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:300]}") from error
