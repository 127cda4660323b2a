"""What a trailer or a control file says of its extract, held against what the extract holds."""

# ruff: noqa: S608 - every piece of SQL is the contract's or ours; delivered text is never one.

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ingestion.batch import Doubt
from ingestion.contracts import Feed, FilePattern
from ingestion.contracts.extracts import Span
from ingestion.parsing import Layout
from ingestion.reading.outcome import Outcome
from ingestion.reading.records import Grammar
from ingestion.sentence import RefusedFileError, Sentence, shown

TRAILER: Final = Sentence("尾行", "its trailer")
_COUNT: Final = re.compile(r"0*[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")


@dataclass(frozen=True)
class Promise:
    """Counts and sums as somebody told them, still as text.

    Attributes:
        by: Who told them: the trailer, or a control file by its name.
        rows: Number of rows.
        totals: Sum by column.
        is_whole: Whether more than these was held against the file (its size or hash).
    """

    by: Sentence
    rows: str | None = None
    totals: dict[str, str] = field(default_factory=dict)
    is_whole: bool = False

    @property
    def row_count(self) -> int | None:
        """Number of rows; None where it is not told, or is no number."""
        if self.rows is None or not _COUNT.fullmatch(self.rows.strip()):
            return None
        return int(self.rows.replace(",", ""))


def promise_of_trailer(pattern: FilePattern, line: bytes, name: str) -> Promise:
    """What the trailer `line` says.

    Raises:
        RefusedFileError: If it lacks what it should say: then the file was cut off inside it.
    """
    trailer = pattern.trailer
    if trailer is None:
        raise ValueError("the pattern has no trailer")
    text = line.decode(pattern.encoding, errors="replace").rstrip("\r")
    fields = Grammar(pattern.delimiter, pattern.quote, 1).fields(text) or []

    def said(place: int | Span) -> str:
        if isinstance(place, Span):
            raw = line[place.start - 1 : place.end]
            found = raw.decode(pattern.encoding, errors="replace") if raw else None
            is_there = len(line) >= place.end
        else:
            is_there = len(fields) >= place
            found = fields[place - 1] if is_there else None
        if not is_there or found is None or not found.strip():
            raise RefusedFileError(
                f"文件 {name} 的尾行不完整，缺少约定的行数或合计，文件可能被截断，整份未入库；"
                "请重新传输。",
                f"The trailer of {name} lacks a count or total that was agreed: the file was cut"
                " off, and nothing of it was loaded; send it again.",
            )
        return found.strip()

    return Promise(
        TRAILER,
        None if trailer.rows is None else said(trailer.rows),
        {column: said(place) for column, place in trailer.totals.items()},
    )


def doubts_about(
    engine: Any, feed: Feed, layout: Layout, outcome: Outcome, promises: Sequence[Promise]
) -> list[Doubt]:
    """What was told of the file and does not fit it, to the row and to the fen.

    Compared is all that was delivered, loaded or refused.
    """
    doubts = []
    loaded = outcome.data_rows - outcome.quarantined
    for promise in promises:
        told = promise.row_count
        if promise.rows is not None and told != outcome.data_rows:
            said = f"{told:,}" if told is not None else f"“{shown(promise.rows)}”"
            said_en = f"{told:,}" if told is not None else repr(shown(promise.rows))
            difference = "" if told is None else f"，相差 {outcome.data_rows - told:+,} 行"
            doubts.append(
                Doubt(
                    "count",
                    Sentence(
                        f"{promise.by.zh}声明 {said} 行，实收 {outcome.data_rows:,} 行"
                        f"（合格 {loaded:,}、不合格 {outcome.quarantined:,}）{difference}；"
                        "请与来源系统核对后重新报送，或放行。",
                        f"By {promise.by.en} there are {said_en} rows, but {outcome.data_rows:,}"
                        f" came ({loaded:,} good, {outcome.quarantined:,} refused); check with the"
                        " source and have it delivered again, or release it.",
                    ),
                )
            )
        for column, text in promise.totals.items():
            doubt = _doubt_about_total(engine, feed, layout, outcome, promise, column, text)
            doubts += [doubt] if doubt else []
    return doubts


def _doubt_about_total(
    engine: Any,
    feed: Feed,
    layout: Layout,
    outcome: Outcome,
    promise: Promise,
    column: str,
    text: str,
) -> Doubt | None:
    heading = feed.column(column).heading
    told = _amount(engine, layout, column, text)
    refused = sum((row.money.get(column, Decimal(0)) for row in outcome.refused), Decimal(0))
    loaded = (outcome.totals.money.get(column) if outcome.totals else None) or Decimal(0)
    came = loaded + refused
    if told == came:
        return None
    said = f"{told:,.2f}" if told is not None else shown(text)
    difference = "" if told is None else f"，相差 {came - told:+,.2f}"
    difference_en = "" if told is None else f", a difference of {came - told:+,.2f}"
    return Doubt(
        "total",
        Sentence(
            f"{promise.by.zh}声明“{heading}”合计 {said}，实收合计 {came:,.2f}"
            f"（合格 {loaded:,.2f}、不合格 {refused:,.2f}）{difference}；"
            "请与来源系统核对后重新报送，或放行。",
            f"By {promise.by.en} the total of {heading} is {said}, but {came:,.2f} came"
            f" ({loaded:,.2f} good, {refused:,.2f} refused){difference_en}; check with the source"
            " and have it delivered again, or release it.",
        ),
    )


def _amount(engine: Any, layout: Layout, column: str, text: str) -> Decimal | None:
    """A told total, read by the rules of its column: in its unit, mended as the feed says."""
    cell = next(cell for cell in layout.cells if cell.column.name == column)
    if len(cell.positions) != 1:
        return None
    texts = ", ".join(
        f"CAST({'?' if place == cell.positions[0] else 'NULL'} AS VARCHAR) AS r{place}"
        for place in range(layout.width)
    )
    found = engine.execute(
        f"SELECT {cell.value_name} FROM ({layout.parsed(f'(SELECT {texts})')})", [text.strip()]
    ).fetchone()
    amount: Decimal | None = found[0]
    return amount
