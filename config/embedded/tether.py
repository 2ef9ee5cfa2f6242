"""Becomes another program that the kernel signals when its parent dies, even by SIGKILL.

    python tether.py SIGNAL PARENT_PID [--as UID:GID] -- COMMAND ...

The wish survives `exec`, so the program itself need not know; changing the user clears it, so that comes first.
It is tied to the parent's *thread* that started it: start from one that stays. Linux only; elsewhere the command
just runs, and the next start ends what a killed parent left behind. It runs as a bare script, outside any package.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


def tethered(
    command: Sequence[str], *, signal_name: str = "KILL", user: tuple[int, int] | None = None
) -> list[str]:
    """Return the command line that runs ``command`` as a child which dies with this process."""
    identity = ["--as", f"{user[0]}:{user[1]}"] if user else []
    wrapper = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), signal_name, str(os.getpid())]
    return [*wrapper, *identity, "--", *command]


def tie_to_parent(wanted: signal.Signals, parent: int) -> None:
    """Ask for ``wanted`` when the parent dies; end at once if it is dead already."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(wanted), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"The parent process {parent} is gone.")


def _become(user: str) -> None:
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Read the command line, prepare, and turn into the command."""
    split = arguments.index("--")
    (signal_name, parent, *identity), command = arguments[:split], arguments[split + 1 :]
    if identity:
        _become(identity[1])
    tie_to_parent(signal.Signals[f"SIG{signal_name}"], int(parent))
    try:
        os.execvp(command[0], command)  # noqa: S606 - the very purpose of this script
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}.")


if __name__ == "__main__":
    main(sys.argv[1:])
