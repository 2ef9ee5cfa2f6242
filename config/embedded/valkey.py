"""A real Valkey on a private port of the loopback, with a password that lives as long as the server."""

import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from config.embedded import child
from config.embedded.places import Place
from config.embedded.programs import valkey_program

#: One for the broker, one for the cache, and a pair for each worker of the suite.
DATABASES = 128
_SETTINGS = f"""
bind 127.0.0.1
protected-mode yes
daemonize no
databases {DATABASES}
save ""
maxmemory-policy noeviction
"""
#: Queued messages survive a crash but for the last second; the sweepers dispatch again what was lost.
_LASTING = """
appendonly yes
appendfsync everysec
"""


@contextmanager
def running(place: Place, *, is_throwaway: bool) -> Iterator[str]:
    """Run the server for the length of a block and give its URL without a database number.

    Raises:
        UnableToStart: no program, or the server's own reasons.
    """
    program = valkey_program()
    folder, log = place.home / "valkey", place.logs / "valkey.log"
    folder.mkdir(mode=0o700, exist_ok=True)
    port, password = free_port(), secrets.token_urlsafe(24)
    # By standard input, so that the password is neither in the list of processes nor in a file.
    settings = f'{_SETTINGS}port {port}\nrequirepass {password}\ndir "{folder}"\n'
    settings += "" if is_throwaway else _LASTING
    url = f"redis://:{password}@127.0.0.1:{port}"
    how, command = signal.SIGTERM, [str(program), "-"]
    with (
        child.claimed_lock(place.home / "valkey.lock", stop_signal=how) as lock,
        child.running(command, lock=lock, log=log, stop_signal=how, feed=settings.encode()) as process,
    ):
        child.wait_until(lambda: _answers(url), process, name="Valkey", log=log)
        yield url


def free_port() -> int:
    """Return a port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
