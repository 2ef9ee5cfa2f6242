"""The database and the broker under the suite: one of each per run, shared by all workers.

They are thrown away, so they live in memory where there is room and never wait for a disk.
"""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.embedded import servers
from config.env import VAR_DIR
from tests.infrastructure.environment import OWN_SERVER

_IDLE_DATABASES = """
    SELECT datname FROM pg_database
    WHERE datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)
"""


@dataclass(slots=True)
class Engines:
    """What runs under this suite."""

    #: sentences for the head of the report
    report: list[str]
    _started: servers.Servers = field(repr=False)

    def stop(self) -> None:
        """Stop what was started."""
        self._started.stop()


def start() -> Engines:
    """Start the engines and name them in the environment, where workers and settings find them."""
    own_url = os.environ.get(OWN_SERVER)
    # Runs beside each other in one checkout get servers of their own: the folder only has to be a different one.
    started = servers.start(
        VAR_DIR / "tests" / str(os.getpid()), database=not own_url, cache=True, is_throwaway=True
    )
    try:
        os.environ.update(started.environment)
        if own_url:
            os.environ["DATABASE_URL"] = _claim_on_own_server(own_url)
        return Engines(report=_report(is_embedded=not own_url), _started=started)
    except BaseException:
        started.stop()
        raise


def use_databases_of(worker: str) -> None:
    """Give a worker its own pair of numbers on the shared Valkey. Workers are called gw0, gw1, ..."""
    pair = 2 + 2 * int(worker.removeprefix("gw"))
    server = os.environ["BROKER_URL"].rpartition("/")[0]
    os.environ.update(BROKER_URL=f"{server}/{pair}", CACHE_URL=f"{server}/{pair + 1}")


def _claim_on_own_server(url: str) -> str:
    """Return the URL with a database name no other run uses, and drop what killed runs left under such names."""
    parts = urlsplit(url)
    name = parts.path.strip("/")
    with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as session:
        for (found,) in session.execute(_IDLE_DATABASES).fetchall():
            match = re.fullmatch(rf"test_{re.escape(name)}_(\d+)(_gw\d+)?", found)
            if match and not _is_alive(int(match[1])):
                session.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(found)))
    return parts._replace(path=f"/{name}_{os.getpid()}").geturl()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _report(*, is_embedded: bool) -> list[str]:
    url = make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")
    with psycopg.connect(url) as session:
        version = session.info.parameter_status("server_version")
    with redis.Redis.from_url(os.environ["CACHE_URL"]) as client:
        about = client.info("server")
    cache = f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {about['redis_version']}"
    kind = "embedded, in memory, fsync off" if is_embedded else f"from {OWN_SERVER}"
    return [f"database: PostgreSQL {version} ({kind})", f"broker and cache: {cache} (embedded)"]
