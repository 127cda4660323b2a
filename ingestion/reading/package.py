"""What a delivered workbook is before anything opens it: kind, size, and what it carries."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from ingestion.sentence import RefusedFileError

_MOST_MEMBERS: Final = 10_000
MOST_BYTES: Final = 1_500_000_000
# Sheets compress tenfold; a hundredfold is a bomb, or a sheet of nothing, unless it is small.
_MOST_RATIO: Final = 100
SMALL_BYTES: Final = 50_000_000
PIECE_BYTES: Final = 1 << 20
_LONGEST_NAME: Final = 255
_START_BYTES: Final = 4096
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVE_NAMES: Final = (".zip", ".rar", ".7z", ".gz", ".xlsx", ".xlsm", ".xls", ".docx", ".et")
# What an archive raises whose bytes are not what they were, or whose parts are not all there.
DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    KeyError,
    NotImplementedError,
    ValueError,
)


class _Kind(NamedTuple):
    """A kind of file that comes under the name of a workbook, and what is said of it."""

    pattern: re.Pattern[bytes]
    zh: str
    en: str


def _kind(pattern: bytes, zh: str, en: str) -> _Kind:
    return _Kind(re.compile(pattern, re.IGNORECASE | re.DOTALL), zh, en)


_KINDS: Final = (
    _kind(
        rb"\x09[\x00\x02\x04\x08][\x04-\x10]\x00",
        "是很旧的 Excel 文件（BIFF），不是 .xlsx；请用 Excel 打开并另存为 .xlsx。",
        "is a very old Excel file (BIFF), not .xlsx; open it in Excel and save it as .xlsx.",
    ),
    _kind(
        rb"(?:\xef\xbb\xbf)?\s*(?:mime-version:|<!doctype html|<(?:html|head|meta|table|style)\b)",
        "是网页（HTML），只是改成了 .xlsx 的名字；请用 Excel 打开并另存为 .xlsx。",
        "is a web page (HTML) under the name of a workbook; open it in Excel and save it as .xlsx.",
    ),
    _kind(
        rb"(?:\xef\xbb\xbf)?\s*<\?(?:xml|mso)[^>]*>.*urn:schemas-microsoft-com:office:spreadsheet",
        "是 2003 版 XML 表格，不是 .xlsx；请用 Excel 打开并另存为 .xlsx。",
        "is an XML spreadsheet of 2003, not .xlsx; open it in Excel and save it as .xlsx.",
    ),
    _kind(rb"%PDF", "是 PDF 文件；请报送 .xlsx 工作簿。", "is a PDF; deliver the .xlsx workbook."),
    _kind(
        rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\x00\x00\x00\x00",
        "是图片；请报送 .xlsx 工作簿。",
        "is a picture; deliver the .xlsx workbook.",
    ),
    _kind(
        rb"Rar!|7z\xbc\xaf|\x1f\x8b|\x28\xb5\x2f\xfd|BZh|\xfd7zXZ",
        "是压缩包而不是 Excel 工作簿；请解压后直接报送 .xlsx 文件。",
        "is an archive but no workbook; unpack it and deliver the .xlsx file itself.",
    ),
)
_TEXT: Final = (
    "不是 Excel 工作簿（可能是改名的文本文件）；请另存为 .xlsx 后重新报送。",
    "is no workbook (perhaps a text file under another name); save it as .xlsx and deliver it"
    " again.",
)


class _Content(NamedTuple):
    """A part that no delivered workbook may have, by its name, and what is said of it."""

    pattern: re.Pattern[str]
    zh: str
    en: str


_CONTENTS: Final = (
    _Content(
        re.compile(r".*vbaproject\.bin|xl/macrosheets/.*"),
        "含有宏，系统不接收；请另存为不含宏的 .xlsx 后重新报送。",
        "holds macros, which are not taken in; save it as .xlsx without macros.",
    ),
    _Content(
        re.compile(r"xl/workbook\.bin"),
        "是二进制工作簿（.xlsb）；请另存为 .xlsx 后重新报送。",
        "is a binary workbook (.xlsb); save it as .xlsx and deliver it again.",
    ),
    _Content(
        re.compile(r"xl/(?:embeddings|activex)/.*"),
        "嵌有其他文件或控件（OLE 对象），系统不接收；请删除嵌入的对象后重新报送。",
        "holds embedded files or controls (OLE objects), which are not taken in; delete them and"
        " deliver it again.",
    ),
    _Content(
        re.compile(r"word/.*|ppt/.*"),
        "是 Word 或 PowerPoint 文件，不是 Excel 工作簿；请报送 .xlsx 文件。",
        "is a Word or PowerPoint file, not a workbook; deliver the .xlsx file.",
    ),
)
_DDE: Final = (
    "含有 DDE 链接（会启动其他程序），系统不接收；请删除该链接（粘贴为数值）后重新报送。",
    "holds DDE links, which start other programs and are not taken in; remove them (paste as"
    " values) and deliver it again.",
)
_LINKS: Final = (
    "引用了其他工作簿，其数值无法核实；请断开外部链接（粘贴为数值）后重新报送。",
    "links to other workbooks, so its figures cannot be relied on; break the links (paste as"
    " values) and deliver it again.",
)
_NESTED: Final = (
    "内部还装有压缩包，系统不接收；请直接报送其中的 .xlsx 文件。",
    "holds another archive inside, which is not taken in; deliver the .xlsx file in it itself.",
)
_OPEN_DOCUMENT: Final = (
    "是 OpenDocument 表格（.ods），不是 .xlsx；请另存为 .xlsx 后重新报送。",
    "is an OpenDocument sheet (.ods), not .xlsx; save it as .xlsx and deliver it again.",
)


def refused(name: str, zh: str, en: str) -> RefusedFileError:
    """The refusal of a file; `zh` and `en` go on after its name."""
    return RefusedFileError(f"文件 {name} {zh}", f"{name} {en}")


def damaged(name: str) -> RefusedFileError:
    """The refusal of a workbook whose parts cannot be read."""
    return refused(
        name,
        "已损坏，无法作为 Excel 工作簿打开；请重新保存为 .xlsx 后报送。",
        "is damaged and cannot be opened as a workbook; save it again as .xlsx and deliver it"
        " again.",
    )


def too_big(name: str) -> RefusedFileError:
    """The refusal of a workbook that unpacks to more than it may."""
    return refused(
        name,
        "解压后的大小异常，疑似压缩炸弹，未打开；请检查文件后重新报送。",
        "unpacks to far more than a workbook should, like a zip bomb; it was not opened.",
    )


def check_kind(path: Path, name: str) -> None:
    """Look at the first bytes of a file.

    Raises:
        RefusedFileError: If it is no archive, as every .xlsx is.
    """
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
        if start.startswith(_OLE):
            raise refused(name, *_ole_kind(start + file.read(1 << 22)))
    if not start:
        raise refused(
            name, "是空文件（0 字节）；请重新导出。", "is empty (0 bytes); export it again."
        )
    if start.startswith(b"PK"):
        return
    for kind in _KINDS:
        if kind.pattern.match(start):
            raise refused(name, kind.zh, kind.en)
    if not start.strip(b"\0"):
        raise damaged(name)
    raise refused(name, *_TEXT)


def _ole_kind(data: bytes) -> tuple[str, str]:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return (
            "已加密，无法读取；请取消打开密码后重新报送。",
            "is protected by a password; remove it and deliver the file again.",
        )
    if any(word.encode("utf-16-le") in data for word in ("WordDocument", "PowerPoint Document")):
        return (
            "是 Word 或 PowerPoint 文件，不是 Excel 工作簿；请报送 .xlsx 文件。",
            "is a Word or PowerPoint file, not a workbook; deliver the .xlsx file.",
        )
    return (
        "是旧版 Excel（.xls）或其他 OLE 文件，不是 .xlsx；请另存为 .xlsx。",
        "is an old .xls or another OLE file, not .xlsx; save it as .xlsx.",
    )


def check_members(package: zipfile.ZipFile, name: str) -> None:
    """Look at the list of an archive's members; none is unpacked.

    Raises:
        RefusedFileError: If they are too many, too big, doubled, named like paths, or of a kind
            that no delivered workbook may hold.
    """
    members = package.infolist()
    if len(members) > _MOST_MEMBERS:
        raise refused(
            name,
            f"内部有 {len(members):,} 个部件，远多于正常工作簿，未打开；请重新另存为 .xlsx。",
            f"holds {len(members):,} parts inside, far more than a workbook has; it was not"
            " opened. Save it again as .xlsx.",
        )
    _check_names(members, name)
    _check_sizes(members, name)
    if any(member.flag_bits & 1 for member in members):
        raise refused(
            name,
            "已加密，无法读取；请取消密码后重新报送。",
            "is protected by a password; remove it and deliver the file again.",
        )
    names = [member.filename.lower() for member in members]
    for content in _CONTENTS:
        if any(content.pattern.fullmatch(each) for each in names):
            raise refused(name, content.zh, content.en)
    links = [m for m in members if "/externallinks/" in m.filename.lower()]
    if links:
        small = [m for m in links if m.file_size <= PIECE_BYTES]
        has_dde = any(b"ddeLink" in package.read(member) for member in small)
        raise refused(name, *(_DDE if has_dde else _LINKS))
    if "mimetype" in names and b"opendocument" in package.read(members[names.index("mimetype")]):
        raise refused(name, *_OPEN_DOCUMENT)
    if any(each.endswith(_ARCHIVE_NAMES) for each in names):
        raise refused(name, *_NESTED)


def _check_names(members: list[zipfile.ZipInfo], name: str) -> None:
    for member in members:
        inside = member.orig_filename
        parts = re.split(r"[/\\]", inside)
        is_path = ".." in parts or inside[:1] in ("/", "\\") or ":" in inside or "\\" in inside
        if is_path or len(inside) > _LONGEST_NAME or re.search(r"[\x00-\x1f\x7f]", inside):
            # The name is told to nobody: it may be made to do harm where it is shown.
            raise refused(
                name,
                "内部部件的名称像文件路径或含有控制字符，存在安全风险，未打开；"
                "请重新另存为 .xlsx。",
                "has parts inside that are named like paths or with control characters, which is a"
                " security risk; it was not opened. Save it again as .xlsx.",
            )
    names = [member.filename.lower() for member in members]
    if len(set(names)) < len(names):
        raise refused(
            name,
            "内部有重名的部件，不同程序读出的内容会不同，未打开；请重新另存为 .xlsx。",
            "has parts inside with the same name, so programs read it differently; it was not"
            " opened. Save it again as .xlsx.",
        )


def _check_sizes(members: list[zipfile.ZipInfo], name: str) -> None:
    packed = sum(member.compress_size for member in members) or 1
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_BYTES or (unpacked > SMALL_BYTES and unpacked / packed > _MOST_RATIO):
        raise too_big(name)
    for member in members:
        if member.file_size > max(member.compress_size * _MOST_RATIO, SMALL_BYTES):
            raise too_big(name)
    # Members that share their bytes unpack to more than the archive could hold.
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise too_big(name)
        end = member.header_offset + member.compress_size


def check_streams(package: zipfile.ZipFile, name: str, besides: frozenset[str]) -> None:
    """Unpack every member once, but for those that are looked over later, and keep nothing.

    What an archive says of its members' sizes and checksums may be a lie; readers believe it.

    Raises:
        RefusedFileError: If a member is not what it is said to be, or an archive of its own.
    """
    for member in package.infolist():
        if member.filename in besides or member.is_dir():
            continue
        with package.open(member) as part:
            first = part.read(PIECE_BYTES)
            if first.startswith((b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
                raise refused(name, *_NESTED)
            while part.read(PIECE_BYTES):
                pass
