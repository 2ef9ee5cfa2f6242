"""The suite itself: its engines, and that it leaves nothing when it is killed."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone

from config.embedded import servers
from config.embedded.locks import holder
from tests.config.conftest import are_gone, wait_until
from tests.infrastructure.environment import OWN_SERVER
from tests.infrastructure.processes import Spawn


class TestEngines:
    def test_are_shared_but_databases_are_not(self, broker_url: str, cache_url: str) -> None:
        numbers = {url.rpartition("/")[2] for url in (broker_url, cache_url)}
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")

        expected = {str(2 * int(worker[2:]) + offset) for offset in (2, 3)} if worker else {"0", "1"}
        assert numbers == expected

    @pytest.mark.django_db(transaction=True)
    def test_let_other_processes_see_what_was_committed(self, database_url: str) -> None:
        Session.objects.create(session_key="seen", expire_date=timezone.now())

        with psycopg.connect(database_url) as outside:
            rows = outside.execute("SELECT session_key FROM django_session").fetchall()

        assert rows == [("seen",)]

    @pytest.mark.parametrize("turn", ["first", "second"])
    def test_are_empty_for_each_test(self, turn: str, broker_url: str) -> None:
        with redis.Redis.from_url(broker_url) as broker:
            assert cache.get("turn") is None
            assert broker.llen("orders") == 0
            broker.lpush("orders", turn)

        cache.set("turn", turn)


@pytest.mark.processes
@pytest.mark.timeout(300)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux signals orphans.")
class TestKilledSuite:
    @pytest.mark.parametrize("workers", ["-n0", "-n1"])
    def test_leaves_no_process(self, spawn: Spawn, tmp_path: Path, workers: str) -> None:
        notes = tmp_path / "notes"
        suite = start_suite(spawn, Path(__file__).with_name("sleeper.py"), workers, NOTES=str(notes))
        assert wait_until(lambda: notes.exists() and len(notes.read_text().split()) == 3, 240)
        worker, child, sockets = notes.read_text().split()
        found = [holder(Path(sockets).parent / name) for name in ("postgresql.lock", "valkey.lock")]

        suite.kill()

        everything = [int(worker), int(child), *(pid for pid in found if pid)]
        assert len(everything) == 4
        assert wait_until(lambda: are_gone(everything))


@pytest.mark.processes
@pytest.mark.timeout(300)
class TestOwnServer:
    def test_is_used_and_left_as_it_was(self, spawn: Spawn, tmp_path: Path) -> None:
        names = "SELECT datname FROM pg_database ORDER BY 1"
        with servers.start(tmp_path / "var", database=True, cache=False) as started:
            with psycopg.connect(started.database_url, autocommit=True) as session:
                before = session.execute(names).fetchall()
                session.execute("CREATE DATABASE test_signalbox_999999999_gw0")  # of a run that was killed

            suite = start_suite(
                spawn, Path(__file__), "-n1", "-k", "TestEngines", **{OWN_SERVER: started.database_url}
            )
            report, _ = suite.communicate(timeout=240)

            with psycopg.connect(started.database_url) as session:
                assert session.execute(names).fetchall() == before
        assert suite.returncode == 0, report
        assert f"(from {OWN_SERVER})" in report


def start_suite(spawn: Spawn, path: Path, *options: str, **settings: str) -> "subprocess.Popen[str]":
    """Start a suite that knows nothing of the one it is started from."""
    outer = {"DATABASE_URL", "BROKER_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE", OWN_SERVER}
    environment = {
        name: value for name, value in os.environ.items() if name not in outer and not name.startswith("PYTEST_")
    }
    return spawn([sys.executable, "-m", "pytest", *options, str(path)], env=environment | settings)
