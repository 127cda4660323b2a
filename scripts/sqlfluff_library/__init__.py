"""Stand-ins for the macros of dbt/macros, so that sqlfluff can lint a model without dbt.

Sqlfluff's Jinja templater knows neither `adapter.dispatch` nor `return`. What it needs of a macro
is only which part of a statement it renders; that is read from how the macro's text begins. A macro
without arguments that returns a list or names by key is one that models loop over: it is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment
from jinja2.exceptions import UndefinedError

MACROS = Path(__file__).resolve().parents[2] / "dbt" / "macros"

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(.*?\)\s*-?%\}(.*?)\{%-?\s*endmacro", re.DOTALL)
_CONSTANT = re.compile(
    r"\{%-?\s*macro\s+(\w+)\s*\(\s*\)\s*-?%\}(\s*\{\{ return\(.*?)\{%-?\s*endmacro", re.DOTALL
)
_JINJA = re.compile(r"\{%.*?%\}", re.DOTALL)
_REFUSAL = re.compile(r"\{\{-?\s*exceptions\..*?\}\}", re.DOTALL)
_LINE_COMMENT = re.compile(r"--[^\n]*")

_VALUE = "placeholder"
_RELATION = "(select placeholder from placeholder)"
_QUERY = "select placeholder from placeholder"
_CTE = "placeholder as (select placeholder from placeholder)"


def rendered_part(body: str) -> str:
    """What a macro with this body stands for: a relation, a query, a common table or a value.

    >>> rendered_part("( select 1 as one )")
    '(select placeholder from placeholder)'
    >>> rendered_part("date_diff('day', {{ a }}, {{ b }})")
    'placeholder'
    """
    text = _LINE_COMMENT.sub("", _REFUSAL.sub("", _JINJA.sub("", body))).strip().lower()
    if re.match(r"\(\s*(select|with)\b", text):
        return _RELATION
    if re.match(r"(select|with)\b", text):
        return _QUERY
    if re.match(r"\w+\s+as\s+\(", text):
        return _CTE
    if not text or re.fullmatch(r"\{\{\s*config\(.*\)\s*\}\}", text, re.DOTALL):
        return ""
    return _VALUE


def macro_parts(folder: Path) -> dict[str, str]:
    """What each macro below `folder` stands for; a dispatched one what its default renders."""
    bodies: dict[str, str] = {}
    for path in sorted(folder.rglob("*.sql")):
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        bodies |= dict(_MACRO.findall(text))
    return {
        name: rendered_part(bodies.get(f"default__{name}", body)) for name, body in bodies.items()
    }


def _steps(argument: object) -> list[str]:
    """Names of the model's own steps in a macro's first argument: one name, or names by key."""
    names = argument if isinstance(argument, dict) else [argument]
    return [str(name) for name in names if re.fullmatch(r"\w+", str(name))]


def _stand_in(part: str) -> Callable[..., str]:
    def stand_in(*arguments: object, **_options: object) -> str:
        # A query over steps of the model reads those steps, which else would look unused.
        steps = _steps(arguments[0]) if arguments and part in (_RELATION, _QUERY) else []
        queries = [_QUERY.replace(f"from {_VALUE}", f"from {step}") for step in steps]
        query = " union all ".join(queries)
        return part.replace(_QUERY, query or _QUERY)

    return stand_in


def constants(folder: Path) -> dict[str, Callable[[], Any]]:
    """The macros below `folder` that take nothing and return a list, or names by key.

    >>> sorted(name for name in constants(MACROS) if name.endswith("before_tax"))
    ['account_lines_before_tax', 'lines_before_tax']
    """
    found: dict[str, Callable[[], Any]] = {}

    def caller(body: str) -> Callable[[], Any]:
        def call() -> Any:
            given: list[Any] = []
            template = Environment(autoescape=True).from_string(body)
            template.render(found, **{"return": given.append})
            return given[0] if given else None

        return call

    for path in sorted(folder.rglob("*.sql")):
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        found |= {name: caller(body) for name, body in _CONSTANT.findall(text)}
    return {name: call for name, call in found.items() if _is_looped_over(call)}


def _is_looped_over(call: Callable[[], Any]) -> bool:
    try:
        return isinstance(call(), list | dict)
    except UndefinedError:
        return False


globals().update({name: _stand_in(part) for name, part in macro_parts(MACROS).items()})
globals().update(constants(MACROS))

# dbt's own names that the models use beside ref, source, var and config.
flags = SimpleNamespace(FULL_REFRESH=False, WHICH="build")
target = SimpleNamespace(type="duckdb")
execute = False
