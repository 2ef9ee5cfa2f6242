"""Where embedded servers keep their data, and as which user they run.

A plain user's data lie in the folder that was asked for. PostgreSQL refuses to run as root, and the unprivileged
user that then runs it could not reach a checkout below a private home; so root's data lie in a folder of their own
under /var/tmp, and no mode of any folder that is not ours is ever changed. Throwaway data go to memory if there is
room.
"""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import UnableToStart
from config.embedded.locks import Lock, holder, is_held

VARIABLE_TEMP = Path("/var/tmp")  # noqa: S108 - root's folder in it is checked to be root's own
MEMORY = Path("/dev/shm")  # noqa: S108
#: A suite with eight workers needs some 400 MB; a container's default of 64 MB is no place for it.
ROOMY_BYTES = 2 * 1024**3
#: Linux allows 107 bytes for the path of a socket, macOS 103; PostgreSQL adds its file name to the folder.
SOCKET_FOLDER_BYTES = 103 - len("/.s.PGSQL.5432")
_SCRATCH = "signalbox-scratch"


@dataclass(frozen=True, slots=True)
class Place:
    """One claimed folder for the servers of one starter."""

    #: holds the data, the locks and the sockets
    home: Path
    #: where the servers' logs go
    logs: Path
    #: uid and gid PostgreSQL runs as; None unless we are root
    user: tuple[int, int] | None

    def folder_for_server(self, name: str) -> Path:
        """Return a folder below home that only the server's user may enter, made if it is missing."""
        folder = self.home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(folder, *self.user)
        return folder

    def socket_folder(self) -> Path:
        """Return a folder whose path is short enough for a socket."""
        if len(os.fsencode(self.home / "sockets")) <= SOCKET_FOLDER_BYTES:
            return self.folder_for_server("sockets")
        return own_folder(Path("/tmp") / folder_name("signalbox", self.home))  # noqa: S108 - checked to be ours


@contextmanager
def claimed(data_dir: Path, *, is_throwaway: bool) -> Iterator[Place]:
    """Make the folder for these servers, hold it against a second starter, and remove it if it is throwaway.

    Raises:
        UnableToStart: another living process uses it, or it belongs to somebody else.
    """
    home = _home_of(data_dir.resolve(), is_throwaway=is_throwaway)
    logs = (home if is_throwaway else data_dir.resolve()) / "log"
    logs.mkdir(exist_ok=True)
    locks = [Lock(home / "starter.lock"), Lock(home)]  # the second keeps cleaners of /var/tmp out
    try:
        if not locks[0].acquire():
            raise UnableToStart(f"The servers in {home} are in use by process {holder(locks[0].path)}.")
        locks[0].write_holder(os.getpid())
        locks[1].acquire()
        _refresh_times(home)
        yield Place(home=home, logs=logs, user=unprivileged_user())
    finally:
        if is_throwaway and locks[0].is_acquired:
            shutil.rmtree(home, ignore_errors=True)
        elif locks[0].is_acquired:
            _refresh_times(home)
        for lock in locks:
            lock.release()


def unprivileged_user() -> tuple[int, int] | None:
    """Return uid and gid of `nobody` if we are root, so that no user has to be made; None otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise UnableToStart(
            "PostgreSQL does not run as root, and this system has no user 'nobody' to run it as. "
            "Start as a plain user, or give DATABASE_URL."
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def own_folder(path: Path, mode: int = 0o700) -> Path:
    """Return a folder in a place that others can write to, made if missing.

    Raises:
        UnableToStart: somebody else put it there.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise UnableToStart(f"{path} is not a folder of this user. Remove it, then start again.")
    path.chmod(mode)
    return path


def _home_of(data_dir: Path, *, is_throwaway: bool) -> Path:
    is_root = os.geteuid() == 0
    # Others may pass through root's folder to what is theirs, but not list it.
    mode = 0o711 if is_root else 0o700
    if is_throwaway:
        base = _scratch_base()
        _sweep(base)
        return own_folder(base / folder_name(_SCRATCH, data_dir), mode)
    data_dir.mkdir(parents=True, exist_ok=True)
    if not is_root:
        return data_dir
    home = own_folder(VARIABLE_TEMP / folder_name("signalbox", data_dir), mode)
    _point_to(home, data_dir / "servers")
    return home


def _point_to(home: Path, link: Path) -> None:
    """Leave a link where people look for the data, and where removing a checkout reminds of them."""
    link.unlink(missing_ok=True)
    link.symlink_to(home)


def _refresh_times(home: Path) -> None:
    """Make data in /var/tmp look used: cleaners delete file by file, which would leave half a database."""
    if home.parent == VARIABLE_TEMP:
        for path in home.rglob("*"):
            with suppress(OSError):
                os.utime(path, follow_symlinks=False)


def folder_name(prefix: str, path: Path) -> str:
    return f"{prefix}-{os.geteuid()}-{hashlib.blake2b(os.fsencode(path), digest_size=6).hexdigest()}"


def _scratch_base() -> Path:
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    if is_there and shutil.disk_usage(MEMORY).free >= ROOMY_BYTES:
        return MEMORY
    return Path(tempfile.gettempdir())


def _sweep(base: Path) -> None:
    """Remove what killed runs left. A folder younger than a minute may be about to be claimed."""
    for left in base.glob(f"{_SCRATCH}-{os.geteuid()}-*"):
        try:
            is_old = time.time() - left.stat().st_mtime > 60
        except OSError:
            continue
        if is_old and not any(is_held(lock) for lock in left.glob("*.lock")):
            shutil.rmtree(left, ignore_errors=True)
