"""What is known of the batch that a returned sheet answers to, when it is its turn to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingestion.contracts import Feed, FilePattern
from ingestion.lake import Lake
from ingestion.ledger import DeliveryRow
from ingestion.quarantine import corrected_path, quarantine_path
from ingestion.returning.slip import Slip
from ingestion.sentence import Sentence, shown

# How a returned sheet is read where the file it answers to was no workbook.
RETURNED: Final = FilePattern(pattern="returned.xlsx", format="xlsx")


@dataclass(frozen=True)
class Correction:
    """What is known of the batch that a returned sheet answers to.

    Attributes:
        slip: What the sheet has to say of itself.
        refused: The refused rows of the batch; None where it has none.
        loaded: Files in the lake: the batch's own, and those of its earlier corrections.
        corrected: Which rows those corrections loaded, a file each; empty for the batch's own.
    """

    slip: Slip
    refused: Path | None
    loaded: tuple[Path, ...]
    corrected: tuple[Path, ...]


def returned_pattern(row: DeliveryRow, feed: Feed, history: Sequence[DeliveryRow]) -> FilePattern:
    """How a returned sheet is read: as the first file was, if that was a workbook."""
    first = row
    while first.corrects is not None:
        first = next(each for each in history if each.batch_id == first.corrects)
    found = feed.match(first.file_name)
    if found is None or found[0].format != "xlsx":
        return RETURNED
    # Rows may have been taken out above the headings; they are found by their words.
    return found[0].model_copy(update={"header_row": None})


def correction_of(
    row: DeliveryRow,
    root: DeliveryRow | None,
    history: Sequence[DeliveryRow],
    lake: Lake,
    quarantine: Path,
) -> Correction | Sentence:
    """What is known of the batch that a returned sheet answers to, or why it comes too late.

    Args:
        row: The returned sheet.
        root: The delivery it answers to; None where the ledger does not know it.
        history: All deliveries of the feed.
        lake: The lake.
        quarantine: Folder for refused rows.
    """
    if root is None:
        return Sentence(
            f"{shown(row.file_name)} 更正的批次 {row.corrects} 不在台账中，未读取；"
            "请重新报送整份文件。",
            f"{shown(row.file_name)} corrects batch {row.corrects}, which the ledger does not"
            " know, so it was not read; deliver the whole file again.",
        )
    slip = Slip(root.batch_id, root.feed, root.business_date, is_whole=not row.is_beside)
    if (too_late := _too_late(row, root, history)) is not None:
        return too_late
    refused = quarantine_path(quarantine, root.feed, root.batch_id)
    name, has_refused = shown(row.file_name), refused.exists()
    if row.is_beside and not has_refused and root.rows_quarantined:
        return Sentence(
            f"批次 {root.batch_id} 的拒收记录已不存在，无法核对 {name} 的各行；"
            "请重新报送整份文件。",
            f"The refused rows of batch {root.batch_id} are not kept any more, so the rows of"
            f" {name} cannot be told; deliver the whole file again.",
        )
    before = [
        each
        for each in history
        if each.corrects == root.batch_id
        and each.is_beside
        and each.state == "loaded"
        and each.delivery_id != row.delivery_id
    ]
    return Correction(
        slip,
        refused if has_refused else None,
        tuple(
            lake.batch_path(each.feed, each.business_date, each.batch_id)
            for each in (root, *before)
        ),
        tuple(corrected_path(quarantine, each.feed, each.batch_id) for each in before),
    )


def _too_late(
    row: DeliveryRow, root: DeliveryRow, history: Sequence[DeliveryRow]
) -> Sentence | None:
    """Why a returned sheet cannot be read any more, or not yet; None where it can."""
    newer = next(
        (
            each
            for each in reversed(history)
            if each.place == root.place
            and each.state == "loaded"
            and each.batch_id != root.batch_id
            and each.delivery_id not in (row.delivery_id, root.delivery_id)
            and (row.is_beside or each.corrects != root.batch_id)
        ),
        None,
    )
    is_late = newer is not None and (row.is_beside or newer.delivery_id > root.delivery_id)
    name, of = shown(row.file_name), shown(root.file_name)
    if newer is not None and is_late and (root.state != "loaded"):
        later = shown(newer.file_name)
        return Sentence(
            f"{name} 更正的文件 {of} 已被之后报送的 {later}（批次 {newer.batch_id}）代替，未读取；"
            "请以后者的退回表为准，或重新报送整份文件。",
            f"{name} corrects {of}, but {later} (batch {newer.batch_id}) was delivered after it and"
            " counts now, so it was not read; correct what was refused of that file, or deliver the"
            " whole file again.",
        )
    if row.is_beside == (root.state != "loaded"):
        was = "is not loaded" if row.is_beside else "is loaded by now"
        zh = "当前未入库" if row.is_beside else "已入库"
        return Sentence(
            f"{name} 更正的文件 {of} {zh}（批次 {root.batch_id}），未读取；请重新报送整份文件。",
            f"{name} corrects {of}, which {was} (batch {root.batch_id}), so it was not read;"
            " deliver the whole file again.",
        )
    return None
