"""One parser per kind of column, as SQL over text, used for extracts and workbooks alike.

A parser is given text that the text layer has cleaned (trimmed, NFC, no control characters) and
never sees a type guessed by a reader. What it cannot read without guessing becomes NULL there,
and the row goes to quarantine with the reason that `explain` gives for that one cell.
"""

from ingestion.parsing.cell import Cell, Layout, build_layout
from ingestion.parsing.explain import explain
from ingestion.parsing.macros import install_parsers

__all__ = ["Cell", "Layout", "build_layout", "explain", "install_parsers"]
