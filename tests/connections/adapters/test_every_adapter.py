"""No adapter without a contract."""

from importlib import import_module
from pathlib import Path

import pytest

from connections import adapters
from connections.registry import KINDS
from tests.connections.adapters.contract import AdapterContract

FOLDERS = sorted(
    path.name
    for path in Path(next(iter(adapters.__path__))).iterdir()
    if path.is_dir() and not path.name.startswith("_")
)
TESTS = Path(__file__).parent


def contracts_of(folder: str) -> list[type]:
    """Return the test classes under a folder's name that keep the contract."""
    modules = [import_module(f"{__package__}.{folder}.{path.stem}") for path in (TESTS / folder).glob("test_*.py")]
    return [
        value
        for module in modules
        for name, value in vars(module).items()
        if name.startswith("Test") and isinstance(value, type) and issubclass(value, AdapterContract)
    ]


class TestEveryAdapter:
    def test_there_are_adapters(self) -> None:
        assert "ccxt" in FOLDERS

    @pytest.mark.parametrize("folder", FOLDERS)
    def test_keeps_the_contract(self, folder: str) -> None:
        assert contracts_of(folder), f"tests/connections/adapters/{folder} has no subclass of AdapterContract."

    @pytest.mark.parametrize("folder", FOLDERS)
    def test_has_a_row_in_the_registry(self, folder: str) -> None:
        homes = {kind.adapter.split(":")[0] for kind in KINDS.values()}

        assert any(home.startswith(f"connections.adapters.{folder}.") for home in homes)

    def test_a_folder_without_a_contract_would_be_seen(self) -> None:
        assert contracts_of("no_such_broker") == []
