"""Request weights per address and order counts per account, with Binance's 429 and its 418 for the deaf.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from venue.engine.errors import VenueError

#: Requests after the first 429 of a minute that an address is forgiven before it is banned.
PATIENCE = 10
FIRST_BAN_MS = 120_000
UNITS_MS = {"SECOND": 1000, "MINUTE": 60_000, "DAY": 86_400_000}


class ThrottledError(VenueError):
    """Too much, too fast; carries the seconds to wait."""

    def __init__(self, code: int, message: str, status: int, retry_after: int) -> None:
        super().__init__(code, message, status)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limit:
    kind: str
    unit: str
    count: int
    most: int

    @property
    def span_ms(self) -> int:
        return UNITS_MS[self.unit] * self.count

    @property
    def suffix(self) -> str:
        return f"{self.count}{self.unit[0]}"

    def row(self) -> dict[str, Any]:
        return {
            "rateLimitType": self.kind,
            "interval": self.unit,
            "intervalNum": self.count,
            "limit": self.most,
        }


class Windows:
    """Counters over fixed windows: every window starts at a multiple of its length."""

    def __init__(self, span_ms: int) -> None:
        self.span_ms = span_ms
        self._start = 0
        self._used: dict[str, int] = {}

    def add(self, who: str, amount: int, now: int) -> int:
        start = now - now % self.span_ms
        if start != self._start:
            self._start = start
            self._used.clear()
        self._used[who] = self._used.get(who, 0) + amount
        return self._used[who]

    def used(self) -> dict[str, int]:
        return dict(self._used)

    def seconds_left(self, now: int) -> int:
        return max(1, -(-(self._start + self.span_ms - now) // 1000))


class MarketLimits:
    def __init__(self, weight: Limit, orders: tuple[Limit, ...], raw: Limit | None = None) -> None:
        self.weight = weight
        self.orders = orders
        self.raw = raw
        self.enforced = True
        self.patience = PATIENCE
        self.ban_ms = FIRST_BAN_MS
        self.reset()

    def reset(self) -> None:
        self.weights = Windows(self.weight.span_ms)
        self.order_windows = [Windows(limit.span_ms) for limit in self.orders]
        self._ignored = Windows(self.weight.span_ms)
        #: Address to (banned until, how often banned so far).
        self.bans: dict[str, tuple[int, int]] = {}
        self.counters = {"429": 0, "418": 0}

    def charge(self, address: str, weight: int, now: int) -> int:
        """This function will count a request and return the weight used in this minute.

        Raises: ThrottledError 429 beyond the limit, 418 while the address is banned.
        """
        used = self.weights.add(address, weight, now)
        if not self.enforced:
            return used
        until, times = self.bans.get(address, (0, 0))
        if until > now:
            raise self._banned(until, now)
        if used <= self.weight.most:
            return used
        if self._ignored.add(address, 1, now) > self.patience:
            until = now + self.ban_ms * 2**times
            self.bans[address] = (until, times + 1)
            raise self._banned(until, now)
        self.counters["429"] += 1
        message = (
            f"Too much request weight used; current limit is {self.weight.most} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API."
        )
        raise ThrottledError(-1003, message, 429, self.weights.seconds_left(now))

    def _banned(self, until: int, now: int) -> ThrottledError:
        self.counters["418"] += 1
        message = (
            f"Way too much request weight used; IP banned until {until}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
        return ThrottledError(-1003, message, 418, max(1, -(-(until - now) // 1000)))

    def charge_orders(self, api_key: str, count: int, now: int) -> dict[str, str]:
        """This function will count new orders of an account and return the headers that say so.

        Raises: ThrottledError 429 (-1015) beyond a limit.
        """
        headers = {}
        for limit, window in zip(self.orders, self.order_windows, strict=True):
            used = window.add(api_key, count, now)
            headers[f"X-MBX-ORDER-COUNT-{limit.suffix}"] = str(used)
            if self.enforced and used > limit.most:
                self.counters["429"] += 1
                span = f"{limit.count} {limit.unit}" if limit.count > 1 else limit.unit
                message = f"Too many new orders; current limit is {limit.most} orders per {span}."
                raise ThrottledError(-1015, message, 429, window.seconds_left(now))
        return headers

    def order_counts(self, api_key: str, now: int) -> list[dict[str, Any]]:
        rows = zip(self.orders, self.order_windows, strict=True)
        return [limit.row() | {"count": window.add(api_key, 0, now)} for limit, window in rows]

    def state(self) -> dict[str, Any]:
        """This function will tell the operator what is used, refused and banned."""
        return {
            "enforced": self.enforced,
            "weight_limit": self.weight.most,
            "weights": self.weights.used(),
            "order_limits": {limit.suffix: limit.most for limit in self.orders},
            "refused": dict(self.counters),
            "bans": {address: until for address, (until, _) in self.bans.items()},
        }

    def describe(self) -> list[dict[str, Any]]:
        limits = [self.weight, *self.orders, *([self.raw] if self.raw else [])]
        return [limit.row() for limit in limits]


class Limits:
    """Both markets count apart, as their hosts do."""

    def __init__(self, enforced: bool) -> None:
        self.spot = MarketLimits(
            Limit("REQUEST_WEIGHT", "MINUTE", 1, 6000),
            (Limit("ORDERS", "SECOND", 10, 100), Limit("ORDERS", "DAY", 1, 200_000)),
            Limit("RAW_REQUESTS", "MINUTE", 5, 61_000),
        )
        self.usdm = MarketLimits(
            Limit("REQUEST_WEIGHT", "MINUTE", 1, 2400),
            (Limit("ORDERS", "SECOND", 10, 300), Limit("ORDERS", "MINUTE", 1, 1200)),
        )
        self.enforce(enforced)

    def enforce(self, enforced: bool) -> None:
        for limits in (self.spot, self.usdm):
            limits.enforced = enforced
