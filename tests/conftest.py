"""What every test stands on: settings, a real database and broker, no network, and the cast.

The run starts the servers once; its workers find them in the environment. Nothing of this outlives the run: the
kernel ends servers, workers and spawned processes when the process that started them is gone.
"""

import os
import signal
from pathlib import Path

import pytest

from config.embedded.tether import tie_to_parent
from tests.infrastructure import engines, environment, machine
from tests.infrastructure.network import guard

_worker = os.environ.get("PYTEST_XDIST_WORKER")
if not _worker:  # a worker inherits what the run has set
    environment.fill()
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

pytest_plugins = ["tests.infrastructure.fixtures", "tests.infrastructure.workers", "tests.venue_process"]
if (Path(__file__).parent / "cast.py").exists():
    pytest_plugins.append("tests.cast")

_engines = pytest.StashKey[engines.Engines]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the engines in the run's own process, or find them in a worker."""
    guard.install()
    if _worker:
        tie_to_parent(signal.SIGKILL, os.getppid())
        engines.use_databases_of(_worker)
    elif not config.option.collectonly:
        started = engines.start()
        config.stash[_engines] = started
        config.add_cleanup(started.stop)
    _speed_up_django()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Let workers name the settings themselves, or they would read them before they have their own databases."""
    if session.config.pluginmanager.hasplugin("dsession"):
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which engines the run uses, and what it skips."""
    return [*config.stash[_engines].report, *machine.report()] if _engines in config.stash else []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no browser."""
    if machine.chromium() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="Chromium was not found."))


def _speed_up_django() -> None:
    """Leave out what costs time and proves nothing here: slow password hashes, and a manifest of static files."""
    from django.conf import settings  # the environment had to be filled first

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
