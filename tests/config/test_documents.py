"""The documents point at what is there."""

import re
from pathlib import Path

import pytest

from tests.infrastructure.environment import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_NAMED = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|md|json))`")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


class TestAPage:
    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_links_to_what_exists(self, page: Path) -> None:
        targets = _LINK.findall(page.read_text("utf-8"))

        assert [target for target in targets if not (page.parent / target).exists()] == []

    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_names_files_that_exist(self, page: Path) -> None:
        named = _NAMED.findall(page.read_text("utf-8"))

        ours = [name for name in named if (ROOT / name.partition("/")[0] / "__init__.py").exists()]
        assert [name for name in ours if not (ROOT / name).exists()] == []


class TestTheIndex:
    def test_leads_to_every_document(self) -> None:
        index = (ROOT / "docs" / "README.md").read_text("utf-8")
        documents = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}

        assert {name for name in documents if f"({name})" not in index} == set()


class TestTheTargetsOfMake:
    def test_that_documents_name_exist(self) -> None:
        targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
        named = {
            name for page in PAGES for name in re.findall(r"`make ([a-z][a-z0-9-]*)", page.read_text("utf-8"))
        }

        assert named <= targets
