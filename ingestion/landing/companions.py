"""Control files: what lies beside an extract and says that it is whole, and what it holds."""

from __future__ import annotations

import codecs
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingestion.contracts import FilePattern
from ingestion.contracts.extracts import Control
from ingestion.sentence import Sentence, shown

_MOST_BYTES: Final = 1 << 16


@dataclass(frozen=True)
class Companion:
    """What a control file says, as text.

    Attributes:
        name: Its name.
        rows: Number of rows.
        totals: Sum by column.
        sha256: SHA-256 of the extract.
        size: Bytes of the extract.
        parts: How many files belong together.
    """

    name: str
    rows: str | None = None
    totals: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None
    size: str | None = None
    parts: str | None = None

    def to_json(self) -> str:
        """As the ledger keeps it."""
        return json.dumps(self.__dict__, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> Companion | None:
        """What the ledger kept; None where there was no control file."""
        return None if text is None else cls(**json.loads(text))

    @property
    def part_count(self) -> int | None:
        """How many files belong together, if it says so."""
        said = (self.parts or "").strip()
        return int(said) if said.isascii() and said.isdigit() else None


def says_the_same(one: str | None, other: str | None) -> bool:
    """Whether two control files, as the ledger keeps them, promise the same under any name."""
    first, second = ({**json.loads(each), "name": ""} if each else None for each in (one, other))
    return first == second


def companion_of(path: Path, pattern: FilePattern) -> Companion | Sentence | None:
    """What the control file of an extract says, or why the extract has to wait for it.

    Args:
        path: The extract in the landing folder.
        pattern: How it is declared; None comes back where no control file is.
    """
    control = pattern.control
    if control is None:
        return None
    name = control.file_name(path.name)
    raw = _content(path.with_name(name))
    if raw is None:
        return Sentence(
            f"文件 {shown(path.name)} 正在等待其控制文件 {shown(name)}，到齐后再处理。",
            f"{shown(path.name)} waits for its control file, {shown(name)}.",
        )
    told = raw.decode(control.encoding, errors="replace")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or "\0" in told:
        return Sentence(
            f"控制文件 {shown(name)} 约定编码为 {control.encoding.upper()}，实际像是 UTF-16，"
            f"无法读取；文件 {shown(path.name)} 暂不处理，请按约定编码重新导出控制文件。",
            f"The control file {shown(name)} is not {control.encoding.upper()} as agreed but looks"
            f" like UTF-16; {shown(path.name)} waits until it is exported again.",
        )
    found = _said(control, told)
    if twice := [item for item, texts in found.items() if len(set(texts)) > 1]:
        return Sentence(
            f"控制文件 {shown(name)} 中同一项（{twice[0]}）有不同的值，自相矛盾；"
            f"文件 {shown(path.name)} 暂不处理，请重新导出控制文件。",
            f"The control file {shown(name)} says {twice[0]} twice and differently;"
            f" {shown(path.name)} waits until it is exported again.",
        )
    said = {item: texts[-1] if texts else "" for item, texts in found.items()}
    if lacking := [item for item in control.items if not said.get(item)]:
        return Sentence(
            f"控制文件 {shown(name)} 缺少约定的内容（{lacking[0]}），可能仍在写入；"
            f"文件 {shown(path.name)} 留待下次处理。",
            f"The control file {shown(name)} does not say what was agreed ({lacking[0]}) yet;"
            f" {shown(path.name)} waits.",
        )
    totals = {column: said[f"total {column}"] for column in control.totals}
    own = {item: said[item] for item in control.items if not item.startswith("total ")}
    return Companion(name, totals=totals, **own)


def mismatch(path: Path, companion: Companion, sha256: str, size: int) -> Sentence | None:
    """Why an extract is not the one that its control file speaks of; None where it is."""
    is_size = companion.size is None or companion.size.strip() == str(size)
    is_hash = companion.sha256 is None or companion.sha256.strip().casefold() == sha256
    if is_size and is_hash:
        return None
    what_zh, what = ("SHA-256", "SHA-256") if is_size else ("大小", "size")
    told = companion.sha256 if is_size else companion.size
    found = sha256 if is_size else str(size)
    return Sentence(
        f"文件 {shown(path.name)} 的{what_zh}为 {found}，与控制文件 {shown(companion.name)} 所述"
        f" {shown(told or '', 64)} 不符，可能仍在传输，留待下次处理；若一直不符，请重新传输。",
        f"The {what} of {shown(path.name)} is {found}, but its control file"
        f" {shown(companion.name)} says {shown(told or '', 64)}: it may still be on its way and"
        " waits; if this stays so, send it again.",
    )


def _content(path: Path) -> bytes | None:
    """The control file's bytes; its name may be written in other case. None where it is not."""
    if not os.path.lexists(path):
        others = (entry for entry in path.parent.iterdir() if entry.is_file())
        named = [entry for entry in others if entry.name.casefold() == path.name.casefold()]
        if not named:
            return None
        path = named[0]
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return None


def _said(control: Control, told: str) -> dict[str, list[str]]:
    """Every item that the control file holds, as often as it does."""
    text = told.lstrip("\ufeff")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(isinstance(place, str) for place in control.items.values()):
        pairs = [line.partition(control.delimiter or "=") for line in lines]
        keyed = [(key.strip().casefold(), value.strip()) for key, _, value in pairs]
        return {
            item: [value for key, value in keyed if key == str(at).casefold()]
            for item, at in control.items.items()
        }
    fields = lines[0].split(control.delimiter or "|") if lines else []
    return {
        item: [fields[int(at) - 1].strip()] if len(fields) >= int(at) else []
        for item, at in control.items.items()
    }
