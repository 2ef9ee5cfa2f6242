"""How answers leave the wire, also the broken ones that faults ask for."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from venue.engine import errors
from venue.engine.errors import VenueError
from venue.faults import Rule
from venue.limits import ThrottledError

JSON_TYPE = "application/json;charset=UTF-8"
HTML = "<html><head><title>Error</title></head><body><h1>It is not you, it is us.</h1></body></html>"
UNKNOWN_TEXT = "Unknown error, please check your request or try again later."
UNKNOWN = {
    0: (503, -1000, UNKNOWN_TEXT),
    -1006: (500, -1006, "An unexpected response was received from the message bus. Execution status unknown."),
    -1007: (
        408,
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    ),
}
#: How often a silent answer looks whether the client has given up.
LOOK_S = 0.05


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE

    def response(self) -> web.Response:
        headers = {"Content-Type": self.content_type, **self.headers}
        return web.Response(status=self.status, body=self.body, headers=headers)


def success(payload: object) -> Answer:
    return Answer(200, orjson.dumps(payload))


def failure(error: VenueError) -> Answer:
    body: dict[str, Any] = {"code": error.code, "msg": error.message}
    if error.data is not None:
        body["data"] = error.data
    answer = Answer(error.status, orjson.dumps(body))
    if isinstance(error, ThrottledError):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def replaced(rule: Rule, answer: Answer | None) -> Answer:
    """This function will turn an answer into what a fault puts in its place."""
    options, kind = rule.options, rule.kind
    if kind == "unknown":
        status, code, text = UNKNOWN[int(options["code"])]
        return Answer(status, orjson.dumps({"code": code, "msg": text}))
    if kind == "status":
        text = str(options["body"])
        return Answer(int(options["status"]), text.encode(), content_type=_type_of(text))
    if kind == "redirect":
        return Answer(int(options["status"]), b"", {"Location": str(options["location"])}, "text/html")
    if kind == "throttle":
        wait, status = int(options["retry_after"]), int(options["status"])
        return failure(ThrottledError(-1003, "Too many requests queued.", status, wait))
    if kind == "reject":
        return failure(VenueError(int(options["code"]), str(options["msg"]), int(options["status"])))
    if kind == "busy":
        return failure(errors.overloaded())
    if kind == "garbage":
        return _garbage(str(options["body"]), answer)
    return answer or success({})


def _type_of(text: str) -> str:
    return JSON_TYPE if text.startswith(("{", "[")) else "text/html"


def _garbage(kind: str, answer: Answer | None) -> Answer:
    whole = answer.body if answer else b'{"symbol":"BTCUSDT","orderId":1'
    bodies = {
        "garbage": b"\x00\xff<!>not json at all",
        "truncated": whole[: max(1, len(whole) * 2 // 3)],
        "empty": b"",
        "html": HTML.encode(),
        "object": b"{}",
    }
    content_type = "text/html" if kind == "html" else JSON_TYPE
    return Answer(200, bodies[kind], content_type=content_type)


def reset(request: web.BaseRequest) -> web.Response:
    """This function will cut the connection so that the client sees a reset, not an end."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            # Closing with a zero linger time sends RST instead of FIN.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def silence(request: web.BaseRequest) -> web.Response:
    """This function will answer nothing until the client goes away."""
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 (no event tells)
        await asyncio.sleep(LOOK_S)
    return web.Response(status=500)


async def drip(request: web.BaseRequest, answer: Answer, options: dict[str, Any]) -> web.StreamResponse:
    """This function will send the body in small pieces with pauses."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.headers["Content-Type"] = answer.content_type
    response.content_length = len(answer.body)
    await response.prepare(request)
    size = max(1, int(options["bytes"]))
    with suppress(ConnectionResetError):  # nobody waits for the rest any more
        for start in range(0, len(answer.body), size):
            await response.write(answer.body[start : start + size])
            await asyncio.sleep(float(options["ms"]) / 1000)
        await response.write_eof()
    return response
