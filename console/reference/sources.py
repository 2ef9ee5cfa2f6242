"""What only the source says: the comment beside a row, and which modules give out a code."""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from inspect import getsource
from itertools import pairwise
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
#: the apps whose modules decide something; the console above them only shows it
APPS = ("connections", "events", "execution", "positions", "signals")


def comments(module: ModuleType) -> Mapping[str, str]:
    """Return the comment at the end of a line by the code before it, without what encloses either."""
    source = getsource(module)
    found = {}
    for before, token in pairwise(tokenize.generate_tokens(io.StringIO(source).readline)):
        if token.type == tokenize.COMMENT and before.end[0] == token.start[0]:
            text = token.line[: token.start[1]].strip().rstrip(",")
            found[text] = token.string.removeprefix("#").strip()
    return found


def row_comment(found: Mapping[str, str], state: StrEnum, event: StrEnum, after: StrEnum) -> str:
    """Return the comment beside one row of a state table."""
    return found.get(f"(_S.{state.name}, _E.{event.name}): _S.{after.name}", "")


def member_comment(found: Mapping[str, str], member: StrEnum) -> str:
    """Return the comment beside one member of an enumeration."""
    return found.get(f'{member.name} = "{member.value}"', "")


@lru_cache(maxsize=4)
def givers(enumeration: str, defined_in: str) -> Mapping[str, tuple[str, ...]]:
    """Return the modules that give out each member, as `app.module`, in order. Cost: parses the apps' sources.

    Members that are only compared with, or listed in a set or as a key, are not given out there.
    """
    found: dict[str, set[str]] = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if name != defined_in and "migrations" not in path.parts:
                for member in _given(ast.parse(path.read_text()), enumeration):
                    found.setdefault(member, set()).add(name)
    return {member: tuple(sorted(modules)) for member, modules in found.items()}


def _given(tree: ast.Module, enumeration: str) -> Iterator[str]:
    for parent in ast.walk(tree):
        for child in _values(parent):
            if (
                isinstance(child, ast.Attribute)
                and isinstance(child.value, ast.Name)
                and child.value.id == enumeration
            ):
                yield child.attr


def _values(node: ast.AST) -> list[ast.AST | None]:
    match node:
        case ast.Call(args=args):
            return list(args)
        case ast.Assign(targets=[ast.Tuple()], value=ast.Tuple(elts=values)):
            return list(values)
        case ast.keyword(value=value) | ast.Return(value=value) | ast.Assign(value=value):
            return [value]
        case ast.IfExp(body=body, orelse=orelse):
            return [body, orelse]
        case ast.Dict(values=values):
            return list(values)
    return []
