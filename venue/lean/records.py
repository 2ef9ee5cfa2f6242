"""Memory shared by the workers: what was ordered where and when, the prices, and what each worker spent."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

#: number, arrival (ns), account, symbol, is buy, client id, quantity, price
RECORD = struct.Struct("<qqii?40s24s24s")
#: requests, orders, processor time (ns)
COUNTERS = struct.Struct("<qqq")
PRICE_SIZE = 32
#: Orders a worker can remember; later ones are answered but not recorded.
CAPACITY = 500_000


@dataclass(frozen=True, slots=True)
class Record:
    number: int
    arrival_ns: int
    account: int
    symbol: int
    is_buy: bool
    client_id: str
    quantity: Decimal
    price: Decimal


class Records:
    """One region per worker for its orders and counters, one for the prices; created before the fork."""

    def __init__(self, workers: int, symbols: int) -> None:
        self.workers = workers
        # Anonymous memory costs nothing until it is touched.
        self._orders = [mmap.mmap(-1, RECORD.size * CAPACITY) for _ in range(workers)]
        self._counters = mmap.mmap(-1, COUNTERS.size * workers)
        self._prices = mmap.mmap(-1, PRICE_SIZE * symbols)

    # Prices

    def set_price(self, symbol: int, price: Decimal) -> None:
        text = str(price).encode().ljust(PRICE_SIZE, b"\0")
        self._prices[symbol * PRICE_SIZE : (symbol + 1) * PRICE_SIZE] = text

    def price_text(self, symbol: int) -> bytes:
        return self._prices[symbol * PRICE_SIZE : (symbol + 1) * PRICE_SIZE].rstrip(b"\0")

    # Counters

    def count(self, worker: int, requests: int, orders: int, cpu_ns: int) -> None:
        COUNTERS.pack_into(self._counters, worker * COUNTERS.size, requests, orders, cpu_ns)

    def counters(self) -> list[tuple[int, int, int]]:
        return [COUNTERS.unpack_from(self._counters, worker * COUNTERS.size) for worker in range(self.workers)]

    # Orders

    def region(self, worker: int) -> mmap.mmap:
        return self._orders[worker]

    def all(self) -> Iterator[Record]:
        for worker, (_, orders, _) in enumerate(self.counters()):
            for index in range(min(orders, CAPACITY)):
                yield self._read(worker, index)

    def find(self, account: int, client_id: str | None, number: int | None) -> Record | None:
        """This function will find an account's latest order by its client id or number, of any worker."""
        if number is not None:
            worker, index = number % self.workers, number // self.workers
            in_range = index < min(self.counters()[worker][1], CAPACITY)
            found = self._read(worker, index) if in_range else None
            return found if found and found.account == account else None
        needle = (client_id or "").encode().ljust(40, b"\0")
        for worker, region in enumerate(self._orders):
            end = region.rfind(needle)
            if end >= 0:
                found = self._read(worker, end // RECORD.size)
                return found if found.account == account else None
        return None

    def _read(self, worker: int, index: int) -> Record:
        row = RECORD.unpack_from(self._orders[worker], index * RECORD.size)
        name, quantity, price = (text.rstrip(b"\0").decode() for text in row[5:])
        number, arrival_ns, account, symbol, is_buy = row[:5]
        return Record(number, arrival_ns, account, symbol, is_buy, name, Decimal(quantity), Decimal(price))
