"""The few errors that real clerks make, each written into the truth.

`expected` in the truth says what a careful reader does with the row: `loaded` (odd, but readable),
`quarantined` (refused with a reason), `not_data` (no row of the feed at all), or `either` where
both can be defended and only silence would be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.extracts import ExtraLine
from ingestion.demo_bank.sheets import Cell, Grid

# Digits and point of the full-width forms block (U+FF01 and on).
_FULL_WIDTH: Final = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "0123456789."})


@dataclass
class Stains:
    """All errors planted so far: one entry per row, or cell, touched."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def note(
        self, feed: str, file: Path, row: int, column: str | None, why: str, expected: str
    ) -> None:
        """Remember one error."""
        self.rows.append(
            {
                "feed": feed, "file": file.name, "row": row, "column": column,
                "why": why, "expected": expected,
            }
        )  # fmt: skip

    def frame(self) -> pl.DataFrame:
        """All errors as a table."""
        names = ("feed", "file", "row", "column", "why", "expected")
        schema = {name: pl.Int64 if name == "row" else pl.String for name in names}
        return pl.DataFrame(self.rows, schema=schema)


@dataclass
class Spot:
    """An error in a grid that has no file yet; `row` is its place among the grid's rows."""

    row: int
    column: str | None
    why: str
    expected: str


def soil_visits(grid: Grid, rng: np.random.Generator) -> list[Spot]:
    """Soil a month's visit sheet: about one error of each kind in a workbook of fair size."""
    spots: list[Spot] = []
    count = len(grid.rows)
    if count < 12:
        return spots
    picks = [int(pick) for pick in rng.choice(count, 9, replace=False)]
    amount = "expected_deposit_amount"
    # (why, column, what the clerk wrote, what a careful reader does)
    plain: list[tuple[str, str, Cell, str]] = [
        ("full_width_digits", amount, "12.5".translate(_FULL_WIDTH), "loaded"),
        ("thousands_separator", amount, "1,234.50", "loaded"),
        ("dash_for_nothing", amount, "-", "either"),
        ("amount_with_unit", amount, "3万", "either"),
        ("impossible_date", "visited_date", "2025-02-30", "quarantined"),
        ("unknown_code", "visit_way_code", "微信", "quarantined"),
        ("unknown_manager", "employee_id", "999999", "either"),
        ("unknown_customer", "customer_id", "88888888", "either"),
    ]
    for pick, (why, column, value, expected) in zip(picks, plain, strict=False):
        if rng.random() < 0.3:
            grid.rows[pick][grid.place(column)] = value
            spots.append(Spot(pick, column, why, expected))
    name = grid.place("customer_name")
    spaced = grid.rows[picks[8]][name]
    if isinstance(spaced, str) and len(spaced) > 1:
        grid.rows[picks[8]][name] = f" {spaced[0]}  {spaced[1:]} "
        spots.append(Spot(picks[8], "customer_name", "odd_spaces", "loaded"))
    if rng.random() < 0.6:
        # The same visit entered twice: behind the last row, so that no other row moves.
        clean = next(i for i in range(count) if i not in picks)
        grid.rows.append(list(grid.rows[clean]))
        spots.append(Spot(count, None, "duplicated_row", "quarantined"))
    return spots


def sign(grid: Grid, maker: str, amount_column: str | None = None) -> list[Spot]:
    """Put a sum and the signatures under a sheet; they are no data."""
    width = len(grid.headings)
    total: list[Cell] = ["合计"] + [None] * (width - 1)
    total[1 if width > 1 else 0] = f"共{len(grid.rows)}条"
    if amount_column:
        place = grid.place(amount_column)
        total[place] = round(
            sum(value for row in grid.rows if isinstance(value := row[place], int | float)), 4
        )
    signature: list[Cell] = [f"制表人:{maker}", None, "审核人:", *[None] * max(width - 3, 0)]
    first = len(grid.rows)
    grid.footer = [total, [None] * width, signature[:width]]
    return [
        Spot(first, None, "subtotal_row", "not_data"),
        Spot(first + 2, None, "signature_row", "not_data"),
    ]


def note_all(stains: Stains, grid: Grid, spots: list[Spot], file: Path) -> None:
    """Write a sheet's errors into the truth, now that its rows have numbers."""
    for spot in spots:
        row = grid.first_row + spot.row
        stains.note(grid.feed.feed, file, row, spot.column, spot.why, spot.expected)


def torn_transfer(count: int, rng: np.random.Generator) -> list[ExtraLine]:
    """A posting sent twice, and the beginning of a line that a full disk cut off.

    Both are lines beside the proper ones: the ledger still ties once they are refused.
    """
    if count < 10:
        return []
    twice, torn = (int(pick) for pick in rng.choice(count, 2, replace=False) + 1)
    return [ExtraLine(twice), ExtraLine(torn, cut_after_columns=6)]


def note_lines(
    stains: Stains, feed: str, file: Path, lines: list[ExtraLine], whys: list[str]
) -> None:
    """Write an extract's extra lines into the truth; the heading is line 1."""
    order = sorted(range(len(lines)), key=lambda place: lines[place].after)
    for above, place in enumerate(order):
        # Each extra line above moves those below by one.
        row = lines[place].after + 2 + above
        stains.note(feed, file, row, None, whys[place], "quarantined")
