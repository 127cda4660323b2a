"""What is done with every file once its accepted rows are written: duplicates, share, totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingestion.batch import EXPLAINED_ROWS, Doubt, RefusedCell, RefusedRow
from ingestion.contracts import Feed
from ingestion.reading.known import drop_known
from ingestion.reading.load import drop_duplicates, totals
from ingestion.reading.outcome import Outcome
from ingestion.sentence import Sentence

_EMPTY = Sentence(
    "文件没有一行数据，而且没有尾行、控制文件或接口约定说明可以为空；请核对后重新报送，或放行。",
    "The file holds no rows, and no trailer, control file or feed says that it may; check it and"
    " have it delivered again, or release it.",
)

Places = list[tuple[str | None, int]]


def finish(
    engine: Any,
    feed: Feed,
    outcome: Outcome,
    target: Path,
    look_up: Callable[[Places], list[RefusedRow]],
    known: Sequence[Path] = (),
) -> Outcome:
    """Take out duplicates, decide about the file as a whole, and count what is left.

    Args:
        engine: Connection of `open_engine`.
        feed: The feed.
        outcome: What is known so far; `quarantined` counts every row not in `target`.
        target: The Parquet file written.
        look_up: Gives rows as delivered, with their amounts, by sheet and row.
        known: Files in the lake that no key of this one may be in already.
    """
    is_refused = outcome.refusal is not None or outcome.is_too_much(outcome.quarantined)
    found, keys = drop_duplicates(engine, feed, target)
    taken = drop_known(engine, feed, target, known)
    doubled = [*found, *taken]
    exact = sum(code == "duplicate" for _, _, code, _ in doubled)
    outcome.quarantined += len(doubled)
    explained = doubled[:EXPLAINED_ROWS] if is_refused else doubled
    rows = look_up([(sheet, row) for sheet, row, _, _ in explained])
    for delivered, (_, _, code, reason) in zip(rows, explained, strict=True):
        cell = RefusedCell("", "", None, code, reason)
        outcome.refused.append(replace(delivered, reasons=(cell,)))
    outcome.refused.sort(key=lambda row: (row.sheet or "", row.row))
    _decide(outcome, exact)
    if outcome.refusal is not None:
        if outcome.data_rows <= EXPLAINED_ROWS:
            outcome.sound = look_up(_places(engine, target))
    else:
        cells = Counter(cell.column for row in outcome.refused for cell in row.reasons)
        outcome.totals = totals(engine, feed, target, cells, None if taken else keys)
    if not (outcome.data_rows or outcome.is_empty_told or feed.delivery.may_be_empty):
        outcome.doubts.append(Doubt("empty", _EMPTY))
    return outcome


def _places(engine: Any, target: Path) -> Places:
    """Where the rows of a written file came from."""
    rows: Places = engine.execute(
        "SELECT source_sheet, source_row FROM read_parquet($file)", {"file": str(target)}
    ).fetchall()
    return rows


def _decide(outcome: Outcome, exact: int) -> None:
    """Refuse the file as a whole if too many of its rows are refused.

    Args:
        outcome: What is known of it.
        exact: Its rows that are there twice: a nuisance that says nothing against the others.
    """
    refused = outcome.quarantined - exact
    if outcome.refusal is None and outcome.is_too_much(refused):
        share = f"{refused / outcome.data_rows:.0%}"
        twice_zh = f"，另有 {exact:,} 行完全重复" if exact else ""
        twice = f"; {exact:,} more are there twice" if exact else ""
        outcome.refusal = Sentence(
            f"{outcome.data_rows:,} 行中有 {refused:,} 行不合格（{share}）{twice_zh}，超过上限，"
            "整份文件未入库；请对照退回表改正后重新报送。",
            f"{refused:,} of {outcome.data_rows:,} rows ({share}) are refused, which is too many,"
            f" so nothing of the file was loaded{twice}; correct it by the returned sheet and"
            " deliver it again.",
        )
