"""Quotes as they come, through ccxt's WebSocket classes and the shared wire."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from connections.adapters.ccxt.exchanges import OverTheWire, described, template_of
from connections.adapters.ccxt.faults import translate
from connections.adapters.ccxt.library import streaming_class
from connections.adapters.ccxt.reports import quote_of
from connections.adapters.ccxt.wire import wire_of_loop
from connections.contract import AccountAccess, Quote
from connections.errors import Unsupported
from core.clock import now


class _RedirectedSession:
    """The one method of a session that ccxt's WebSocket client calls, led to where the account lives."""

    def __init__(self, base_url: str | None) -> None:
        self._base_url = base_url
        self._session = wire_of_loop().session
        self.cookie_jar = self._session.cookie_jar

    def ws_connect(self, url: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
        if self._base_url is None:
            return self._session.ws_connect(url, headers=headers, **options)
        real = urlsplit(url)
        query = f"?{real.query}" if real.query else ""
        target = self._base_url.replace("http", "ws", 1).rstrip("/") + real.path + query
        return self._session.ws_connect(target, headers={**(headers or {}), "X-Real-Host": real.netloc}, **options)


class _Streaming(OverTheWire):
    def open(self: Any, lazy: bool = False) -> None:
        self.asyncio_loop = asyncio.get_running_loop()


@lru_cache(maxsize=64)
def _class_of(exchange: str) -> type[Any]:
    known = streaming_class(exchange)
    return type(f"Streaming{known.__name__.title()}", (_Streaming, known), {})


async def stream_quotes(access: AccountAccess, symbols: Sequence[str]) -> AsyncIterator[Quote]:
    """Yield quotes until the stream breaks.

    Raises:
        Unsupported: the exchange streams no quotes. OutcomeUnknown and the like: the stream broke.
    """
    template = await template_of(access)
    options = {**described(access.exchange, access.market).options, "ws": {"options": {}}}
    exchange = _class_of(access.exchange)(
        {"options": options, "enableRateLimit": False, "number": str, "newUpdates": True}
    )
    exchange.base_url = access.base_url
    exchange.session = _RedirectedSession(access.base_url)
    exchange.set_markets_from_exchange(template)
    watch = _watcher(exchange)
    try:
        while True:
            tickers = await watch(list(symbols))
            received_at = now()
            for ticker in tickers.values():
                quote = quote_of(ticker, received_at)
                if quote is not None:
                    yield quote
    except Exception as error:  # ccxt raises what its sockets raise
        raise translate(error) from error
    finally:
        with suppress(Exception):
            await exchange.close_ws_clients()


def _watcher(exchange: Any) -> Any:
    for name, method in (("watchBidsAsks", "watch_bids_asks"), ("watchTickers", "watch_tickers")):
        if exchange.has.get(name) is True:
            return getattr(exchange, method)
    raise Unsupported(f"ccxt does not stream quotes of {exchange.id}.")
