"""ccxt instances that cost nearly nothing: one template per exchange and market, one shallow copy per account.

A template loads the list of markets once (35 MB for 2,000 symbols) and every copy reads the same dicts, so they
are never written to. Copies send through the shared wire and never retry, throttle or redirect by themselves.
"""

import asyncio
import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from connections.adapters.ccxt.dialects import dialect_of
from connections.adapters.ccxt.faults import retry_after
from connections.adapters.ccxt.library import ccxt, exchange_class
from connections.adapters.ccxt.wire import Answer, wire_of_loop
from connections.budget import LONGEST_WAIT_S, budget_of_loop, leave_by
from connections.contract import AccountAccess, Environment, MarketType
from connections.errors import Misconfigured, NotSent, OutcomeUnknown
from core.clock import now

#: Filters change rarely; a list older than this is loaded again behind the scenes.
MARKETS_MAX_AGE = timedelta(hours=6)
#: A little of every budget stays unspent, because the venue's clock is not ours.
SAFETY = 0.95
#: HTTP's "too many requests", and what some exchanges say to whoever goes on.
TOLD_TO_SLOW_DOWN = frozenset({418, 429})
DEFAULT_WAIT = timedelta(seconds=5)
#: The longest that an order which began to leave in time waits for its turn in the budget.
LONGEST_TURN = timedelta(seconds=LONGEST_WAIT_S)
_SUBTYPES = {MarketType.SPOT: "spot", MarketType.LINEAR: "linear", MarketType.INVERSE: "inverse"}


class OverTheWire:
    """Replaces ccxt's transport: our sockets, our limits, one request per call, and the reply kept on errors."""

    base_url: str | None = None
    time_limit: timedelta = timedelta(seconds=10)
    #: what shares a budget: accounts of one venue
    venue: str = ""
    per_minute: float = 0.0
    #: whether questions are POST requests as well
    asks_by_post: bool = False
    costs: Mapping[tuple[str, str, str], float] = {}
    costs_naming: Mapping[tuple[str, str, str, str], float] = {}

    def calculate_rate_limiter_cost(
        self: Any, api: Any, method: str, path: str, params: Any, config: Any
    ) -> float:
        section = api if isinstance(api, str) else api[0]
        # A batch is a list of orders, as some exchanges want even a single one.
        for name in params if isinstance(params, Mapping) else ():
            if (stated := self.costs_naming.get((section, method, path, name))) is not None:
                return stated
        if (stated := self.costs.get((section, method, path))) is not None:
            return stated
        return float(super().calculate_rate_limiter_cost(api, method, path, params, config))  # type: ignore[misc]

    async def throttle(self, cost: float | None = None) -> None:
        # What costs nothing still has to wait while the venue wants to hear nothing at all.
        await budget_of_loop().spend(self.venue, 1.0 if cost is None else cost, per_minute=self.per_minute)

    async def fetch(
        self: Any, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        _refuse_late(method)
        request_headers = self.prepare_request_headers(headers)
        answer = await wire_of_loop().exchange(
            method, url, headers=request_headers, body=body, timeout=self.time_limit, base_url=self.base_url
        )
        if answer.status in TOLD_TO_SLOW_DOWN:
            await budget_of_loop().slow_down(self.venue, retry_after(answer) or DEFAULT_WAIT)
        reply = _parse(answer.text)
        try:
            self.handle_errors(
                answer.status,
                answer.reason,
                url,
                method,
                answer.headers,
                answer.text,
                reply,
                request_headers,
                body,
            )
            self.handle_http_status_code(answer.status, answer.reason, url, method, answer.text)
        except ccxt.BaseError as error:
            error.answer = answer
            raise
        if reply is None or answer.status >= 300 or _is_hollow(reply, method, url, self.asks_by_post):
            where = f"{method} {self.base_url or 'https://' + urlsplit(url).netloc}{urlsplit(url).path}"
            raise OutcomeUnknown(
                f"{where} answered {answer.status} {_instead_of_json(answer)}.",
                code=f"HTTP_{answer.status}_UNREADABLE",
            )
        return reply

    def open(self, lazy: bool = False) -> None:
        """The wire is opened by its loop; there is nothing to open per account."""

    def __del__(self) -> None:
        """Copies own no socket, so there is nothing to warn about."""


def _refuse_late(method: str) -> None:
    # It is stamped already, so a process that was frozen while it waited for its turn finds out here, and what somebody
    # else has proven absent meanwhile does not arrive after all.
    latest = leave_by.get()
    if method != "GET" and latest is not None and now() > latest + LONGEST_TURN:
        raise NotSent("The order waited here for too long to leave now.", code="WAITED_HERE")


def _instead_of_json(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        host = urlsplit(answer.headers.get("Location", "")).netloc or "nowhere"
        return f"and points to {host}, which is not followed: a signed request goes to the exchange's own address only"
    if answer.text.strip() in ("", "{}"):
        return "with nothing"
    if answer.text.lstrip().startswith("<"):
        return "with a web page: something that is not the exchange's API answers at this address"
    return f"with {len(answer.text)} characters that are not the JSON we asked for"


def _is_hollow(reply: Any, method: str, url: str, asks_by_post: bool) -> bool:
    # ccxt would read an empty object as "no orders", "no trades", "no money". No list and no account looks like that.
    is_question = method == "GET" or asks_by_post
    return reply == {} and is_question and not url.split("?")[0].endswith("/ping")


def _parse(text: str) -> Any:
    # orjson and not json: NaN and Infinity are no answer. Numbers stay text where ccxt reads them as text.
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


@lru_cache(maxsize=512)
def _class_of(exchange: str) -> type[Any]:
    known = exchange_class(exchange)
    return type(f"Wired{known.__name__.title()}", (OverTheWire, known), {})


@lru_cache(maxsize=512)
def described(exchange: str, market: MarketType) -> Any:
    """Return an instance without keys or markets, for what ccxt states of an exchange.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    dialect, kind = dialect_of(exchange), "spot" if market is MarketType.SPOT else "swap"
    options: dict[str, Any] = {
        "defaultType": kind,
        "defaultSubType": _SUBTYPES[market],
        # Learned per account by check(), because shared markets skip ccxt's own adjustment.
        "adjustForTimeDifference": False,
        "fetchMarkets": {"types": [_SUBTYPES[market]]},
        **dialect.options,
    }
    if exchange != "binance":
        options.pop("fetchMarkets")
    # ccxt says what each request costs; who may spend it, and when, is decided by the shared budget.
    # As text: ccxt parses twice in places, and its second reading drops a Decimal.
    made = _class_of(exchange)({"options": options, "enableRateLimit": True, "number": str})
    made.per_minute = dialect.per_minute.get(market, 60_000 / made.rateLimit) * SAFETY
    made.costs, made.costs_naming = dialect.costs, dialect.costs_naming
    made.asks_by_post = dialect.asks_by_post
    return made


class _Shelf:
    """The templates of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.templates: dict[tuple[object, ...], tuple[Any, datetime]] = {}
        self.locks: dict[tuple[object, ...], asyncio.Lock] = {}
        self.reloads: set[asyncio.Task[Any]] = set()


_shelves: dict[int, _Shelf] = {}


def _shelf() -> _Shelf:
    loop = asyncio.get_running_loop()
    shelf = _shelves.get(id(loop))
    if shelf is None or shelf.loop is not loop:
        shelf = _shelves[id(loop)] = _Shelf(loop)
    return shelf


async def template_of(access: AccountAccess) -> Any:
    """Return the instance whose markets every account of this exchange shares. Cost: one load per loop.

    Raises:
        Misconfigured, and whatever the wire raises while the markets load.
    """
    shelf = _shelf()
    key = (access.exchange, access.market, access.environment, access.base_url)
    known = shelf.templates.get(key)
    if known is not None:
        if now() - known[1] > MARKETS_MAX_AGE and not shelf.locks[key].locked():
            task = asyncio.ensure_future(_load(shelf, key, access))
            shelf.reloads.add(task)
            task.add_done_callback(shelf.reloads.discard)
        return known[0]
    async with shelf.locks.setdefault(key, asyncio.Lock()):
        if key not in shelf.templates:
            await _load(shelf, key, access)
    return shelf.templates[key][0]


async def _load(shelf: _Shelf, key: tuple[object, ...], access: AccountAccess) -> None:
    template = bare_copy(access)
    template.markets = template.markets_by_id = None
    await template.load_markets()
    # Some exchanges list their markets to customers only; whoever asked first must not sign for those who come later.
    keyless = described(access.exchange, access.market)
    for name in (*_credential_names(keyless), "uid", "password"):
        setattr(template, name, getattr(keyless, name))
    shelf.templates[key] = (template, now())


async def account_copy(access: AccountAccess) -> Any:
    """Return an instance with this account's keys and the shared markets."""
    template = await template_of(access)
    return _copy(template, access)


def bare_copy(access: AccountAccess) -> Any:
    """Return an instance for this account without markets. Cost: some microseconds."""
    return _copy(described(access.exchange, access.market), access)


def _copy(source: Any, access: AccountAccess) -> Any:
    instance = copy.copy(source)
    # What an instance writes to while it works must be its own.
    instance.options = dict(source.options)
    instance.headers = dict(source.headers or {})
    instance.base_url = access.base_url
    instance.venue = ":".join(("ccxt", access.exchange, access.market, access.environment, access.base_url or ""))
    instance.time_limit = access.timeout
    for name in (*_credential_names(source), "uid", "password"):
        if name in access.credentials:
            setattr(instance, name, access.credentials[name])
    if access.environment is Environment.TESTNET:
        _to_sandbox(instance)
    return instance


def _to_sandbox(instance: Any) -> None:
    instance.urls = copy.deepcopy(instance.urls)
    try:
        instance.set_sandbox_mode(True)
    except (TypeError, ccxt.BaseError) as error:
        raise Misconfigured(f"{instance.id} has no testnet.") from error


def _credential_names(exchange: Any) -> tuple[str, ...]:
    return tuple(name for name, needed in exchange.requiredCredentials.items() if needed)
