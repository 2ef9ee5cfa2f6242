"""One WebSocket client: what it subscribed to, and an outgoing queue so that a slow reader slows nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from venue.engine.accounts import Account
from venue.engine.terms import Market

#: Messages a client may lag behind before it is cut off.
MOST_QUEUED = 20_000
Wrap = Callable[[dict[str, Any]], dict[str, Any]]


class Connection:
    def __init__(
        self, market: Market, socket: web.WebSocketResponse, combined: bool, request: web.BaseRequest
    ) -> None:
        self.market = market
        self.socket = socket
        #: Combined streams wrap every message with the name of its stream.
        self.combined = combined
        self.address = request.remote or ""
        self._request = request
        self.streams: dict[str, None] = {}
        #: Accounts whose private events this client gets, each with its wrapping.
        self.accounts: dict[Account, Wrap] = {}
        self.subscriptions = 0
        self._queue: asyncio.Queue[str] = asyncio.Queue(MOST_QUEUED)
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def send(self, message: object) -> None:
        self.send_text(orjson.dumps(message).decode())

    def send_text(self, text: str) -> None:
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.abort()

    def send_stream(self, name: str, text: str) -> None:
        """This function will send an event of a stream, already written as JSON."""
        self.send_text(f'{{"stream":"{name}","data":{text}}}' if self.combined else text)

    async def _write(self) -> None:
        try:
            while True:
                await self.socket.send_str(await self._queue.get())
        except (ConnectionError, RuntimeError):
            # The client went away; the reading side notices and takes the connection out of the hub.
            return

    def abort(self) -> None:
        """This function will cut the connection without a closing handshake."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
