"""Where compiled modules are kept when Python may not write beside its sources.

Half a dozen processes that each compile everything anew take half a minute of processor time before the first one
works. With PYTHONDONTWRITEBYTECODE set (usual in containers) they share what one has compiled, under ``var/``.
"""

import sys
from collections.abc import MutableMapping

from config.env import VAR_DIR


def share(environment: MutableMapping[str, str]) -> None:
    """Let this process and those started with ``environment`` share compiled modules. Nothing changes by default."""
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(VAR_DIR / "bytecode")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
