"""The secrets of a development checkout: made at the first start, kept, readable by their owner only."""

import secrets
from pathlib import Path

from config.processes.private import write_private
from core.crypto import new_key


def development_keys(path: Path) -> dict[str, str]:
    """Return SECRET_KEY and SIGNALBOX_CREDENTIAL_KEYS from a file, which is made if it is missing.

    Losing the file loses every stored credential, so it is never written over.
    """
    if not path.exists():
        made = {"SECRET_KEY": secrets.token_urlsafe(50), "SIGNALBOX_CREDENTIAL_KEYS": f"dev:{new_key()}"}
        write_private(path, "".join(f"{name}={value}\n" for name, value in made.items()))
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in lines}
