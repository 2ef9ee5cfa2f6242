"""WebSocket endpoints: public streams, listen keys, and the WebSocket API.

Sources: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams and
https://developers.binance.com/docs/binance-spot-api-docs/websocket-api
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import orjson
from aiohttp import WSMsgType, web

from venue.engine.accounts import Account
from venue.engine.errors import VenueError
from venue.engine.terms import Market
from venue.wire import signing
from venue.wire.rest import Incoming, admit, work
from venue.wire.sockets import Connection

if TYPE_CHECKING:
    from venue.state import Venue

USDM_HOSTS = ("fstream", "ws-fapi", "fapi")
#: Methods of the WebSocket API and the REST endpoint each stands for; {0} is the market's prefix.
SPOT_METHODS = {
    "ping": ("GET", "/api/v3/ping"),
    "time": ("GET", "/api/v3/time"),
    "exchangeInfo": ("GET", "/api/v3/exchangeInfo"),
    "depth": ("GET", "/api/v3/depth"),
    "trades.recent": ("GET", "/api/v3/trades"),
    "klines": ("GET", "/api/v3/klines"),
    "ticker.24hr": ("GET", "/api/v3/ticker/24hr"),
    "ticker.price": ("GET", "/api/v3/ticker/price"),
    "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
    "order.place": ("POST", "/api/v3/order"),
    "order.test": ("POST", "/api/v3/order/test"),
    "order.status": ("GET", "/api/v3/order"),
    "order.cancel": ("DELETE", "/api/v3/order"),
    "order.cancelReplace": ("POST", "/api/v3/order/cancelReplace"),
    "openOrders.status": ("GET", "/api/v3/openOrders"),
    "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
    "orderList.place.oco": ("POST", "/api/v3/orderList/oco"),
    "account.status": ("GET", "/api/v3/account"),
    "allOrders": ("GET", "/api/v3/allOrders"),
    "myTrades": ("GET", "/api/v3/myTrades"),
}
USDM_METHODS = {
    "depth": ("GET", "/fapi/v1/depth"),
    "ticker.price": ("GET", "/fapi/v1/ticker/price"),
    "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
    "order.place": ("POST", "/fapi/v1/order"),
    "order.status": ("GET", "/fapi/v1/order"),
    "order.cancel": ("DELETE", "/fapi/v1/order"),
    "order.modify": ("PUT", "/fapi/v1/order"),
    "algoOrder.place": ("POST", "/fapi/v1/algoOrder"),
    "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
    "account.balance": ("GET", "/fapi/v2/balance"),
    "v2/account.balance": ("GET", "/fapi/v3/balance"),
    "account.status": ("GET", "/fapi/v2/account"),
    "v2/account.status": ("GET", "/fapi/v3/account"),
    "account.position": ("GET", "/fapi/v2/positionRisk"),
    "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
}


def market_of(host: str, path: str) -> Market:
    """This function will tell the market from the host the client meant, or from the /fapi prefix."""
    if path.startswith(("/fapi/", "/ws-fapi/")) or host.startswith(USDM_HOSTS):
        return Market.USDM
    return Market.SPOT


class Streams:
    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    async def serve(self, request: web.BaseRequest, path: str, query: str, host: str) -> web.StreamResponse:
        """This function will run one WebSocket connection from handshake to end."""
        if self.venue.down_until > self.venue.clock.now():
            return web.Response(status=503)
        market = market_of(host, path)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        # /public/ws, /market/ws and /private/ws are the same streams behind different names here.
        parts = [part for part in path.split("/") if part]
        combined = "stream" in parts
        connection = Connection(market, socket, combined, request)
        self.venue.hub.connections[connection] = None
        try:
            for name in _names_in(parts, query, combined):
                self._join(connection, name)
            await self._listen(connection, is_api="ws-api" in parts or "ws-fapi" in parts)
        finally:
            self.venue.hub.drop(connection)
            await connection.close()
        return socket

    async def _listen(self, connection: Connection, is_api: bool) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                asked = orjson.loads(message.data)
            except ValueError:
                asked = None
            if not isinstance(asked, dict):
                connection.send({"error": {"code": 3, "msg": "Invalid JSON: expected an object"}})
            elif is_api:
                connection.send(self._call(connection, asked))
            else:
                connection.send(self._manage(connection, asked))

    # Streams

    def _join(self, connection: Connection, name: str) -> None:
        """This function will subscribe to a stream, or to an account if the name is a listen key."""
        key = self.venue.listen_keys.find(name)
        if key is None:
            self.venue.hub.subscribe(connection, name)
            return
        wrap = (lambda event: {"stream": name, "data": event}) if connection.combined else (lambda event: event)
        self.venue.hub.follow(connection, key.account, wrap)

    def _part(self, connection: Connection, name: str) -> None:
        key = self.venue.listen_keys.find(name)
        if key is None:
            self.venue.hub.unsubscribe(connection, name)
        else:
            self.venue.hub.unfollow(connection, key.account)

    def _manage(self, connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        method, names = asked.get("method"), asked.get("params") or []
        if method == "SUBSCRIBE":
            for name in names:
                self._join(connection, str(name))
        elif method == "UNSUBSCRIBE":
            for name in names:
                self._part(connection, str(name))
        elif method == "LIST_SUBSCRIPTIONS":
            return {"result": list(connection.streams), "id": asked.get("id")}
        elif method == "SET_PROPERTY":
            connection.combined = bool(names[1]) if len(names) > 1 else connection.combined
        else:
            return {"error": {"code": 2, "msg": "Invalid request: unknown method"}, "id": asked.get("id")}
        return {"result": None, "id": asked.get("id")}

    # The WebSocket API

    def _call(self, connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        """This function will answer one request of the WebSocket API."""
        number, method = asked.get("id"), str(asked.get("method"))
        params = dict(asked.get("params") or {})
        try:
            if method.startswith("userDataStream."):
                return {"id": number, "status": 200, "result": self._user_stream(connection, method, params)}
            return self._forward(connection, number, method, params)
        except VenueError as e:
            return {"id": number, "status": e.status, "error": {"code": e.code, "msg": e.message}}

    def _user_stream(self, connection: Connection, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "userDataStream.subscribe.signature":
            account = self._authenticate(connection, params)
            number = connection.subscriptions
            connection.subscriptions += 1
            self.venue.hub.follow(connection, account, lambda event: {"subscriptionId": number, "event": event})
            return {"subscriptionId": number}
        if method == "userDataStream.unsubscribe":
            for account in list(connection.accounts):
                self.venue.hub.unfollow(connection, account)
            return {}
        raise VenueError(-1020, "This operation is not supported.")

    def _authenticate(self, connection: Connection, params: dict[str, Any]) -> Account:
        account = signing.identify(self.venue.exchange, str(params.get("apiKey", "")), connection.address)
        texts = {name: str(value) for name, value in params.items()}
        signing.check_time(texts, self.venue.clock.now())
        signing.check_signature(account.secret, _signed_text(params), "")
        return account

    def _forward(self, connection: Connection, number: Any, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """This function will work a request as the REST endpoint it stands for."""
        table = SPOT_METHODS if connection.market is Market.SPOT else USDM_METHODS
        if method not in table:
            raise VenueError(-1020, "This operation is not supported.")
        verb, path = table[method]
        query = _signed_text(params)
        key = params.get("apiKey")
        arrival = self.venue.clock.arrival()
        incoming = Incoming(verb, path, query, "", str(key) if key else None, connection.address, arrival)
        job = admit(self.venue, incoming, {})
        answer = work(self.venue, job)
        body = orjson.loads(answer.body)
        if answer.status != 200:
            return {"id": number, "status": answer.status, "error": body}
        return {"id": number, "status": 200, "result": body}


def _names_in(parts: list[str], query: str, combined: bool) -> list[str]:
    """This function will read the stream names of an address; ccxt's plain counters are not names."""
    values = parse_qs(query)
    if combined:
        names = values.get("listenKey", []) + "/".join(values.get("streams", [])).split("/")
    else:
        names = values.get("listenKey", []) + parts[parts.index("ws") + 1 :] if "ws" in parts else []
    return [name for name in names if name and not name.isdigit()]


def _signed_text(params: dict[str, Any]) -> str:
    """The WebSocket API signs the parameters sorted by name; the signature itself is put last."""
    signature = params.get("signature")
    rest = {name: _text(value) for name, value in sorted(params.items()) if name != "signature"}
    text = "&".join(f"{name}={value}" for name, value in rest.items())
    return text + ("&" + urlencode({"signature": signature}) if signature else "")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
