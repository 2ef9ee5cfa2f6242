"""The HTTP server: one handler for everything, and a listener that can be taken away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from venue.state import Venue
from venue.wire.admin import Admin
from venue.wire.rest import Incoming, Rest
from venue.wire.signing import KEY_HEADER
from venue.wire.streams import Streams

#: Connections that may wait to be accepted: a fan-out opens many at once.
BACKLOG = 2048


class Server:
    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.port = venue.config.port
        self._rest = Rest(self)
        self._streams = Streams(venue)
        self._admin = Admin(self)
        self._web = web.Server(self._handle, access_log=None)
        self._listener: asyncio.Server | None = None
        self._back_at: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        await self._listen()
        self.venue.spawn(self.venue.driver.run())
        self.venue.spawn(self._every(self.venue.config.stream_ms, self._sweep))

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            self._web, self.venue.config.host, self.port, backlog=BACKLOG, reuse_address=True
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._back_at is not None:
            self._back_at.cancel()
        if self._listener is not None:
            self._listener.close()
        await self.venue.stop_tasks()
        self.drop_connections()
        await self._web.shutdown(timeout=1)

    @property
    def url(self) -> str:
        return f"http://{self.venue.config.host}:{self.port}"

    # Going away

    def go_away(self, seconds: float, listener: bool = True) -> None:
        """This function will cut every connection, and refuse new ones for a while if `listener`."""
        if listener and self._listener is not None:
            self._listener.close()
            self._listener = None
            loop = asyncio.get_running_loop()
            self._back_at = loop.call_later(seconds, lambda: self.venue.spawn(self._listen()))
        self.drop_connections()

    def go_away_soon(self, seconds: float, listener: bool) -> None:
        """This function will go away once the answer to whoever asked for it is out."""
        asyncio.get_running_loop().call_later(0.01, self.go_away, seconds, listener)

    def drop_connections(self) -> None:
        for protocol in list(self._web.connections):
            if protocol.transport is not None:
                protocol.transport.abort()

    # Serving

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        arrival = self.venue.clock.arrival()
        path, _, query = request.raw_path.partition("?")
        if path.startswith("/admin/"):
            return await self._admin.serve(request, path, query)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            host = request.headers.get("X-Real-Host", request.headers.get("Host", ""))
            return await self._streams.serve(request, path, query, host)
        body = (await request.read()).decode(errors="replace") if request.can_read_body else ""
        key, address = request.headers.get(KEY_HEADER), request.remote or ""
        return await self._rest.serve(request, Incoming(request.method, path, query, body, key, address, arrival))

    # Housekeeping

    async def _every(self, ms: float, work: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(ms / 1000)
            work()

    def _sweep(self) -> None:
        """This function will do what is due: streams, expiring orders and keys, switches."""
        venue = self.venue
        venue.exchange.usdm.expire_due()
        venue.countdowns.run(venue.exchange, venue.clock.now())
        venue.hub.expire_keys()
        with contextlib.suppress(ConnectionError):
            venue.hub.flush()
