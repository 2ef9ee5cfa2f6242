"""What the venue did and what it cost: requests by endpoint, processor time, arrivals of orders."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

CODE = re.compile(rb'"code":(-?[0-9]+)')


class Stats:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.started_at = time.time()
        self._cpu_before = time.process_time()
        self.requests: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def count(self, method: str, path: str) -> None:
        self.requests[f"{method} {path}"] += 1

    def answered(self, status: int, body: bytes) -> None:
        self.statuses[status] += 1
        if status >= 400:
            found = CODE.search(body)
            self.errors[found[1].decode() if found else str(status)] += 1

    def report(self) -> dict[str, Any]:
        total = sum(self.requests.values())
        cpu = time.process_time() - self._cpu_before
        return {
            "seconds": round(time.time() - self.started_at, 3),
            "requests": total,
            "by_endpoint": dict(self.requests.most_common()),
            "by_status": {str(status): count for status, count in sorted(self.statuses.items())},
            "by_error": dict(self.errors.most_common()),
            "cpu_seconds": round(cpu, 6),
            "cpu_us_per_request": round(cpu / total * 1e6, 1) if total else None,
        }
