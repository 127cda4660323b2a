"""A workbook is looked over before any reader opens it: what it is, how big, what it carries."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Entities, the danger of XML, are refused below before this parser sees them.
from xml.etree import ElementTree as ET

from ingestion.reading.number_format import NumberFormat, format_of
from ingestion.reading.package import (
    DAMAGE,
    MOST_BYTES,
    PIECE_BYTES,
    SMALL_BYTES,
    check_kind,
    check_members,
    check_streams,
    damaged,
    too_big,
)
from ingestion.sentence import RefusedFileError, shown

_ENTITY: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SHEET_TYPE: Final = "/worksheet"


@dataclass(frozen=True)
class SheetEntry:
    """One sheet of a workbook.

    Attributes:
        name: As its tab says.
        member: Its part in the package.
        is_hidden: Whether its tab is hidden.
    """

    name: str
    member: str
    is_hidden: bool


@dataclass(frozen=True)
class Book:
    """A workbook that may be read.

    Attributes:
        sheets: Its worksheets, in order; charts are no sheets here.
        is_1904: Whether its serial dates count from 1904.
        shapes: Style number -> how its cells show a number, where that is not the number itself.
    """

    path: Path
    name: str
    sheets: tuple[SheetEntry, ...]
    is_1904: bool
    shapes: dict[int, NumberFormat]

    def size_of(self, member: str) -> int:
        """How many bytes a part says that it unpacks to.

        Raises:
            RefusedFileError: If there is no such part.
        """
        try:
            with zipfile.ZipFile(self.path) as package:
                return package.getinfo(member).file_size
        except DAMAGE as error:
            raise damaged(self.name) from error

    def pieces(self, member: str) -> Iterator[bytes]:
        """The unpacked bytes of one part, never more than a part may have."""
        total = 0
        try:
            with zipfile.ZipFile(self.path) as package, package.open(member) as part:
                while piece := part.read(PIECE_BYTES):
                    total += len(piece)
                    if total > MOST_BYTES:
                        raise too_big(self.name)
                    yield piece
        except DAMAGE as error:
            raise damaged(self.name) from error


def open_book(path: Path, name: str) -> Book:
    """Look a workbook over.

    Raises:
        RefusedFileError: If it is no .xlsx, is protected, holds macros or links to other books,
            is far bigger than it seems, or is damaged.
    """
    name = shown(name, 120)
    check_kind(path, name)
    try:
        with zipfile.ZipFile(path) as package:
            check_members(package, name)
            relations = _relations(package, name)
            book = _xml(package, _workbook_member(package, name), name)
            styles = (
                _xml(package, "xl/styles.xml", name) if _has(package, "xl/styles.xml") else None
            )
            sheets = tuple(_sheets(book, relations))
            check_streams(package, name, frozenset(sheet.member for sheet in sheets))
        shapes = _shapes(styles)
    except DAMAGE as error:
        raise damaged(name) from error
    properties = next((e for e in book.iter() if _tag(e) == "workbookPr"), None)
    is_1904 = properties is not None and properties.get("date1904") in ("1", "true", "on")
    return Book(path, name, sheets, is_1904, shapes)


def _has(package: zipfile.ZipFile, member: str) -> bool:
    return member in package.namelist()


def _workbook_member(package: zipfile.ZipFile, name: str) -> str:
    """The part that lists the sheets; nearly always xl/workbook.xml."""
    if _has(package, "xl/workbook.xml"):
        return "xl/workbook.xml"
    if _has(package, "_rels/.rels"):
        for relation in _xml(package, "_rels/.rels", name):
            if str(relation.get("Type", "")).endswith("/officeDocument"):
                return str(relation.get("Target", "")).lstrip("/")
    raise RefusedFileError(
        f"文件 {name} 是压缩包而不是 Excel 工作簿；请直接报送 .xlsx 文件。",
        f"{name} is an archive but no workbook; deliver the .xlsx file itself.",
    )


def _relations(package: zipfile.ZipFile, name: str) -> dict[str, tuple[str, str]]:
    """Relation id -> kind and part, of the workbook part."""
    member = _workbook_member(package, name)
    folder, base = posixpath.split(member)
    listing = posixpath.join(folder, "_rels", f"{base}.rels")
    if not _has(package, listing):
        raise damaged(name)
    found = {}
    for relation in _xml(package, listing, name):
        target = str(relation.get("Target", ""))
        part = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        found[str(relation.get("Id"))] = (
            str(relation.get("Type", "")),
            posixpath.normpath(part),
        )
    return found


def _sheets(book: ET.Element, relations: dict[str, tuple[str, str]]) -> Iterator[SheetEntry]:
    for element in book.iter():
        if _tag(element) != "sheet":
            continue
        relation = next((v for k, v in element.attrib.items() if k.endswith("}id")), None)
        kind, member = relations.get(str(relation), ("", ""))
        if kind.endswith(_SHEET_TYPE):
            state = element.get("state", "visible")
            yield SheetEntry(str(element.get("name")), member, state != "visible")


def _shapes(styles: ET.Element | None) -> dict[int, NumberFormat]:
    if styles is None:
        return {}
    codes = {
        int(element.get("numFmtId", "0")): str(element.get("formatCode", ""))
        for element in styles.iter()
        if _tag(element) == "numFmt"
    }
    cell_formats = next((e for e in styles.iter() if _tag(e) == "cellXfs"), None)
    found = {}
    for place, element in enumerate(cell_formats if cell_formats is not None else ()):
        number = int(element.get("numFmtId", "0") or 0)
        if (shape := format_of(number, codes.get(number, ""))) is not None:
            found[place] = shape
    return found


def _xml(package: zipfile.ZipFile, member: str, name: str) -> ET.Element:
    info = package.getinfo(member)
    if info.file_size > SMALL_BYTES:
        raise too_big(name)
    data = package.read(member)
    if b"\0" in data[:64] or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        # In two bytes a sign, what is looked for below would not be found.
        raise damaged(name)
    refuse_entities(data, name)
    try:
        return ET.fromstring(data)  # noqa: S314 - without entities, see the line before
    except ET.ParseError as error:
        raise damaged(name) from error


def refuse_entities(data: bytes, name: str) -> None:
    """Refuse XML that declares entities: no office program writes that.

    Raises:
        RefusedFileError: If it does.
    """
    if _ENTITY.search(data):
        raise RefusedFileError(
            f"文件 {name} 的内部结构含有外部实体声明，存在安全风险，未打开；请重新另存为 .xlsx。",
            f"{name} declares XML entities inside, which is a security risk; it was not opened."
            " Save it again as .xlsx.",
        )


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
