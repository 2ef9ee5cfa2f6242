"""The settings of the suite. They depend on nothing a developer has set, so a run means the same everywhere."""

import base64
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Names a server of this machine to use instead of the embedded one; its user may create databases.
OWN_SERVER = "SIGNALBOX_TEST_DATABASE_URL"

_SETTINGS = {
    "SIGNALBOX_READ_FILES": "false",
    "SECRET_KEY": "for-tests-only-and-therefore-no-secret-at-all",
    "SIGNALBOX_CREDENTIAL_KEYS": "test:" + base64.urlsafe_b64encode(b"only for tests, 32 bytes of key!").decode(),
    "SIGNALBOX_ALLOW_BASE_URL": "true",
}


def documented_names() -> set[str]:
    """Return every variable that .env.example explains."""
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def fill() -> None:
    """Forget what the developer's shell says about Signalbox, and set what the suite needs."""
    for name in documented_names() - {OWN_SERVER}:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(_SETTINGS)
