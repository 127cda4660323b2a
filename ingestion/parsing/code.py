"""Codes: the texts a bank writes become the house's own values, or NULL."""

from __future__ import annotations

from ingestion.contracts import Column
from ingestion.sql import literal


def _like(pattern: str) -> str:
    """A listed text with `*` as a LIKE pattern in which nothing else is special."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return literal(escaped.replace("*", "%"))


def code_sql(text: str, column: Column) -> str:
    """SQL for the value of `column` that `text` stands for.

    Exact texts are compared first as delivered, which is nearly always enough and costs next to
    nothing; only what is left over is normalised (width, blanks) and compared again. Where a
    listed text is a pattern the order of the list decides, so `text` must be normalised already.
    """
    pairs = column.value_patterns
    if column.has_wildcards:
        normal = text
        branches = " ".join(
            f"WHEN {normal} LIKE {_like(raw)} ESCAPE '\\' THEN {literal(canonical)}"
            if "*" in raw
            else f"WHEN {normal} = {literal(raw)} THEN {literal(canonical)}"
            for raw, canonical in pairs
        )
        return _typed(f"CASE {branches} END", column)
    as_delivered: dict[str, str] = {}
    for canonical, raws in column.values.items():
        for raw in raws:
            as_delivered.setdefault(raw, canonical)
    normal = f"listed_form({text})"
    exact = dict(pairs) | as_delivered | {canonical: canonical for canonical in column.values}
    return _typed(
        f"CASE {text} {_branches(exact)} ELSE CASE {normal} {_branches(dict(pairs))} END END",
        column,
    )


def _branches(values: dict[str, str]) -> str:
    return " ".join(
        f"WHEN {literal(raw)} THEN {literal(canonical)}" for raw, canonical in values.items()
    )


def _typed(sql: str, column: Column) -> str:
    return f"({sql})::BOOLEAN" if column.type == "boolean" else sql


def accepted_texts(column: Column) -> list[str]:
    """The texts a sender may write, for the sentence that goes back to him."""
    return [raws[0] if raws else canonical for canonical, raws in column.values.items()]
