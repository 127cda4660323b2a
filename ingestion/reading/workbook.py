"""A workbook is looked over before any reader opens it: what it is, how big, what it carries."""

from __future__ import annotations

import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Entities, the danger of XML, are refused below before this parser sees them.
from xml.etree import ElementTree as ET

from ingestion.sentence import RefusedFileError, shown

_MOST_MEMBERS: Final = 10_000
_MOST_BYTES: Final = 1_500_000_000
# Sheets compress tenfold; a hundredfold is a bomb, or a sheet of nothing, unless it is small.
_MOST_RATIO: Final = 100
_SMALL_BYTES: Final = 50_000_000
_PIECE_BYTES: Final = 1 << 20
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_ENTITY: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SHEET_TYPE: Final = "/worksheet"
_PERCENT_FORMATS: Final = frozenset({9, 10})
# What an archive raises whose bytes are not what they were, or whose parts are not all there.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    KeyError,
    NotImplementedError,
    ValueError,
)


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
        percent_styles: Style numbers that show a number as a percentage.
    """

    path: Path
    name: str
    sheets: tuple[SheetEntry, ...]
    is_1904: bool
    percent_styles: frozenset[int]

    def pieces(self, member: str) -> Iterator[bytes]:
        """The unpacked bytes of one part, never more than a part may have."""
        total = 0
        try:
            with zipfile.ZipFile(self.path) as package, package.open(member) as part:
                while piece := part.read(_PIECE_BYTES):
                    total += len(piece)
                    if total > _MOST_BYTES:
                        raise _too_big(self.name)
                    yield piece
        except _DAMAGE as error:
            raise damaged(self.name) from error


def open_book(path: Path, name: str) -> Book:
    """Look a workbook over.

    Raises:
        RefusedFileError: If it is no .xlsx, is protected, holds macros or links to other books,
            is far bigger than it seems, or is damaged.
    """
    name = shown(name, 120)
    _check_kind(path, name)
    try:
        with zipfile.ZipFile(path) as package:
            _check_members(package, name)
            relations = _relations(package, name)
            book = _xml(package, _workbook_member(package, name), name)
            styles = (
                _xml(package, "xl/styles.xml", name) if _has(package, "xl/styles.xml") else None
            )
        percent_styles = _percent_styles(styles)
    except _DAMAGE as error:
        raise damaged(name) from error
    properties = next((e for e in book.iter() if _tag(e) == "workbookPr"), None)
    is_1904 = properties is not None and properties.get("date1904") in ("1", "true", "on")
    sheets = tuple(_sheets(book, relations))
    return Book(path, name, sheets, is_1904, percent_styles)


def damaged(name: str) -> RefusedFileError:
    """The refusal of a workbook whose parts cannot be read."""
    return RefusedFileError(
        f"文件 {name} 已损坏，无法作为 Excel 工作簿打开；请重新保存为 .xlsx 后报送。",
        f"{name} is damaged and cannot be opened as a workbook; save it again as .xlsx and"
        " deliver it again.",
    )


def _check_kind(path: Path, name: str) -> None:
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(_OLE):
            file.seek(0)
            if _ENCRYPTED in file.read(1 << 22):
                raise RefusedFileError(
                    f"文件 {name} 已加密，无法读取；请取消打开密码后重新报送。",
                    f"{name} is protected by a password; remove it and deliver the file again.",
                )
            raise RefusedFileError(
                f"文件 {name} 是旧版 Excel（.xls）或其他 OLE 文件，不是 .xlsx；请另存为 .xlsx。",
                f"{name} is an old .xls or another OLE file, not .xlsx; save it as .xlsx.",
            )
    if not start:
        raise RefusedFileError(
            f"文件 {name} 是空文件（0 字节）；请重新导出。",
            f"{name} is empty (0 bytes); export it again.",
        )
    if not start.startswith(b"PK"):
        raise RefusedFileError(
            f"文件 {name} 不是 Excel 工作簿（可能是改名的文本文件）；请另存为 .xlsx 后重新报送。",
            f"{name} is no workbook (perhaps a text file under another name); save it as .xlsx and"
            " deliver it again.",
        )


def _too_big(name: str) -> RefusedFileError:
    return RefusedFileError(
        f"文件 {name} 解压后的大小异常，疑似压缩炸弹，未打开；请检查文件后重新报送。",
        f"{name} unpacks to far more than a workbook should, like a zip bomb; it was not opened.",
    )


def _check_members(package: zipfile.ZipFile, name: str) -> None:
    members = package.infolist()
    packed = sum(member.compress_size for member in members) or 1
    unpacked = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or unpacked > _MOST_BYTES:
        raise _too_big(name)
    if unpacked > _SMALL_BYTES and unpacked / packed > _MOST_RATIO:
        raise _too_big(name)
    names = [member.filename.lower() for member in members]
    if any(member.flag_bits & 1 for member in members):
        raise RefusedFileError(
            f"文件 {name} 已加密，无法读取；请取消密码后重新报送。",
            f"{name} is protected by a password; remove it and deliver the file again.",
        )
    if len(set(names)) < len(names):
        raise damaged(name)
    if any(each.endswith("vbaproject.bin") for each in names):
        raise RefusedFileError(
            f"文件 {name} 含有宏，系统不接收；请另存为不含宏的 .xlsx 后重新报送。",
            f"{name} holds macros, which are not taken in; save it as .xlsx without macros.",
        )
    if any("/externallinks/" in each for each in names):
        raise RefusedFileError(
            f"文件 {name} 引用了其他工作簿，其数值无法核实；"
            "请断开外部链接（粘贴为数值）后重新报送。",
            f"{name} links to other workbooks, so its figures cannot be relied on; break the links"
            " (paste as values) and deliver it again.",
        )
    if "xl/workbook.bin" in names:
        raise RefusedFileError(
            f"文件 {name} 是二进制工作簿（.xlsb）；请另存为 .xlsx 后重新报送。",
            f"{name} is a binary workbook (.xlsb); save it as .xlsx and deliver it again.",
        )


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


def _percent_styles(styles: ET.Element | None) -> frozenset[int]:
    if styles is None:
        return frozenset()
    formats = {
        int(element.get("numFmtId", "0"))
        for element in styles.iter()
        if _tag(element) == "numFmt" and "%" in str(element.get("formatCode", ""))
    }
    formats |= _PERCENT_FORMATS
    cell_formats = next((e for e in styles.iter() if _tag(e) == "cellXfs"), None)
    return frozenset(
        place
        for place, element in enumerate(cell_formats if cell_formats is not None else ())
        if int(element.get("numFmtId", "0") or 0) in formats
    )


def _xml(package: zipfile.ZipFile, member: str, name: str) -> ET.Element:
    info = package.getinfo(member)
    if info.file_size > _SMALL_BYTES:
        raise _too_big(name)
    data = package.read(member)
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
