"""Columns of a sheet made ready for the engine: what can be known of a whole column is asked once.

Most columns hold few different texts, which are cleaned and parsed once each, or nothing but plain
figures, which need no cleaning. What is done to a cell is the same in any case.
"""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.parsing.text import NOISE_PATTERN
from ingestion.reading.sheet import Sheet
from ingestion.reading.sheet_shown import MIDNIGHT

# A column is sampled before all of its texts are told apart.
_SAMPLE: Final = 4096
_SAMPLE_SHARE: Final = 0.9
_DISTINCT_SHARE: Final = 0.5
# A date cell comes with the time of midnight; without it the parser has the shorter way.
_DAY_ONLY: Final = f"____-__-__{MIDNIGHT}"
# What noise at the end of a number takes at least: a digit, the point and seven digits.
_SHORTEST_NOISE: Final = 9
_SUM_WORDS: Final = ("计".encode(), b"total")


@dataclass
class ReadyColumns:
    """The columns of the feed, below the headings of one sheet.

    Attributes:
        columns: Name -> Arrow array: `c<place>` as delivered, `r<place>` cleaned, or parsed.
        texts: Place -> SQL of the cleaned text, for columns that are not cleaned yet.
        with_sums: Places in which a word for a sum stands in some row.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    with_sums: set[int] = field(default_factory=set)

    @property
    def given(self) -> frozenset[str]:
        """Names of the values that are parsed already."""
        return frozenset(name for name in self.columns if name.startswith("v_"))

    def select(self) -> str:
        """SQL of the rows with all their texts, over the relation `delivered`."""
        cleaned = "".join(f", {sql} AS r{place}" for place, sql in self.texts.items())
        return f"(SELECT *{cleaned} FROM delivered)"


def make_ready(engine: Any, sheet: Sheet, numbers: Any, watched: Collection[int]) -> ReadyColumns:
    """The columns of some rows.

    Args:
        engine: Connection of `open_engine`.
        sheet: A sheet whose layout is set.
        numbers: The rows, in order.
        watched: Places in which a word for a sum tells something.
    """
    ready = ReadyColumns({"source_row": pa.array(numbers)})
    is_dense = len(numbers) > 0 and int(numbers[-1] - numbers[0]) + 1 == len(numbers)

    def taken(place: int) -> tuple[Any, Any]:
        column = sheet.columns[place]
        if is_dense:
            column = column.slice(int(numbers[0]) - 1, len(numbers))
        else:
            column = pc.take(column, pa.array(numbers - 1))
        return column, _encoded(column)

    places = list(sheet.cells_by_place)
    for place, (column, encoded) in zip(places, _one_ahead(taken, places), strict=True):
        if encoded is not None:
            ready.columns |= _parsed_once(engine, sheet, place, encoded)
            signs = _signs(encoded.dictionary)
        else:
            ready.columns[f"c{place}"] = column
            signs = _signs(column)
            ready.texts[place] = _text_sql(sheet, place, f"c{place}", signs)
        if place in watched and any(word in signs.tobytes().lower() for word in _SUM_WORDS):
            ready.with_sums.add(place)
    return ready


def _one_ahead(call: Callable[[int], Any], places: Iterable[int]) -> Iterator[Any]:
    """What `call` says of each place; of the next one while the last is being worked on."""
    with ThreadPoolExecutor(1) as aside:
        coming = None
        for place in places:
            ready, coming = coming, aside.submit(call, place)
            if ready is not None:
                yield ready.result()
        if coming is not None:
            yield coming.result()


def _encoded(column: Any) -> Any:
    """A column as places in a list of its different texts; None where most are different."""
    if len(column) <= _SAMPLE:
        return None
    if len(pc.unique(column.slice(0, _SAMPLE))) > _SAMPLE * _SAMPLE_SHARE:
        return None
    encoded = pc.dictionary_encode(column)
    return encoded if len(encoded.dictionary) <= len(column) * _DISTINCT_SHARE else None


def _parsed_once(engine: Any, sheet: Sheet, place: int, encoded: Any) -> dict[str, Any]:
    """A column with few texts, each of them cleaned and parsed once."""
    cell = sheet.cells_by_place[place]
    rows = f"(SELECT {_text_sql(sheet, place, 'x')} AS r{place} FROM texts)"
    names = [f"r{place}"]
    # Of a column joined from several others, or held against another one, or kept although its
    # check fails, the texts are all that can be said.
    is_kept = cell.column.on_invalid == "keep"
    if len(cell.positions) == 1 and cell.column.check_by is None and not is_kept:
        names.append(cell.value_name)
        if cell.prepared is not None:
            rows = f"(SELECT *, {cell.prepared} AS {cell.raw} FROM {rows})"
        value = cell.value if cell.checked is None else cell.checked
        rows = f"(SELECT *, {value} AS {cell.value_name} FROM {rows})"
    engine.register("texts", pa.table({"x": encoded.dictionary}))
    try:
        found = engine.execute(f"SELECT {', '.join(names)} FROM {rows}").to_arrow_table()
    finally:
        engine.unregister("texts")
    return {
        name: pa.DictionaryArray.from_arrays(encoded.indices, found.column(name).combine_chunks())
        for name in names
    }


def _signs(column: Any) -> Any:
    """The bytes of all texts of a column, one behind the other."""
    _, offsets, data = column.buffers()
    if data is None:
        return np.zeros(0, dtype=np.uint8)
    width = np.int64 if pa.types.is_large_string(column.type) else np.int32
    bounds = np.frombuffer(offsets, dtype=width)
    first, last = int(bounds[column.offset]), int(bounds[column.offset + len(column)])
    return np.frombuffer(data, dtype=np.uint8)[first:last]


def _text_sql(sheet: Sheet, place: int, raw: str, signs: Any = None) -> str:
    """SQL of a cell's text as the parsers are given it.

    Args:
        sheet: The sheet.
        place: Which column.
        raw: SQL of the text as delivered.
        signs: All bytes of the column, where they are to be looked at.
    """
    cells = sheet.layout.read_cells if sheet.layout is not None else []
    if not any(place in cell.positions and cell.column.type != "date" for cell in cells):
        return f"CASE WHEN {raw} LIKE '{_DAY_ONLY}' THEN left({raw}, 10) ELSE sheet_text({raw}) END"
    if signs is None or not len(signs) or int((signs - np.uint8(0x21)).max()) > 0x5D:
        return f"sheet_text({raw})"
    # Neither blanks nor anything beyond ASCII in the whole column.
    text = f"nullif({raw}, '')"
    if not np.any(signs == ord(".")):
        return text
    return (
        f"CASE WHEN strlen({raw}) >= {_SHORTEST_NOISE} AND"
        f" regexp_full_match({raw}, '{NOISE_PATTERN}') THEN printf('%.15g', {raw}::DOUBLE)"
        f" ELSE {text} END"
    )
