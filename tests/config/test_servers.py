"""The embedded servers: real ones, started, restarted, locked and refused."""

import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded import servers
from config.embedded.errors import UnableToStart
from tests.config.conftest import Starter, are_gone, wait_until

pytestmark = pytest.mark.processes
StartServers = Callable[..., Starter]


def value_of(url: str, query: str) -> object:
    with psycopg.connect(url) as session:
        row = session.execute(query).fetchone()
    assert row is not None
    return row[0]


class TestStart:
    def test_gives_a_database_a_broker_and_a_cache(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=True) as started:
            version = value_of(started.database_url, "SHOW server_version_num")
            with (
                redis.Redis.from_url(started.broker_url) as broker,
                redis.Redis.from_url(started.cache_url) as cache,
            ):
                broker.set("name", "broker")

                assert int(str(version)) >= 150000
                assert cache.get("name") is None

    def test_keeps_data_from_one_start_to_the_next(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=True) as first:
            with psycopg.connect(first.database_url) as session:
                session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            with redis.Redis.from_url(first.broker_url) as broker:
                broker.lpush("orders", "message")

        with servers.start(tmp_path / "var", database=True, cache=True) as second:
            assert value_of(second.database_url, "SELECT answer FROM kept") == 42
            with redis.Redis.from_url(second.broker_url) as broker:
                assert broker.lrange("orders", 0, -1) == [b"message"]

    def test_starts_only_what_is_asked_for(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=False, cache=True) as started:
            assert set(started.environment) == {"BROKER_URL", "CACHE_URL"}

    def test_refuses_a_second_starter_and_names_the_first(
        self, tmp_path: Path, start_servers: StartServers
    ) -> None:
        first = start_servers()

        with pytest.raises(UnableToStart, match=f"in use by process {first.process.pid}"):
            servers.start(tmp_path / "var", database=True, cache=False)

    def test_works_in_a_folder_whose_path_is_too_long_for_a_socket(self, tmp_path: Path) -> None:
        deep = tmp_path / ("a-long-name-" * 10) / "var"

        with servers.start(deep, database=True, cache=False) as started:
            assert value_of(started.database_url, "SELECT 1") == 1

    def test_changes_no_mode_of_the_folders_above(self, tmp_path: Path) -> None:
        home = tmp_path / "private"
        home.mkdir(mode=0o700)
        above = [home, *home.parents]
        before = [stat.S_IMODE(folder.stat().st_mode) for folder in above]

        with servers.start(home / "var", database=True, cache=True):
            during = [stat.S_IMODE(folder.stat().st_mode) for folder in above]

        assert during == before


class TestStop:
    def test_may_be_called_again(self, tmp_path: Path) -> None:
        started = servers.start(tmp_path / "var", database=True, cache=True)

        started.stop()
        started.stop()

        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(started.database_url)

    def test_ends_every_server(self, start_servers: StartServers) -> None:
        starter = start_servers()
        pids = starter.server_pids()

        starter.process.terminate()

        assert len(pids) == 2
        assert wait_until(lambda: are_gone(pids))


class TestDatabase:
    def test_never_trades_safety_for_speed_where_data_stay(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=False) as started:
            settings = [value_of(started.database_url, f"SHOW {name}") for name in ("fsync", "synchronous_commit")]

        assert settings == ["on", "on"]

    def test_listens_on_no_network(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=False) as started:
            assert value_of(started.database_url, "SHOW listen_addresses") == ""

    def test_lets_in_only_the_user_who_started_it(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=False) as started:
            rules = value_of(started.database_url, "SELECT string_agg(auth_method, ',') FROM pg_hba_file_rules")

        assert rules == "peer"

    def test_knows_letters_beyond_ascii(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=False) as started:
            assert value_of(started.database_url, "SELECT upper('é')") == "É"


class TestCache:
    def test_asks_for_a_password(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=False, cache=True) as started:
            bare = "redis://" + started.cache_url.partition("@")[2]

            with redis.Redis.from_url(bare) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()

    def test_does_not_show_its_password(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=False, cache=True) as started:
            password = started.cache_url.partition("@")[0].rpartition(":")[2]
            commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]

            assert password not in repr(started)
            assert not any(password.encode() in command for command in commands)


class TestThrowaway:
    def test_leaves_nothing(self, tmp_path: Path) -> None:
        with servers.start(tmp_path / "var", database=True, cache=True, is_throwaway=True) as started:
            home = Path(started.database_url.partition("host=")[2]).parent
            fsync = value_of(started.database_url, "SHOW fsync")

        assert fsync == "off"
        assert not home.exists()
        assert not (tmp_path / "var").exists()
