"""Rules on Python files: which room may import what, and how long things may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

ROOMS = ("ingestion", "ml", "serving", "dagster_project")
MAX_FUNCTION_LINES = 60

# The rooms that do the work can be tested, and replaced, without the conductor and each other.
_FORBIDDEN = {
    room: (*(other for other in ROOMS if other != room), "dagster", "dagster_dbt")
    for room in ("ingestion", "ml", "serving")
} | {"dagster_project": ("tests", "benchmarks")}


class Import(NamedTuple):
    """A module that a file imports, and the line where it does."""

    module: str
    line: int


def imports(source: str, package: str) -> Iterator[Import]:
    """Every module imported anywhere in `source`, those named by a literal text included.

    Args:
        source: Text of the Python file.
        package: Dotted package the file lies in, to resolve relative imports.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            base = base[: max(0, len(base) - node.level + 1)] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            # `from .. import ml` names the room as a name, not in the module's path.
            for alias in node.names:
                yield Import(f"{module}.{alias.name}" if module else alias.name, node.lineno)
        elif _is_import_by_name(node):
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield Import(name.value, node.lineno)


def _is_import_by_name(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and node.args):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("import_module", "__import__", "find_spec")


def forbidden_imports(source: str, path: str) -> list[str]:
    """What the file at `path` (relative to the repository) imports from a room it must not know."""
    parts = path.removesuffix(".py").split("/")
    package = ".".join(parts[:-1])
    return [
        f"{path}:{found.line}: {parts[0]} must not import {found.module}"
        for found in imports(source, package)
        if any(
            found.module == room or found.module.startswith(f"{room}.")
            for room in _FORBIDDEN.get(parts[0], ())
        )
    ]


def long_functions(source: str, path: str) -> list[str]:
    """Functions of more than 60 lines, counted from the docstring on.

    A command's signature is a list of its options with their help, a line or four for each.
    """
    return [
        f"{path}:{node.lineno}: {node.name} has {_length(node)} lines, more than"
        f" {MAX_FUNCTION_LINES}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _length(node) > MAX_FUNCTION_LINES
    ]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0].lineno
    return (node.end_lineno or first) - first + 1


def one_sided_refusals(source: str, path: str, refusals: frozenset[str]) -> list[str]:
    """Where an error of the models room is made without a Chinese and an English sentence.

    A pair that was composed before (`Refused(*why)`) is whole by its type, which mypy checks.

    Args:
        source: Text of the Python file.
        path: Of the file.
        refusals: Names of the errors.
    """
    problems = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and _called(node.exc) in refusals:
            problems.append(f"{path}:{node.lineno} raises {_called(node.exc)} without a sentence")
        if not isinstance(node, ast.Call) or _called(node.func) not in refusals:
            continue
        is_pair = len(node.args) == 1 and isinstance(node.args[0], ast.Starred)
        if is_pair or [_is_chinese(each) for each in node.args] == [True, False]:
            continue
        name = _called(node.func)
        problems.append(f"{path}:{node.lineno} {name} must say it in Chinese, then in English")
    return problems


def _called(node: ast.AST | None) -> str:
    """The name that an expression ends with; nothing where it is no name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_chinese(node: ast.AST) -> bool:
    """Whether a text, or the fixed part of one, has a Chinese character."""
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return any("\u4e00" <= sign <= "\u9fff" for text in texts for sign in str(text))
