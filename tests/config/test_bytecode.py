"""Compiled modules are shared where Python may not write beside its sources."""

import sys

import pytest

from config import bytecode
from config.env import VAR_DIR


class TestShare:
    @pytest.fixture(autouse=True)
    def _as_before(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "pycache_prefix", None)
        monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def test_keeps_them_under_var(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        environment = {"PYTHONDONTWRITEBYTECODE": "1"}

        bytecode.share(environment)

        assert environment == {"PYTHONPYCACHEPREFIX": str(VAR_DIR / "bytecode")}
        assert sys.pycache_prefix == str(VAR_DIR / "bytecode")
        assert not sys.dont_write_bytecode

    def test_leaves_them_beside_their_sources_by_default(self) -> None:
        environment: dict[str, str] = {}

        bytecode.share(environment)

        assert environment == {}
        assert sys.pycache_prefix is None
