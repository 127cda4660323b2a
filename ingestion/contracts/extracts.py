"""How an extract is laid out beyond delimiters: fixed widths, trailers, companion files."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Position = Annotated[int, Field(ge=1)]


class Span(BaseModel):
    """Where a text stands in a line of fixed width: first byte from 1, and how many bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Position
    length: Position

    @property
    def end(self) -> int:
        """The byte behind the text, counted from 0."""
        return self.start - 1 + self.length


class FixedField(Span):
    """One field of a line of fixed width."""

    heading: str = Field(min_length=1)


class Trailer(BaseModel):
    """The last line of an extract, which says what should stand above it.

    Attributes:
        marker: How the line begins.
        rows: Where it says how many rows there are: the number of a field, or a span of bytes.
        totals: Where it says the sum of a column, by column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    marker: str = Field(min_length=1)
    rows: Position | Span | None = None
    totals: dict[str, Position | Span] = Field(default_factory=dict)

    @property
    def places(self) -> list[int | Span]:
        """Everything the line is asked for."""
        return [*([] if self.rows is None else [self.rows]), *self.totals.values()]


class Control(BaseModel):
    """A companion file that says the extract is complete, and what it holds.

    Each item stands under a key (`ROWS=12`) or at a numbered field of the first line; an empty
    companion says no more than that the extract may be taken.

    Attributes:
        pattern: Its name; `{file}` is the extract's name, `{stem}` the same without its ending.
        encoding: Encoding of its text.
        delimiter: What parts its fields; `=` where items stand under keys, else `|`.
        rows: Number of rows.
        totals: Sum of a column, by column.
        sha256: SHA-256 of the extract as it is delivered.
        size: Its size in bytes.
        parts: How many files belong together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    encoding: str = "utf-8"
    delimiter: str = ""
    rows: Position | str | None = None
    totals: dict[str, Position | str] = Field(default_factory=dict)
    sha256: Position | str | None = None
    size: Position | str | None = None
    parts: Position | str | None = None

    @model_validator(mode="after")
    def _check(self) -> Control:
        marks = [mark for mark in ("{file}", "{stem}") if mark in self.pattern]
        if len(marks) != 1 or self.pattern.count("{") != 1 or self.pattern == "{file}":
            raise ValueError("the control pattern holds {file} or {stem} once, and more than that")
        if "/" in self.pattern or "\\" in self.pattern:
            raise ValueError("the control file lies beside the extract; its pattern is a name")
        if len({type(place) for place in self.items.values()}) > 1:
            raise ValueError("name the items of a control file by keys or by numbers, not by both")
        return self

    @property
    def items(self) -> dict[str, int | str]:
        """Everything it is asked for: `rows`, `sha256`, `size`, `parts`, `total <column>`."""
        named = {name: getattr(self, name) for name in ("rows", "sha256", "size", "parts")}
        named |= {f"total {column}": place for column, place in self.totals.items()}
        return {name: place for name, place in named.items() if place is not None}

    def file_name(self, extract: str) -> str:
        """What the companion of `extract` is called.

        >>> Control(pattern="{stem}.ok").file_name("postings_20250131.dat")
        'postings_20250131.ok'
        """
        return self.pattern.replace("{file}", extract).replace("{stem}", extract.rpartition(".")[0])

    def extract_name(self, companion: str, ending: str) -> str | None:
        """The extract that `companion` speaks of, if it is a companion.

        Args:
            companion: Name of a file.
            ending: How the extract's name ends, after its last dot.
        """
        before, _, after = self.pattern.partition("{")
        after = after.partition("}")[2]
        name, folded = companion, companion.casefold()
        if not (folded.startswith(before.casefold()) and folded.endswith(after.casefold())):
            return None
        if len(name) < len(before) + len(after):
            return None
        name = name[len(before) : len(name) - len(after)]
        return name if "{file}" in self.pattern else f"{name}.{ending}"
