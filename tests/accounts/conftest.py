"""All tests of this folder see the addresses of ``tests.accounts.urls``."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.urls("tests.accounts.urls"))
            # Static files are collected for production only; WhiteNoise remarks on it.
            item.add_marker(pytest.mark.filterwarnings("ignore:No directory at:UserWarning"))
