"""Where the headings of a sheet are: in one row, or in up to three that are read together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ingestion.contracts import Feed, HeadingMatch, normalise_heading
from ingestion.contracts.heading_unit import split_unit

# Titles, units and remarks stand above the headings; a table does not begin further down.
_HEADING_ROWS: Final = 60
# 客户信息 over 客户号 and 名称; seldom a third row above them.
_MOST_LEVELS: Final = 3

Row = list[str | None]
Merge = tuple[int, int, int, int]


class FoundHeadings(NamedTuple):
    """The headings of a sheet.

    Attributes:
        row: Number of their last row.
        headings: One per column; of several levels the one that the feed knows.
        match: How they stand to the feed.
    """

    row: int
    headings: Row
    match: HeadingMatch


def find_headings(
    feed: Feed,
    texts_of: Callable[[int], Row],
    height: int,
    given: int | None,
    merges: Iterable[Merge],
    first_column: int,
    is_empty_below: Callable[[int, int], bool],
) -> FoundHeadings | None:
    """The row, or rows, that name most columns of the feed; None where none names any.

    More rows are read together only where that names more columns than any row by itself. Headings
    that the feed accepts, with rows below them that fill in what must be, have data: what names a
    column more further down would make a second table of the sheet, and is told as one.

    Args:
        feed: The contract.
        texts_of: Gives the texts of a row by its number.
        height: Number of the last row.
        given: Number of the heading row, where the feed says it.
        merges: First row, first column, last row, last column of merged areas.
        first_column: Number of the column that the first text of a row stands in.
        is_empty_below: Whether nothing stands in a column, by its place, below a row.
    """
    last = min(height, _HEADING_ROWS)
    numbers = [given] if given is not None else list(range(1, last + 1))
    numbers = [number for number in numbers if number <= height]
    rows = {number: texts_of(number) for number in range(1, max([*numbers, 0]) + 1)}
    spread_over_columns(rows, merges, first_column, is_empty_below)
    best, found = 0, None
    most = sum(column.is_read for column in feed.columns)
    for levels in range(1, _MOST_LEVELS + 1):
        for number in numbers:
            if number < levels or best == most:
                continue
            headings = _together(feed, [rows[number - up] for up in range(levels)][::-1])
            if levels > 1 and headings == rows[number]:
                continue  # the row by itself was looked at before
            if found is not None and _has_data(rows, feed, found, number - levels):
                continue
            match = feed.match_headings(headings)
            # A doubled column is found, too, for finding the row; the file is refused for it.
            named = len(match.positions) + len(match.doubled) + len(match.contradicting)
            if named > best and (named > 1 or len(feed.columns) == 1):
                best, found = named, FoundHeadings(number, headings, match)
    return found


def _has_data(rows: Mapping[int, Row], feed: Feed, found: FoundHeadings, last: int) -> bool:
    """Whether a row below some headings, up to `last`, fills in every column that it must."""
    if not found.match.is_acceptable:
        return False
    places = [
        place
        for column in feed.columns
        if column.required
        for place in found.match.positions.get(column.name, ())
    ]
    between = (rows[number] for number in range(found.row + 1, last + 1))
    return any(all(row[place] for place in places) for row in between)


def is_known(feed: Feed, heading: str) -> bool:
    """Whether a delivered heading is one of the feed's, with or without its unit."""
    name = normalise_heading(heading)
    return name in feed.known_headings or split_unit(name)[0] in feed.known_headings


def spread_over_columns(
    rows: Mapping[int, Row],
    merges: Iterable[Merge],
    first_column: int,
    is_empty_below: Callable[[int, int], bool] = lambda place, row: False,  # noqa: ARG005
) -> None:
    """Let a merged heading stand over each column it covers; not in the row below it.

    Args:
        rows: Texts by number of the row.
        merges: First row, first column, last row, last column of merged areas.
        first_column: Number of the column that the first text of a row stands in.
        is_empty_below: Whether nothing stands in a column below a row. A heading drawn wide over
            an empty column is no heading of that.
    """
    for top, left, _, right in merges:
        row = rows.get(top)
        place = left - first_column
        if row is None or right == left or not 0 <= place < len(row) or row[place] is None:
            continue
        for other in range(place + 1, min(right - first_column + 1, len(row))):
            if not row[other] and not is_empty_below(other, top):
                row[other] = row[place]


def _together(feed: Feed, levels: Sequence[Row]) -> Row:
    """One heading per column: the lowest, or with those above it where the feed knows that."""
    if len(levels) == 1:
        return levels[0]
    headings: Row = []
    for texts in zip(*levels, strict=True):
        parts = list(dict.fromkeys(text for text in texts if text and text.strip()))
        names = ["".join(parts[start:]) for start in range(len(parts))]
        known = [name for name in names if is_known(feed, name)]
        headings.append(known[0] if known else (parts[-1] if parts else None))
    return headings
