"""The public record of one symbol: its last trades and the statistics of the last day."""

from collections import deque
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, takewhile

from venue.engine.decimals import ZERO
from venue.engine.numbers import Numbers

DAY_MS = 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class PublicTrade:
    id: int
    price: Decimal
    quantity: Decimal
    time: int
    buyer_is_maker: bool


@dataclass(slots=True)
class Candle:
    opened_at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    turnover: Decimal = ZERO
    trades: int = 0
    taker_volume: Decimal = ZERO
    taker_turnover: Decimal = ZERO

    def add(self, trade: PublicTrade) -> None:
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        self.close = trade.price
        self.volume += trade.quantity
        self.turnover += trade.price * trade.quantity
        self.trades += 1
        if not trade.buyer_is_maker:
            self.taker_volume += trade.quantity
            self.taker_turnover += trade.price * trade.quantity

    def absorb(self, later: "Candle") -> None:
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.turnover += later.turnover
        self.trades += later.trades
        self.taker_volume += later.taker_volume
        self.taker_turnover += later.taker_turnover


class Tape:
    """Recent trades and one-minute candles; both bounded, so a venue may run for days."""

    def __init__(self, start: Decimal, now: int) -> None:
        self.last = start
        self.trades: deque[PublicTrade] = deque(maxlen=1000)
        self.minutes: deque[Candle] = deque(maxlen=1440)
        self.opened_at = now
        self.trade_ids = Numbers(1)
        self._summed_at: tuple[int, int] | None = None
        self._sum: Candle | None = None

    def take_id(self) -> int:
        return self.trade_ids.take()

    def print(self, trade: PublicTrade) -> None:
        self.last = trade.price
        self.trades.append(trade)
        minute = trade.time - trade.time % MINUTE_MS
        if not self.minutes or self.minutes[-1].opened_at != minute:
            price = trade.price
            self.minutes.append(Candle(minute, price, price, price, price))
        self.minutes[-1].add(trade)

    def day(self, now: int) -> Candle:
        """This function will sum the candles of the last 24 hours; before any trade it is flat."""
        if not self.minutes:
            return Candle(self.opened_at, self.last, self.last, self.last, self.last)
        day = self._earlier(now)
        latest = self.minutes[-1]
        day = replace(day) if day is not None else _opening_like(latest)
        day.absorb(latest)
        return day

    def _earlier(self, now: int) -> Candle | None:
        """All but the latest minute change only when a minute is over, so their sum is kept until then."""
        key = (self.minutes[-1].opened_at, now // MINUTE_MS)
        if key != self._summed_at:
            rows = [row for row in self.minutes if row.opened_at >= now - DAY_MS][:-1]
            self._summed_at, self._sum = key, _joined(rows)
        return self._sum

    def latest(self, interval_ms: int) -> Candle | None:
        """This function will join the minutes of the interval the last trade fell into."""
        if not self.minutes:
            return None
        begins = self.minutes[-1].opened_at - self.minutes[-1].opened_at % interval_ms
        rows = list(takewhile(lambda row: row.opened_at >= begins, reversed(self.minutes)))
        joined = _joined(rows[::-1])
        return joined and replace(joined, opened_at=begins)

    def candles(self, interval_ms: int) -> list[Candle]:
        """This function will join the one-minute candles into longer ones."""
        groups = groupby(self.minutes, lambda row: row.opened_at - row.opened_at % interval_ms)
        joined = ((opened_at, _joined(list(rows))) for opened_at, rows in groups)
        return [replace(candle, opened_at=opened_at) for opened_at, candle in joined if candle]


def _opening_like(candle: Candle) -> Candle:
    return Candle(candle.opened_at, candle.open, candle.high, candle.low, candle.close)


def _joined(rows: list[Candle]) -> Candle | None:
    """This function will sum candles, the earliest first."""
    if not rows:
        return None
    result = _opening_like(rows[0])
    for row in rows:
        result.absorb(row)
    return result
