"""Clients for the venue's tests: a hand-signed one, and a session that redirects ccxt to the venue."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import yarl

from venue.engine.accounts import Account
from venue.wire.signing import sign

ORDER = "/api/v3/order"
UM_ORDER = "/fapi/v1/order"
ALGO = "/fapi/v1/algoOrder"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> int | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


class Client:
    """Signs requests by hand, as the documentation says, and speaks to the admin endpoints."""

    def __init__(self, url: str, account: Account) -> None:
        self.url = url
        self.account = account
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def send(self, method: str, path: str, query: str = "", **more: Any) -> Reply:
        """This function will send exactly these bytes."""
        more.setdefault("allow_redirects", False)
        headers = more.pop("headers", {"X-MBX-APIKEY": self.account.api_key})
        url = yarl.URL(f"{self.url}{path}" + (f"?{query}" if query else ""), encoded=True)
        async with self.session.request(method, url, headers=headers, **more) as response:
            raw = await response.read()
            try:
                body = await response.json(content_type=None)
            except ValueError:
                body = raw
            return Reply(response.status, body, response.headers)

    async def signed(self, method: str, path: str, **params: Any) -> Reply:
        """This function will sign the parameters; those of POST and PUT go into the body."""
        payload = urlencode({"timestamp": int(time.time() * 1000), **params})
        payload += f"&signature={sign(self.account.secret, payload)}"
        if method in ("POST", "PUT"):
            kind = {"Content-Type": "application/x-www-form-urlencoded", "X-MBX-APIKEY": self.account.api_key}
            return await self.send(method, path, data=payload, headers=kind)
        return await self.send(method, path, payload)

    async def order(self, side: str = "BUY", quantity: str = "0.01", path: str = ORDER, **more: Any) -> Reply:
        """This function will place an order on BTCUSDT, at market unless a price says otherwise."""
        defaults: dict[str, Any] = {"symbol": "BTCUSDT", "side": side, "quantity": quantity, "type": "MARKET"}
        if "price" in more:
            defaults |= {"type": "LIMIT", "timeInForce": "GTC"}
        return await self.signed("POST", path, **{**defaults, **more})

    async def query(self, client_id: str, path: str = ORDER) -> Reply:
        return await self.signed("GET", path, symbol="BTCUSDT", origClientOrderId=client_id)

    async def cancel(self, client_id: str, path: str = ORDER) -> Reply:
        return await self.signed("DELETE", path, symbol="BTCUSDT", origClientOrderId=client_id)

    async def admin(self, method: str, path: str, **body: Any) -> Any:
        """This function will call an admin endpoint and return its JSON; errors are returned too."""
        async with self.session.request(method, f"{self.url}/admin/{path}", json=body) as response:
            return await response.json()

    async def fault(self, kind: str, match: dict[str, Any] | None = None, **more: Any) -> Any:
        """This function will set a fault for the next matching request."""
        rule = {name: more.pop(name) for name in ("times", "after", "probability", "seed") if name in more}
        return await self.admin("POST", "faults", match=match or {}, fault={"kind": kind, **more}, **rule)

    def socket(self, path: str, host: str) -> Any:
        """This function will open a WebSocket as if the client meant a host of Binance's."""
        return self.session.ws_connect(f"{self.url}{path}", headers={"X-Real-Host": host})


class Redirect:
    """A session for ccxt: it keeps real addresses for ccxt's error tables and goes to the venue all the same."""

    def __init__(self, url: str) -> None:
        self.venue = yarl.URL(url)
        self.session = aiohttp.ClientSession()
        self.headers: dict[str, str] = {}
        self.cookie_jar = self.session.cookie_jar

    def _call(self, name: str, url: Any, headers: dict[str, str] | None, more: dict[str, Any]) -> Any:
        meant = yarl.URL(str(url), encoded=True)
        scheme = "ws" if meant.scheme.startswith("ws") else "http"
        there = meant.with_scheme(scheme).with_host(self.venue.host or "").with_port(self.venue.port)
        more.pop("proxy", None)
        return getattr(self.session, name)(
            there, headers={**(headers or {}), "X-Real-Host": meant.host or ""}, **more
        )

    def get(self, url: Any, headers: Any = None, **more: Any) -> Any:
        return self._call("get", url, headers, more)

    def post(self, url: Any, headers: Any = None, **more: Any) -> Any:
        return self._call("post", url, headers, more)

    def put(self, url: Any, headers: Any = None, **more: Any) -> Any:
        return self._call("put", url, headers, more)

    def delete(self, url: Any, headers: Any = None, **more: Any) -> Any:
        return self._call("delete", url, headers, more)

    def ws_connect(self, url: Any, headers: Any = None, **more: Any) -> Any:
        return self._call("ws_connect", url, headers, more)

    async def close(self) -> None:
        await self.session.close()
