"""Checks that no file and no function is too long to read: a step of `make lint`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
#: Folders whose files nobody writes by hand, or that are not ours.
SKIPPED = frozenset({"migrations", "node_modules", "static", "var"})


def findings(root: Path) -> Iterator[str]:
    """Yield one line for everything below root that is too long."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if SKIPPED.isdisjoint(parts) and not any(part.startswith(".") for part in parts):
            yield from _of_file(path, path.relative_to(root))


def _of_file(path: Path, name: Path) -> Iterator[str]:
    source = path.read_text()
    length = source.count("\n")
    if length > LONGEST_FILE:
        yield f"{name}: {length} lines, {LONGEST_FILE} are allowed"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines, {LONGEST_FUNCTION} are allowed"


def main() -> int:
    """Print what was found, and return the exit code."""
    found = list(findings(Path.cwd()))
    print("\n".join(found) or "No file and no function is too long.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
