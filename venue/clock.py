"""The venue's clock: real time, or real time plus a skew that somebody asked for."""

import time


class Clock:
    def __init__(self) -> None:
        self.skew_ms = 0

    def now(self) -> int:
        """This function will tell the venue's time in epoch milliseconds."""
        return time.time_ns() // 1_000_000 + self.skew_ms

    def arrival(self) -> int:
        """This function will tell real time in nanoseconds; arrivals are comparable with other processes."""
        return time.time_ns()
