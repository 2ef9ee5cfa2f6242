"""Brings the cast on stage.

Pytest loads this file before the servers run and Django is set up, so it imports nothing of either. What it loads
then, ``tests.people``, ``tests.makers`` and ``tests.rest``, may.
"""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.people")
    config.pluginmanager.import_plugin("tests.makers")
    config.pluginmanager.import_plugin("tests.rest")
