"""A minimal HTTP/1.1 server protocol: keep-alive, Content-Length bodies, pipelining. No framework, no copies."""

from __future__ import annotations

import asyncio
import re
import time

import venue.dialect.handlers  # noqa: F401  (fills the table of routes)
from venue.dialect import spot_json, usdm_json
from venue.engine import errors
from venue.engine.errors import VenueError
from venue.engine.orders import Order
from venue.engine.terms import Market
from venue.lean.admin import LeanAdmin
from venue.lean.desk import Desk
from venue.wire import answers
from venue.wire.answers import Answer
from venue.wire.rest import Incoming, admit, work

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
KEY = re.compile(rb"\r\nx-mbx-apikey: *([0-9a-z]+)", re.IGNORECASE)
HOT = {b"POST /api/v3/order": Market.SPOT, b"POST /fapi/v1/order": Market.USDM}
STORED = {"/api/v3/order": Market.SPOT, "/fapi/v1/order": Market.USDM}
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nX-MBX-USED-WEIGHT-1M: 1\r\n"
    b"X-MBX-ORDER-COUNT-10S: 1\r\nContent-Length: %d\r\n\r\n%b"
)


class LeanProtocol(asyncio.Protocol):
    def __init__(self, desk: Desk, admin: LeanAdmin) -> None:
        self.desk = desk
        self.admin = admin
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        arrival_ns = time.time_ns()
        buffer = self._buffer + data if self._buffer else data
        while buffer:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                break
            head = buffer[:end]
            length = LENGTH.search(head)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(buffer) < total:
                break
            self._serve(head, buffer[end + 4 : total], arrival_ns)
            buffer = buffer[total:]
        self._buffer = buffer

    def _serve(self, head: bytes, body: bytes, arrival_ns: int) -> None:
        self.admin.requests += 1
        assert self._transport is not None
        target = head[: head.find(b" HTTP/")]
        market = HOT.get(target)
        if market is None:
            self._transport.write(_written(self._answer(target.decode(), head, body.decode(), arrival_ns)))
            return
        key = KEY.search(head)
        try:
            answer, delay_s = self.desk.place(market, key[1] if key else b"", body, arrival_ns)
        except VenueError as e:
            self._transport.write(_written(answers.failure(e)))
            return
        written = HEAD % (len(answer), answer)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._transport.write, written)
        else:
            self._transport.write(written)

    # Everything that is not a new order

    def _answer(self, target: str, head: bytes, body: str, arrival_ns: int) -> Answer:
        method, _, address = target.partition(" ")
        path, _, query = address.partition("?")
        if path.startswith("/admin/"):
            return self.admin.answer(method, path, body)
        key = KEY.search(head)
        incoming = Incoming(method, path, query, body, key[1].decode() if key else None, "127.0.0.1", arrival_ns)
        try:
            if path in STORED and method in ("GET", "DELETE"):
                return answers.success(self._stored(STORED[path], incoming))
            return work(self.desk.venue, admit(self.desk.venue, incoming, {}))
        except VenueError as e:
            return answers.failure(e)

    def _stored(self, market: Market, incoming: Incoming) -> object:
        """This function will find an order that some worker filled; all are done, so none can be canceled."""
        job = admit(self.desk.venue, incoming, {})
        assert job.account is not None
        params = job.params
        number = params.integer("orderId") if "orderId" in params else None
        order: Order = self.desk.query(
            job.account, params.text("symbol"), params.optional("origClientOrderId"), number
        )
        if incoming.method == "DELETE":
            raise errors.unknown_order()
        return spot_json.order_row(order) if market is Market.SPOT else usdm_json.order_row(order)


def _written(answer: Answer) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    head = f"HTTP/1.1 {answer.status} -\r\nContent-Type: {answer.content_type}\r\n{headers}"
    return f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body
