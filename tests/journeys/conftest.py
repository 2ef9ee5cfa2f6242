"""Journeys run through real processes: workers, the clock, the feed, the venue, and the servers under them.

What reads models waits until Django is set up (see ``tests.cast``).
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.execution.stage import Stage


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("tests.execution.stage")
    config.pluginmanager.import_plugin("tests.infrastructure.news")


@pytest.fixture
def stage(transactional_db: None, stage: "Stage") -> "Stage":
    """The stage with everything committed, so that other processes see it."""
    return stage
