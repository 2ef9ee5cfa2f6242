from datetime import datetime, timedelta

import pytest

from connections.health import HealthStatus, can_execute_trades, is_stale, status_of
from tests.values import NOON

MS = timedelta(milliseconds=1)


class TestStatusOf:
    @pytest.mark.parametrize(
        ("latency", "clock_offset", "status"),
        [
            (20, 0, HealthStatus.ACTIVE),
            (1000, 1000, HealthStatus.ACTIVE),
            (1001, 0, HealthStatus.DEGRADED),
            (20, 1001, HealthStatus.DEGRADED),
            (20, -1001, HealthStatus.DEGRADED),
        ],
    )
    def test_tells_slow_and_skewed_from_good(self, latency: int, clock_offset: int, status: HealthStatus) -> None:
        assert status_of(latency=latency * MS, clock_offset=clock_offset * MS) is status


class TestIsStale:
    @pytest.mark.parametrize(
        ("last_tested_at", "expected"),
        [
            (None, True),
            (NOON, False),
            (NOON - timedelta(hours=24), False),
            (NOON - timedelta(hours=24, microseconds=1), True),
        ],
    )
    def test_forgets_a_measurement_after_a_day(self, last_tested_at: datetime | None, expected: bool) -> None:
        assert is_stale(last_tested_at, now=NOON) is expected

    def test_takes_another_limit(self) -> None:
        assert is_stale(NOON - timedelta(hours=2), now=NOON, after=timedelta(hours=1))


class TestCanExecuteTrades:
    @pytest.mark.parametrize("status", HealthStatus)
    def test_trades_with_any_measured_health_but_error(self, status: HealthStatus) -> None:
        can = can_execute_trades(is_active=True, status=status, last_tested_at=NOON)

        assert can is (status is not HealthStatus.ERROR)

    def test_never_trades_what_its_owner_paused(self) -> None:
        assert not can_execute_trades(is_active=False, status=HealthStatus.ACTIVE, last_tested_at=NOON)

    def test_never_trades_what_was_never_tested(self) -> None:
        assert not can_execute_trades(is_active=True, status=HealthStatus.UNTESTED, last_tested_at=None)
