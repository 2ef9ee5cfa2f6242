"""Reads settings from the environment, loudly: what is missing or malformed stops the start with a sentence."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.embedded.locks import is_held

BASE_DIR = Path(__file__).resolve().parent.parent
#: Everything that is made while running: data, logs, keys, collected static files.
VAR_DIR = Path(os.environ.get("SIGNALBOX_VAR") or BASE_DIR / "var").resolve()
#: What a running `make run` writes down, so that `manage.py` commands beside it find its servers.
RUN_FILE = VAR_DIR / "run.json"

#: Every variable may also be given as NAME_FILE, a file that holds the value.
env = environ.FileAwareEnv()


def load() -> environ.FileAwareEnv:
    """Return the environment, completed from .env and from a running `make run`; what is set already wins."""
    if not env.bool("SIGNALBOX_READ_FILES", default=True):
        return env
    env_file = BASE_DIR / ".env"
    if env_file.exists():
        env.read_env(env_file, overwrite=False)
    for name, value in _running().items():
        env.ENVIRON.setdefault(name, value)
    return env


def require(name: str, why: str) -> str:
    """Return a variable that has no safe default.

    Raises:
        ImproperlyConfigured: it is not set.
    """
    value: Any = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {why} See .env.example.")
    return str(value)


def factors(name: str, parts: Sequence[str]) -> dict[str, float]:
    """Return the parts of a variable such as ``binance=2,kraken=0.5``.

    Raises:
        ImproperlyConfigured: it names something that is no number above zero.
    """
    found: dict[str, float] = {}
    for part in parts:
        exchange, _, number = part.partition("=")
        try:
            found[exchange.strip()] = float(number)
        except ValueError:
            found[exchange.strip()] = 0.0
        if not 0 < found[exchange.strip()] < float("inf"):
            raise ImproperlyConfigured(f"{name} says {part!r}, but each part is a name and a number above zero.")
    return found


def _running() -> dict[str, str]:
    if not is_held(RUN_FILE.with_suffix(".lock")):  # a killed run leaves its note, but not its lock
        return {}
    try:
        described = json.loads(RUN_FILE.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in described.get("environment", {}).items()}
