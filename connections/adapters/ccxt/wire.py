"""Bytes to a venue and back: one pool of sockets per event loop, bounded in time, without redirects.

What went wrong is known best where it went wrong. So this module, not a reading of exception names later,
decides whether a request can have reached the venue.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import yarl

from connections.errors import Misconfigured, NotSent, OutcomeUnknown
from core import crash
from core.crash import Place
from core.loop import background

#: Sockets of one process; more requests in flight are slower, not faster (docs/performance.md).
POOL_SIZE = 256
#: A venue that does not accept a connection in this time is not reachable.
CONNECT_TIMEOUT = timedelta(seconds=5)
#: Larger than any reply we ask for: a full list of markets takes some 5 MB.
LARGEST_REPLY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP reply, read to its end."""

    status: int
    reason: str
    headers: Mapping[str, str]
    text: str


class Wire:
    """The sockets of one event loop."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(limit=POOL_SIZE, limit_per_host=0, ttl_dns_cache=300)
        # Accounts share sockets, so cookies must not travel from one to another.
        self.session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # Sent exactly once: aiohttp would send a cancel or a change again when its connection breaks.
        self.session._retry_connection = False
        # Read once: asking the environment at every request costs more than signing it.
        self._proxies = getproxies()

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None,
        body: str | bytes | None,
        timeout: timedelta,
        base_url: str | None,
    ) -> Answer:
        """Return the reply to one request, sent exactly once.

        Raises:
            NotSent: no connection was made. OutcomeUnknown: the request may have arrived, the reply did not.
            Misconfigured: the address cannot be used.
        """
        target, sent_headers = redirect(url, headers, base_url)
        limits = aiohttp.ClientTimeout(
            total=timeout.total_seconds(),
            connect=min(CONNECT_TIMEOUT, timeout / 2).total_seconds(),
            sock_connect=min(CONNECT_TIMEOUT, timeout / 2).total_seconds(),
        )
        where = f"{method} {urlsplit(target).netloc}{urlsplit(target).path}"
        try:
            async with self.session.request(
                method,
                yarl.URL(target, encoded=True),
                data=body.encode() if isinstance(body, str) else body,
                headers=sent_headers,
                timeout=limits,
                allow_redirects=False,
                proxy=self._proxy_for(target),
            ) as reply:
                if method != "GET":
                    crash.passing(Place.ON_THE_WIRE)
                text = await _read(reply)
                return Answer(reply.status, reply.reason or "", reply.headers, text)
        except aiohttp.InvalidURL as error:
            raise Misconfigured(f"{where}: the address is not valid.") from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{where}: no connection ({type(error).__name__}).", code="NO_CONNECTION") from error
        except TimeoutError as error:
            seconds = timeout.total_seconds()
            raise OutcomeUnknown(f"{where}: no answer within {seconds:g} s.", code="TIMEOUT") from error
        except (aiohttp.ClientError, OSError) as error:
            name = type(error).__name__
            raise OutcomeUnknown(f"{where}: the connection broke ({name}).", code="CONNECTION_LOST") from error

    def _proxy_for(self, target: str) -> str | None:
        if not self._proxies:
            return None
        parts = urlsplit(target)
        return None if proxy_bypass(parts.hostname or "") else self._proxies.get(parts.scheme)

    async def close(self) -> None:
        await self.session.close()


def redirect(
    url: str, headers: Mapping[str, str] | None, base_url: str | None
) -> tuple[str, Mapping[str, str] | None]:
    """Return the address to ask, and the headers for it.

    ccxt chooses its error table by the real address, so that stays what it is and only the transport goes
    elsewhere; the host that was meant travels in a header.
    """
    if base_url is None:
        return url, headers
    real = urlsplit(url)
    path = f"{real.path}?{real.query}" if real.query else real.path
    return base_url.rstrip("/") + path, {**(headers or {}), "X-Real-Host": real.netloc}


async def _read(reply: aiohttp.ClientResponse) -> str:
    raw = await reply.content.read(LARGEST_REPLY + 1) if reply.content_length is None else await reply.read()
    if len(raw) > LARGEST_REPLY:
        raise OutcomeUnknown(f"The reply was larger than {LARGEST_REPLY} bytes.", code="REPLY_TOO_LARGE")
    return raw.decode("utf-8", errors="replace")


_wires: dict[int, tuple[asyncio.AbstractEventLoop, Wire]] = {}


def wire_of_loop() -> Wire:
    """Return the sockets of the running loop, opening them at first use."""
    loop = asyncio.get_running_loop()
    known = _wires.get(id(loop))
    # An id may be used again after its loop died.
    if known is None or known[0] is not loop or known[1].session.closed:
        known = (loop, Wire())
        _wires[id(loop)] = known
    return known[1]


async def close_wire() -> None:
    """Close the sockets of the running loop."""
    known = _wires.pop(id(asyncio.get_running_loop()), None)
    if known is not None:
        await known[1].close()


background.at_stop(close_wire)
