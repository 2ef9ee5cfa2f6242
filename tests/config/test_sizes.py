"""The check that nothing is too long to read."""

from pathlib import Path

from config.sizes import findings


class TestFindings:
    def test_name_a_long_file(self, tmp_path: Path) -> None:
        (tmp_path / "long.py").write_text("x = 1\n" * 401)

        assert list(findings(tmp_path)) == ["long.py: 401 lines, 400 are allowed"]

    def test_name_a_long_function(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("async def walk():\n" + "    x = 1\n" * 50)

        assert list(findings(tmp_path)) == ["a.py:1: walk has 51 lines, 50 are allowed"]

    def test_are_none_at_the_limit(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("def walk():\n" + "    x = 1\n" * 49 + "x = 1\n" * 350)

        assert list(findings(tmp_path)) == []

    def test_leave_out_what_nobody_writes(self, tmp_path: Path) -> None:
        for folder in (".venv", "migrations"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "long.py").write_text("x = 1\n" * 401)

        assert list(findings(tmp_path)) == []
