"""Rules on the SQL of models: one text that more than one engine understands.

Two looks at each model. The text as written, with its Jinja taken out, must hold no construct that
only DuckDB has: where engines differ, the difference lives in a macro that is dispatched. The
compiled text must parse in both dialects, and its syntax tree must keep the rules on order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import expressions as exp

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT_LITERAL = re.compile(r"'(?:[^']|'')*'")

# scale.md, section 2: what the second engine lacks, or answers differently without an error.
_FORBIDDEN = {
    "qualify": r"\bqualify\b",
    "distinct on": r"\bdistinct\s+on\b",
    "asof join": r"\basof\b",
    "star with exclude": r"\*\s*exclude\b|\bexclude\s*\(",
    "star with replace": r"\*\s*replace\b",
    "integer division //": r"//",
    "cast by ::": r"::",
    "list literal or index": r"\[",
    "struct literal": r"\{",
    "double-quoted identifier": r'"',
    "backtick identifier": r"`",
    "strftime or strptime": r"\bstr[fp]time\s*\(",
    "regular expression outside a macro": r"\bregexp_\w+|\bsimilar\s+to\b|\brlike\b",
    "date_diff outside a macro": r"\bdate_?diff\s*\(|\bdate_?add\s*\(|\bdate_?sub\s*\(",
    "hash()": r"\bhash\s*\(",
    "chance": r"\b(?:random|rand|uuid|gen_random_uuid)\s*\(",
    "clock": r"\bcurrent_(?:timestamp|date|time)\b|\b(?:now|today|getdate|get_current_\w+)\s*\("
    r"|\blocaltime(?:stamp)?\b",
    "group by all": r"\b(?:group|order)\s+by\s+all\b",
    "pivot": r"\b(?:un)?pivot\b",
    "series or list function": r"\b(?:generate_series|range|unnest|list_\w+|array_agg|list)\s*\(",
    "epoch or interval arithmetic": r"\bepoch\w*\s*\(|\binterval\s+(?:'|\d)",
    "approximate aggregate": r"\bapprox_\w+",
    "median or quantile": r"\b(?:median|quantile\w*|percentile_cont)\s*\(",
    "ignore nulls": r"\bignore\s+nulls\b",
    "concat() of nullable texts": r"\bconcat\s*\(",
}
_FORBIDDEN_PATTERNS = {
    name: re.compile(pattern, re.IGNORECASE) for name, pattern in _FORBIDDEN.items()
}
_ENGINE_TEST = re.compile(r"\btarget\.type\b|\badapter\.type\s*\(")

_NEEDS_ORDER = (
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.PercentRank,
    exp.CumeDist,
    exp.Ntile,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.NthValue,
)
# These number the rows of a tie: without a column that ends it, two nights may number differently.
_NEEDS_TIE_BREAKER = (exp.RowNumber, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue)
_TIE_BREAKER = re.compile(
    r"(?:_pk|_fk|_key|_id|_code|_date|_row|_name|_rank|_type|_number|tenor_months)$"
)


def own_text(raw_sql: str) -> str:
    """The model's own SQL: without comments, Jinja and the contents of text literals.

    Line numbers stay as they were. A Jinja expression becomes a name, so that what stands
    around it keeps its meaning.
    """

    def blank(found: re.Match[str], filler: str = " ") -> str:
        return filler + "\n" * found.group(0).count("\n")

    text = _JINJA_COMMENT.sub(blank, raw_sql)
    text = _COMMENT.sub(blank, text)
    text = _JINJA.sub(lambda found: blank(found, " jinja "), text)
    return _TEXT_LITERAL.sub(lambda found: blank(found, "''"), text)


def unportable_constructs(raw_sql: str, path: str) -> list[str]:
    """Constructs in a model's own text that the second engine lacks or understands otherwise."""
    problems = [
        f"{path}:{number}: {name}"
        for number, line in enumerate(own_text(raw_sql).splitlines(), start=1)
        for name, pattern in _FORBIDDEN_PATTERNS.items()
        if pattern.search(line)
    ]
    without_comments = _JINJA_COMMENT.sub(" ", raw_sql)
    if _ENGINE_TEST.search(without_comments):
        problems.append(f"{path}: asks for the engine; dispatch a macro instead")
    return problems


def first_line_problem(raw_sql: str, path: str) -> list[str]:
    """Whether the file begins with its grain."""
    first = raw_sql.lstrip("\ufeff").split("\n", 1)[0]
    if first.startswith("-- One row per "):
        return []
    return [f"{path}:1: the first line must be a comment '-- One row per ...', not {first!r}"]


def parse_problems(compiled_sql: str, path: str, dialect: str) -> list[str]:
    """Whether the compiled model is one statement of `dialect`."""
    try:
        statements = sqlglot.parse(
            compiled_sql, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE
        )
    except sqlglot.errors.SqlglotError as error:
        return [f"{path}: does not parse as {dialect}: {str(error).splitlines()[0]}"]
    parsed = [statement for statement in statements if statement is not None]
    if len(parsed) != 1 or isinstance(parsed[0], exp.Command):
        return [f"{path}: is not one plain statement of {dialect}"]
    return []


def order_problems(compiled_sql: str, path: str) -> list[str]:
    """Windows and limits whose answer could change from one run to the next."""
    tree = sqlglot.parse_one(compiled_sql, dialect="duckdb")
    problems = [
        problem for window in tree.find_all(exp.Window) for problem in _window_problems(window)
    ]
    problems += [
        "limit without order by"
        for limit in tree.find_all(exp.Limit)
        if limit.parent is not None and not limit.parent.args.get("order")
    ]
    return [f"{path}: {problem}" for problem in problems]


def _window_problems(window: exp.Window) -> Iterator[str]:
    function = window.this
    if isinstance(function, exp.IgnoreNulls | exp.RespectNulls):
        function = function.this
    if not isinstance(function, _NEEDS_ORDER):
        return
    order = window.args.get("order")
    said = window.sql(dialect="duckdb")
    if order is None:
        yield f"window without order by: {said}"
    elif isinstance(function, _NEEDS_TIE_BREAKER):
        names = [
            column.name.lower()
            for ordered in order.expressions
            for column in ordered.find_all(exp.Column)
        ]
        if not any(_TIE_BREAKER.search(name) for name in names):
            yield f"window ordered by nothing that ends a tie: {said}"


def join_problems(compiled_sql: str, path: str) -> list[str]:
    """Outer joins with a condition on their left side alone: DuckDB has no hash join for them.

    It compares every row with every other instead, which nobody sees on a small bank. Within the
    key, `case when ... then key end = other.key` says the same.
    """
    tree = sqlglot.parse_one(compiled_sql, dialect="duckdb")
    problems = []
    for join in tree.find_all(exp.Join):
        condition = join.args.get("on")
        if join.side not in ("LEFT", "FULL") or condition is None:
            continue
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            tables = {column.table for column in part.find_all(exp.Column) if column.table}
            if tables and join.alias_or_name not in tables:
                problems.append(f"{path}: a {join.side.lower()} join on {part.sql()} alone")
    return problems


def last_select_problems(compiled_sql: str, path: str) -> list[str]:
    """Whether the last select names its columns."""
    tree = sqlglot.parse_one(compiled_sql, dialect="duckdb")
    branches = [tree]
    problems = []
    while branches:
        branch = branches.pop()
        if isinstance(branch, exp.SetOperation):
            branches += [branch.this, branch.expression]
        elif isinstance(branch, exp.Subquery):
            branches.append(branch.this)
        elif isinstance(branch, exp.Select) and any(
            projection.is_star for projection in branch.expressions
        ):
            problems.append(f"{path}: the last select must name its columns, not say *")
    return problems
