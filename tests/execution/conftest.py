"""Puts up the stage. It reads models, so it waits until Django is set up (see ``tests.cast``)."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.execution.stage")
