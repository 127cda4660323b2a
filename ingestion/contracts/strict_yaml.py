"""YAML as its authors mean it: no value changes its meaning behind their back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ingestion.contracts.errors import FeedError

# The parser in C where PyYAML was built with it: thirty feeds in a tenth of the time.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Base):
    """YAML without the surprises of version 1.1.

    That version reads 12:30 as 750, 001 as 1 and `no` as false, and keeps the last of two equal
    keys. In a table of code values each of these is silent damage.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
):
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first)
    )


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            line = key_node.start_mark.line + 1
            raise yaml.MarkedYAMLError(problem=f"line {line} names {key!r} a second time")
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping written in `path`.

    Raises:
        FeedError: If the file cannot be read, is not YAML, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FeedError([f"{path.name}: cannot be read as UTF-8 text ({error})."]) from error
    try:
        # A SafeLoader with fewer implicit types: it constructs plain data only.
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:
        raise FeedError([f"{path.name}: is not valid YAML: {_first_words(error)}."]) from error
    if not isinstance(document, dict):
        raise FeedError([f"{path.name}: must hold a mapping that begins with `feed:`."])
    return document


def _first_words(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        mark = error.problem_mark
        return error.problem + (f" at line {mark.line + 1}" if mark else "")
    return str(error).splitlines()[0]
