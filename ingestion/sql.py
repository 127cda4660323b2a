"""Text as a literal of SQL, for statements that take no parameters: COPY, CREATE MACRO, views."""

from __future__ import annotations


def literal(text: object) -> str:
    """`text` between quotes, its own doubled.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as that of a column.

    >>> identifier('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'
