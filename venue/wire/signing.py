"""Who is asking, and did they sign it: keys, permissions, timestamps and signatures.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from venue.dialect.calls import Route, Security
from venue.dialect.params import Params
from venue.engine import errors
from venue.engine.accounts import Account
from venue.engine.errors import VenueError
from venue.engine.exchange import Exchange
from venue.engine.terms import Market

KEY_HEADER = "X-MBX-APIKEY"
DEFAULT_WINDOW_MS = 5000
LONGEST_WINDOW_MS = 60_000


def read_params(query: str, body: str) -> Params:
    """This function will read query and body together.

    Raises: VenueError -1101 when a name comes twice.
    """
    values: dict[str, str] = {}
    for part in (query, body):
        for name, value in parse_qsl(part, keep_blank_values=True):
            if name in values:
                raise VenueError(-1101, f"Duplicate values for parameter '{name}'.")
            values[name] = value
    return Params(values)


def identify(exchange: Exchange, key: str | None, address: str) -> Account:
    """This function will find the account of a key.

    Raises: VenueError -2014 without a well-formed key, -2015 for an unknown, revoked or misplaced one.
    """
    if not key or not key.isalnum():
        raise errors.key_format()
    account = exchange.by_key.get(key)
    if account is None or account.revoked:
        raise errors.key_refused()
    ips = account.permissions.ips
    if ips and address not in ips:
        raise errors.key_refused()
    return account


def permit(account: Account, route: Route) -> None:
    """This function will refuse a route the key has no right to."""
    permissions = account.permissions
    allowed = permissions.reading
    if route.trades:
        allowed = permissions.spot if route.market is Market.SPOT else permissions.futures
    elif route.market is Market.USDM:
        allowed = permissions.reading and permissions.futures
    if not allowed and route.security is Security.SIGNED:
        raise errors.key_refused()


def check_time(params: Mapping[str, str], now: int) -> None:
    """This function will refuse a request from too far in the past, or from the future.

    Raises: VenueError -1021, -1131, or -1102 without a timestamp.
    """
    text = params.get("timestamp", "")
    if not text.isdigit():
        raise errors.missing("timestamp")
    window = params.get("recvWindow")
    if window is not None and (not window.replace(".", "", 1).isdigit() or float(window) > LONGEST_WINDOW_MS):
        raise errors.recv_window()
    timestamp = int(text)
    if timestamp >= now + 1000:
        raise errors.too_early()
    if now - timestamp > (float(window) if window else DEFAULT_WINDOW_MS):
        raise errors.too_late()


def check_signature(secret: str, query: str, body: str) -> None:
    """This function will compare the HMAC over the exact bytes sent, query and body joined as they are.

    Raises: VenueError -1022 when it differs, -1102 when there is none.
    """
    signed, signature = _split(query), ""
    if signed[1]:
        payload, signature = signed[0] + body, signed[1]
    else:
        rest, signature = _split(body)
        payload = query + rest
    if not signature:
        raise errors.missing("signature")
    expected = hmac.digest(secret.encode(), payload.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, unquote(signature).lower()):
        raise errors.bad_signature()


def _split(text: str) -> tuple[str, str]:
    """This function will part a query from its signature, which may stand anywhere in it."""
    kept, signature = [], ""
    for part in text.split("&"):
        if part.startswith("signature="):
            signature = part[10:]
        else:
            kept.append(part)
    return "&".join(kept), signature


def sign(secret: str, payload: str) -> str:
    """This function will sign a payload as a client does; for tests and tools."""
    return hmac.digest(secret.encode(), payload.encode(), "sha256").hex()
