"""Workers of Celery for one test, killed with it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from bench.nursery import Nursery, worker

EVERY_QUEUE = "orders,exits,default"


@dataclass
class Workers:
    """Starts workers, a moment each, and sees them die."""

    nursery: Nursery
    _numbers: "count[int]"

    def start(self, *, queues: str = EVERY_QUEUE, crash_at: str = "") -> int:
        """Start a worker and return its pid."""
        name = f"worker{next(self._numbers)}-{os.getpid()}"
        return self.nursery.start(worker(name, queues), crash_at=crash_at)

    def await_end(self, pid: int) -> int:
        """Return the exit status of a worker once it is dead; minus the signal that killed it."""
        status = self.nursery.status_of(pid, wait=True)
        assert status is not None
        return status

    def kill(self) -> None:
        """Kill all that live."""
        for pid in list(self.nursery.pids):
            self.nursery.kill(pid)

    def said(self) -> str:
        """Return what they have logged so far."""
        return self.nursery.log.read_text()


@pytest.fixture(scope="module")
def _workers(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    environment = {**os.environ, "DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}
    with Nursery(environment, tmp_path_factory.mktemp("workers") / "workers.log") as nursery:
        yield Workers(nursery, count(1))


@pytest.fixture
def workers(_workers: Workers) -> Iterator[Workers]:
    """Real workers on this test's database and broker. They see what is committed, so a test needs `transactional_db`."""
    yield _workers
    _workers.kill()
