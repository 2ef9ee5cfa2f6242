"""The operator's door: prices, accounts, books, faults. JSON in and out, from loopback or with a token only."""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

import venue.wire.admin_accounts
import venue.wire.admin_books
import venue.wire.admin_control  # noqa: F401  (these enter their handlers)
from venue.engine.errors import VenueError
from venue.wire.admin_routes import HANDLERS, Asked

if TYPE_CHECKING:
    from venue.wire.server import Server


class Admin:
    def __init__(self, server: Server) -> None:
        self.server = server

    async def serve(self, request: web.BaseRequest, path: str, query: str) -> web.Response:
        """This function will answer an admin request; errors are {"error": "a sentence"}."""
        if not self._is_allowed(request):
            return _reply({"error": "admin needs a loopback address, or the right X-Admin-Token"}, 403)
        try:
            body = orjson.loads(await request.read() or b"{}")
        except ValueError:
            return _reply({"error": "the body is not JSON"}, 400)
        if not isinstance(body, dict):
            return _reply({"error": "the body should be a JSON object"}, 400)
        handler, argument = _find(request.method, path)
        if handler is None:
            known = sorted(f"{method} {name}" for method, name in HANDLERS)
            return _reply({"error": f"no such admin endpoint; there are {known}"}, 404)
        if request.method != "GET":
            self.server.venue.changes.accounts = True
        try:
            asked = Asked(self.server, body, dict(parse_qsl(query)), argument)
            return _reply(handler(asked))
        except LookupError as e:
            return _reply({"error": str(e.args[0] if e.args else e)}, 404)
        except VenueError as e:
            return _reply({"error": e.message, "code": e.code}, 400)
        except (ValueError, TypeError, ArithmeticError) as e:
            return _reply({"error": f"{type(e).__name__}: {e}"}, 400)

    def _is_allowed(self, request: web.BaseRequest) -> bool:
        token = self.server.venue.config.admin_token
        if token is not None:
            return hmac.compare_digest(request.headers.get("X-Admin-Token", "").encode(), token.encode())
        return ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback  # noqa: S104


def _find(method: str, path: str) -> tuple[Any, str | None]:
    exact = HANDLERS.get((method, path))
    if exact is not None:
        return exact, None
    head, _, argument = path.rpartition("/")
    return HANDLERS.get((method, head + "/*")), argument


def _reply(body: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
