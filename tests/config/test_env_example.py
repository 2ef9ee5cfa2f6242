"""What .env.example says, and what the code reads."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tests.infrastructure.environment import OWN_SERVER, ROOT, documented_names

APPS = (
    "accounts", "analytics", "connections", "console", "core", "events", "execution", "marketdata", "positions",
    "signals", "venue",
)  # fmt: skip
#: The system's own, not ours.
FOREIGN = {"PATH", "DJANGO_SETTINGS_MODULE"}


def names_read(folder: Path) -> Iterator[str]:
    """Yield every NAME in `env.str("NAME")`, `os.environ.get("NAME")` and `os.environ["NAME"]` below a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
                source, argument = ast.unparse(node.func.value), node.args[0]
            elif isinstance(node, ast.Subscript):
                source, argument = ast.unparse(node.value), node.slice
            else:
                continue
            if source in ("env", "os.environ") and isinstance(argument, ast.Constant):
                yield str(argument.value)


class TestEnvExample:
    def test_names_exactly_what_the_code_reads(self) -> None:
        read = {*names_read(ROOT / "config"), OWN_SERVER} - FOREIGN

        assert documented_names() == read

    def test_explains_every_variable(self) -> None:
        lines = (ROOT / ".env.example").read_text().splitlines()
        bare = [
            line for above, line in pairwise(lines) if re.match("#[A-Z_]+=", line) and not above.startswith("# ")
        ]

        assert bare == []


class TestApps:
    def test_read_settings_and_never_the_environment(self) -> None:
        assert [app for app in APPS if any(names_read(ROOT / app))] == []
