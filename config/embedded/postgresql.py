"""A real PostgreSQL on a Unix socket, initialised at the first start."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded import child
from config.embedded.errors import UnableToStart
from config.embedded.places import Place
from config.embedded.programs import PostgresPrograms, postgres_programs
from config.embedded.tether import tethered

NAME = ROLE = "signalbox"
#: Builds in the UTF-8 rules that sort and compare alike on every machine; older servers have only plain C.
_BUILTIN_LOCALE_SINCE = 17

_SETTINGS = {
    "listen_addresses": "",  # nothing on the network
    "max_connections": "200",  # the threads of four workers, the web process and the suite's own
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
#: A crash of the machine may destroy these data, and nobody would miss them. Never used for `make run`.
_THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@contextmanager
def running(place: Place, *, is_throwaway: bool) -> Iterator[str]:
    """Run the server for the length of a block and give the URL of its database.

    Raises:
        UnableToStart: no program, damaged data, data of another version, or the server's own reasons.
    """
    programs = postgres_programs()
    folder, sockets = place.folder_for_server("postgresql"), place.socket_folder()
    log = place.logs / "postgresql.log"
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the one that leaves recovery to a next start that never comes.
    how = signal.SIGQUIT if is_throwaway else signal.SIGINT
    try:
        with child.claimed_lock(place.home / "postgresql.lock", stop_signal=signal.SIGINT) as lock:
            data = _initialised(programs, folder, place, lock_fd=lock.fd, is_throwaway=is_throwaway)
            # The lock says that no server is alive, so this can only be the note of one that was killed.
            (data / "postmaster.pid").unlink(missing_ok=True)
            command = _command(programs, data, sockets, place, is_throwaway=is_throwaway)
            with child.running(command, lock=lock, log=log, stop_signal=how, user=place.user) as process:
                child.wait_until(lambda: _answers(sockets), process, name="PostgreSQL", log=log)
                _create_database(sockets)
                yield _url(sockets, NAME)
    finally:
        if sockets.parent != place.home:
            shutil.rmtree(sockets, ignore_errors=True)


def _command(
    programs: PostgresPrograms, data: Path, sockets: Path, place: Place, *, is_throwaway: bool
) -> list[str]:
    settings = _SETTINGS | {"unix_socket_directories": str(sockets)} | _access(place.home)
    settings |= _THROWAWAY_SETTINGS if is_throwaway else {}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(programs.postgres), "-D", str(data), *options]


def _initialised(
    programs: PostgresPrograms, folder: Path, place: Place, *, lock_fd: int, is_throwaway: bool
) -> Path:
    data, unfinished = folder / "data", folder / "data.new"
    # Only a finished folder gets its name, so what a killed initdb left is known by this one.
    shutil.rmtree(unfinished, ignore_errors=True)
    if data.exists():
        _check_usable(data, programs)
        return data
    command = [str(programs.initdb), "-D", str(unfinished), "-U", ROLE, "-A", "peer", "-E", "UTF8"]
    command += _locale_options(programs) + (["--no-sync"] if is_throwaway else [])
    done = subprocess.run(
        tethered(command, user=place.user),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        pass_fds=[lock_fd],
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        raise UnableToStart(f"PostgreSQL's initdb failed in {folder}:\n{done.stderr.strip()}")
    unfinished.rename(data)
    return data


def _access(home: Path) -> dict[str, str]:
    """Let in only the user who starts it, without a password: the kernel says who is at the other end of a socket."""
    rules, names = home / "pg_hba.conf", home / "pg_ident.conf"
    rules.write_text("local all all peer map=starter\n")
    names.write_text(f'starter "{_user_name()}" {ROLE}\n')
    for path in (rules, names):
        path.chmod(0o644)
    return {"hba_file": str(rules), "ident_file": str(names)}


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise UnableToStart(
            f"User id {os.geteuid()} has no name on this system, and PostgreSQL needs one. Give DATABASE_URL instead."
        ) from None


def _locale_options(programs: PostgresPrograms) -> list[str]:
    if programs.major() >= _BUILTIN_LOCALE_SINCE:
        return ["--locale-provider=builtin", "--locale=C.UTF-8"]
    return ["--locale=C"]


def _check_usable(data: Path, programs: PostgresPrograms) -> None:
    try:
        made_by = int((data / "PG_VERSION").read_text())
    except (OSError, ValueError):
        raise UnableToStart(
            f"{data} is damaged: its PG_VERSION cannot be read. Restore it, or remove it to start with an empty one."
        ) from None
    if made_by != programs.major():
        raise UnableToStart(
            f"{data} was made by PostgreSQL {made_by}, but {programs.postgres} is version {programs.major()}. "
            f"Move the data with pg_dump, or remove the folder to start with an empty database."
        )


def _url(sockets: Path, database: str) -> str:
    return f"postgresql://{ROLE}@/{database}?host={sockets}"


def _answers(sockets: Path) -> bool:
    try:
        psycopg.connect(_url(sockets, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(sockets: Path) -> None:
    with psycopg.connect(_url(sockets, "postgres"), autocommit=True) as session:
        if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
