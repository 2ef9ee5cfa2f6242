"""What this machine has that some tests need, and what is skipped because it has not."""

import shutil
import socket
from functools import lru_cache

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@lru_cache(maxsize=1)
def chromium() -> str | None:
    """Return the browser on PATH."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def is_listening(port: int) -> bool:
    """Return whether something listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def report() -> list[str]:
    """Return sentences for the head of the report."""
    wanted = {
        "Chromium": chromium() is not None,
        "an own PostgreSQL (make test-pg15)": is_listening(5432),
        "NATS": shutil.which("nats-server") is not None or is_listening(4222),
        "RabbitMQ": is_listening(5672),
    }
    here = [name for name, is_here in wanted.items() if is_here]
    missing = [name for name, is_here in wanted.items() if not is_here]
    found, lacking = ", ".join(here), ", ".join(missing)
    sentences = [f"also found: {found}", f"not found, so its tests are skipped: {lacking}"]
    return [sentence for sentence, names in zip(sentences, (here, missing), strict=True) if names]
