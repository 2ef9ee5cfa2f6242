"""The note of a running `make run`, and whether it can be believed."""

import json
from pathlib import Path

import pytest

from config import env
from config.embedded.errors import UnableToStart
from config.processes.note import only_run


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "run.json"
    monkeypatch.setattr(env, "RUN_FILE", path)
    return path


class TestNote:
    def test_is_added_to(self, path: Path) -> None:
        with only_run(path) as note:
            note.write(url="http://127.0.0.1:8000")
            note.write(pids={"web": 7})

            assert json.loads(path.read_text()) == {"url": "http://127.0.0.1:8000", "pids": {"web": 7}}

    def test_goes_with_the_run(self, path: Path) -> None:
        with only_run(path) as note:
            note.write(url="http://127.0.0.1:8000")

        assert not path.exists()

    def test_allows_one_run(self, path: Path) -> None:
        with only_run(path), pytest.raises(UnableToStart, match="already runs from this folder"), only_run(path):
            pass


class TestSettings:
    def test_take_the_environment_of_a_living_run(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, django_environ: dict[str, str]
    ) -> None:
        with only_run(path) as note:
            note.write(environment={"VENUE_URL": "http://127.0.0.1:9", "SECRET_KEY": "theirs"})

            env.load()

        assert django_environ["VENUE_URL"] == "http://127.0.0.1:9"
        assert django_environ["SECRET_KEY"] == "mine"

    def test_do_not_believe_what_a_killed_run_left(self, path: Path, django_environ: dict[str, str]) -> None:
        path.write_text(json.dumps({"environment": {"VENUE_URL": "http://127.0.0.1:9"}}))
        path.with_suffix(".lock").write_text("1\n")

        env.load()

        assert "VENUE_URL" not in django_environ


@pytest.fixture
def django_environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment to fill, in place of the process's own."""
    environ = {"SECRET_KEY": "mine"}
    monkeypatch.setattr(env.env, "ENVIRON", environ)
    return environ
