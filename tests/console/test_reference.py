"""The written pages agree with the code they are written from."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from console.reference import PAGES, kinds, machines, reasons, sources
from console.reference.markdown import table
from events.catalogue import WORDS, Kind
from execution import machine, outcomes
from execution.outcomes import Reason
from tests.infrastructure.environment import ROOT

DOCS = ROOT / "docs"


def written(folder: Path, *, check: bool = False) -> str:
    said = StringIO()
    call_command("write_docs", folder=folder, check=check, stdout=said)
    return said.getvalue()


class TestWriteDocs:
    def test_finds_every_page_up_to_date(self) -> None:
        assert "up to date" in written(DOCS, check=True)

    def test_names_a_page_that_is_stale_and_leaves_it(self, tmp_path: Path) -> None:
        for name in PAGES:
            (tmp_path / name).write_bytes((DOCS / name).read_bytes())
        (tmp_path / "events.md").write_text("# Something else\n")

        with pytest.raises(CommandError, match=r"Stale: events\.md\."):
            written(tmp_path, check=True)

        assert (tmp_path / "events.md").read_text() == "# Something else\n"

    def test_writes_what_is_missing(self, tmp_path: Path) -> None:
        written(tmp_path)

        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PAGES)


class TestOrderStates:
    def test_draws_every_row_of_both_tables(self) -> None:
        arrows = re.findall(r"^    [A-Z_]+ --> [A-Z_]+: (.+)$", machines.page(), re.MULTILINE)

        assert sum(len(line.split(", ")) for line in arrows) == len(machine.TABLE) + len(outcomes.TABLE)

    def test_gives_the_reason_that_stands_beside_a_row(self) -> None:
        assert "| `CANCELLED` | `FILL` | `FILLED` | the fill won the race against the cancel |" in machines.page()


class TestReasonCodes:
    @pytest.mark.parametrize("reason", Reason)
    def test_have_a_row_each(self, reason: Reason) -> None:
        assert f"| `{reason}` | {outcomes.TEXTS[reason].text}" in reasons.page()


class TestEvents:
    @pytest.mark.parametrize("kind", Kind)
    def test_have_words_and_a_row_each(self, kind: Kind) -> None:
        assert f"| `{kind}` | {WORDS[kind]} |" in kinds.page()


class TestGivers:
    @pytest.mark.parametrize(
        "text",
        [
            "f(kind=Kind.A)",
            "f(Kind.A, 1)",
            "x = Kind.A",
            "x, y = 1, Kind.A",
            "x = {1: Kind.A}",
            "x = Kind.A if y else Kind.B",
            "def f():\n    return Kind.A",
        ],
    )
    def test_give_a_member_out(self, text: str) -> None:
        assert "A" in set(sources._given(ast.parse(text), "Kind"))

    @pytest.mark.parametrize(
        "text", ["x == Kind.A", "x in (Kind.A, Kind.B)", "X = (Kind.A,)", "X = {Kind.A: 1}", "{Kind.A}"]
    )
    def test_that_only_read_are_left_out(self, text: str) -> None:
        assert "A" not in set(sources._given(ast.parse(text), "Kind"))


class TestTable:
    def test_keeps_a_bar_inside_its_cell(self) -> None:
        assert table(["a"], [["x | y"]]).splitlines()[-1] == "| x \\| y |"
