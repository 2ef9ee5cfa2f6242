"""What killed runs leave behind, and how the next start copes with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from config.embedded import servers
from config.embedded.errors import UnableToStart
from config.embedded.locks import is_held
from tests.config.conftest import Starter, are_gone, is_alive, wait_until
from tests.infrastructure.environment import ROOT
from tests.infrastructure.processes import Spawn

pytestmark = pytest.mark.processes
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux signals orphans.")
StartServers = Callable[..., Starter]


def data_of(starter: Starter) -> Path:
    return starter.home / "postgresql" / "data"


def end(starter: Starter) -> None:
    pids = starter.server_pids()
    starter.process.kill()
    starter.process.wait()
    assert wait_until(lambda: are_gone(pids))


def starts(folder: Path) -> bool:
    with (
        servers.start(folder, database=True, cache=True) as started,
        psycopg.connect(started.database_url) as session,
    ):
        return session.execute("SELECT 1").fetchone() == (1,)


class TestKilledStarter:
    @linux_only
    def test_takes_its_servers_along(self, start_servers: StartServers) -> None:
        starter = start_servers()
        pids = starter.server_pids()

        starter.process.kill()

        assert len(pids) == 2
        assert wait_until(lambda: are_gone(pids))

    def test_does_not_block_the_next_start(self, tmp_path: Path, start_servers: StartServers) -> None:
        starter = start_servers()

        starter.process.kill()
        starter.process.wait()

        assert starts(tmp_path / "var")

    def test_may_die_while_the_data_folder_is_being_made(self, tmp_path: Path, spawn: Spawn) -> None:
        script = Path(__file__).with_name("starter.py")
        process = spawn(
            [sys.executable, str(script), str(tmp_path / "var")], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert wait_until(lambda: bool(list(_places(tmp_path).glob("postgresql/data.new/base"))))

        process.kill()
        process.wait()

        assert starts(tmp_path / "var")
        assert not list(_places(tmp_path).glob("postgresql/data.new"))

    def test_leaves_throwaway_data_that_a_later_start_removes(
        self, tmp_path: Path, start_servers: StartServers
    ) -> None:
        starter = start_servers(tmp_path / "var", "--throwaway")
        end(starter)
        assert wait_until(lambda: not any(is_held(lock) for lock in starter.home.glob("*.lock")))
        an_hour_ago = time.time() - 3600
        os.utime(starter.home, (an_hour_ago, an_hour_ago))

        with servers.start(tmp_path / "other", database=False, cache=True, is_throwaway=True):
            assert not starter.home.exists()


class TestOrphans:
    """Servers that outlived a killed starter, as they can where the kernel does not end them."""

    def test_are_ended_by_the_next_start(self, tmp_path: Path) -> None:
        folder = tmp_path / "var"
        script = Path(__file__).with_name("orphans.py")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        killed = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, env=environment)
        orphans = [int(pid) for pid in killed.stdout.split()]
        assert len(orphans) == 2
        assert all(is_alive(pid) for pid in orphans)

        assert starts(folder)

        assert wait_until(lambda: are_gone(orphans))


class TestDamage:
    def test_of_a_stale_pid_file_is_repaired(self, tmp_path: Path, start_servers: StartServers) -> None:
        starter = start_servers()
        end(starter)
        # A process that lives, belongs to us, and is no PostgreSQL: what a reused number looks like.
        (data_of(starter) / "postmaster.pid").write_text(f"{os.getpid()}\n{data_of(starter)}\n")

        assert starts(tmp_path / "var")

    def test_that_cannot_be_repaired_is_named(self, tmp_path: Path, start_servers: StartServers) -> None:
        starter = start_servers()
        end(starter)
        (data_of(starter) / "PG_VERSION").unlink()

        for _ in range(2):  # a failed start leaves nothing that would trouble the next
            with pytest.raises(UnableToStart, match="is damaged: its PG_VERSION cannot be read"):
                servers.start(tmp_path / "var", database=True, cache=False)

    def test_by_an_older_version_is_named(self, tmp_path: Path, start_servers: StartServers) -> None:
        starter = start_servers()
        end(starter)
        (data_of(starter) / "PG_VERSION").write_text("9\n")

        with pytest.raises(UnableToStart, match="was made by PostgreSQL 9, but"):
            servers.start(tmp_path / "var", database=True, cache=False)

    def test_the_server_itself_reports_is_passed_on(self, tmp_path: Path, start_servers: StartServers) -> None:
        starter = start_servers()
        end(starter)
        (data_of(starter) / "global" / "pg_control").write_bytes(b"nonsense")

        with pytest.raises(UnableToStart, match="PostgreSQL ended with code"):
            servers.start(tmp_path / "var", database=True, cache=False)


class TestHungServer:
    def test_is_killed_when_it_does_not_stop(
        self, start_servers: StartServers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("config.embedded.child.STOP_TIMEOUT_S", 1.0)
        started = servers.start(tmp_path / "var", database=False, cache=True)
        (pid,) = Starter(None, {"DATABASE_URL": f"host={_places(tmp_path)}/x"}).server_pids()  # type: ignore[arg-type]
        os.kill(pid, signal.SIGSTOP)

        started.stop()

        assert wait_until(lambda: not is_alive(pid))


def _places(tmp_path: Path) -> Path:
    link = tmp_path / "var" / "servers"
    return link.readlink() if link.is_symlink() else tmp_path / "var"
