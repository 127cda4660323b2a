"""What comes under the name of a workbook: each kind of file gets a refusal of its own."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from tests.unit.ingestion.books import (
    GOOD,
    HEADING_ROW,
    SHEET,
    patched,
    raw,
    row,
    typed,
    written,
)
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import XLSX

BOOK = typed(HEADING_ROW, GOOD)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
NESTED = (
    "内部还装有压缩包，系统不接收；请直接报送其中的 .xlsx 文件。",
    "holds another archive inside",
)
NAMED = ("内部部件的名称像文件路径或含有控制字符", "parts inside that are named like paths")
BOMB = ("疑似压缩炸弹，未打开", "like a zip bomb; it was not opened")
DAMAGED = ("已损坏，无法作为 Excel 工作簿打开", "is damaged and cannot be opened as a workbook")
DDE = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'


def with_member(name: str, data: bytes = b"x") -> Callable[[], bytes]:
    return lambda: patched(BOOK, add={name: data})


def lying() -> bytes:
    """A book whose shared strings are said to be few, and unpack to fifty megabytes."""
    texts = b"<sst>" + b" " * 50_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(texts) + packer.flush()
    data = bytearray(patched(BOOK, add={"xl/more.xml": b"y" * 100}, drop=[]))
    buffer = io.BytesIO(bytes(data))
    with zipfile.ZipFile(buffer, "a") as package:
        info = zipfile.ZipInfo("xl/lie.xml")
        info.compress_type = zipfile.ZIP_STORED
        package.writestr(info, packed)
    data = bytearray(buffer.getvalue())
    for mark, place in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
        at = data.rfind(mark + bytes(0))
        while data[at + place : at + place + 10] != b"xl/lie.xml":
            at = data.rfind(mark, 0, at)
        offset = at + (8 if place == 30 else 10)
        data[offset : offset + 2] = struct.pack("<H", zipfile.ZIP_DEFLATED)
        size = at + (22 if place == 30 else 24)
        data[size : size + 4] = struct.pack("<I", 1000)
    return bytes(data)


def overlapping() -> bytes:
    """A book two of whose members are the same bytes."""
    data = bytearray(patched(BOOK, add={"xl/a.xml": b"x" * 1000, "xl/b.xml": b"x" * 1000}))
    first = data.find(b"PK\x01\x02")
    entries = {}
    while first >= 0:
        length = struct.unpack("<H", data[first + 28 : first + 30])[0]
        entries[bytes(data[first + 46 : first + 46 + length])] = first
        first = data.find(b"PK\x01\x02", first + 4)
    a, b = entries[b"xl/a.xml"], entries[b"xl/b.xml"]
    data[b + 42 : b + 46] = data[a + 42 : a + 46]
    return bytes(data)


def wrong_checksum(member: str) -> Callable[[], bytes]:
    def make() -> bytes:
        data = bytearray(BOOK)
        for mark, name_at, at in ((b"PK\x03\x04", 30, 14), (b"PK\x01\x02", 46, 16)):
            place = data.find(mark)
            while data[place + name_at : place + name_at + len(member)] != member.encode():
                place = data.find(mark, place + 4)
            data[place + at] ^= 0xFF
        return bytes(data)

    return make


@pytest.mark.parametrize(
    ("make", "zh", "en"),
    [
        pytest.param(
            lambda: b"<html><table><tr><td>1</td></tr></table></html>",
            "是网页（HTML），只是改成了 .xlsx 的名字；请用 Excel 打开并另存为 .xlsx。",
            "is a web page (HTML) under the name of a workbook",
            id="html",
        ),
        pytest.param(
            lambda: b"\xef\xbb\xbf\r\n<TABLE border=1>", "是网页（HTML）", "web page", id="table"
        ),
        pytest.param(lambda: b"MIME-Version: 1.0\r\n", "是网页（HTML）", "web page", id="mhtml"),
        pytest.param(
            lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:'
            b'spreadsheet"/>',
            "是 2003 版 XML 表格",
            "is an XML spreadsheet of 2003",
            id="xml 2003",
        ),
        pytest.param(
            lambda: b"\x09\x08\x10\x00\x00\x06\x05\x00", "是很旧的 Excel", "very old", id="biff"
        ),
        pytest.param(
            lambda: OLE + "WordDocument".encode("utf-16-le"), "是 Word", "is a Word", id="doc"
        ),
        pytest.param(lambda: b"%PDF-1.7", "是 PDF 文件", "is a PDF", id="pdf"),
        pytest.param(lambda: b"\x89PNG\r\n\x1a\n", "是图片", "is a picture", id="picture"),
        pytest.param(lambda: b"Rar!\x1a\x07", "是压缩包", "is an archive", id="rar"),
        pytest.param(lambda: bytes(5000), *DAMAGED, id="zero bytes"),
        pytest.param(
            with_member("xl/embeddings/oleObject1.bin"),
            "嵌有其他文件或控件（OLE 对象），系统不接收；请删除嵌入的对象后重新报送。",
            "holds embedded files or controls (OLE objects)",
            id="ole object",
        ),
        pytest.param(
            with_member("xl/embeddings/book.xlsx", BOOK), "OLE 对象", "embedded", id="embedded book"
        ),
        pytest.param(with_member("xl/activeX/activeX1.xml"), "OLE", "controls", id="control"),
        pytest.param(
            with_member("xl/macrosheets/sheet1.xml"), "含有宏", "holds macros", id="old macro"
        ),
        pytest.param(with_member("word/document.xml"), "是 Word", "is a Word", id="docx"),
        pytest.param(
            with_member("xl/externalLinks/externalLink1.xml", DDE),
            "含有 DDE 链接（会启动其他程序），系统不接收；请删除该链接（粘贴为数值）后重新报送。",
            "holds DDE links, which start other programs",
            id="dde",
        ),
        pytest.param(
            with_member("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
            "是 OpenDocument 表格（.ods）",
            "is an OpenDocument sheet",
            id="ods",
        ),
        pytest.param(with_member("xl/data.zip"), *NESTED, id="nested by name"),
        pytest.param(with_member("xl/media/image1.png", BOOK), *NESTED, id="nested by content"),
        pytest.param(with_member("../../etc/passwd"), *NAMED, id="upwards"),
        pytest.param(with_member("/etc/passwd"), *NAMED, id="absolute"),
        pytest.param(with_member("xl\\worksheets\\x.xml"), *NAMED, id="backslash"),
        pytest.param(with_member("C:x.xml"), *NAMED, id="drive"),
        pytest.param(with_member("xl/\x1b[31m.xml"), *NAMED, id="control character"),
        pytest.param(with_member("xl/" + "a" * 300), *NAMED, id="long name"),
        pytest.param(overlapping, *BOMB, id="shared bytes"),
        pytest.param(lying, *DAMAGED, id="lying size"),
        pytest.param(wrong_checksum(SHEET), *DAMAGED, id="checksum of the sheet"),
        pytest.param(wrong_checksum("xl/styles.xml"), *DAMAGED, id="checksum of styles"),
        pytest.param(
            lambda: patched(BOOK, {"xl/workbook.xml": lambda p: p.decode().encode("utf-16")}),
            *DAMAGED,
            id="utf-16",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_no_plain_workbook_is_told_what_it_is(
    deliver: Deliver, make: Callable[[], bytes], zh: str, en: str
) -> None:
    reading = deliver(make(), name=XLSX)
    assert (reading.report.state, reading.rows) == ("refused", [])
    assert reading.refusal.zh.startswith(f"文件 {XLSX} ")
    assert zh in reading.refusal.zh
    assert reading.refusal.en.startswith(XLSX)
    assert en in reading.refusal.en
    assert "\x1b" not in "".join(reading.refusal)


def _strict(part: bytes) -> bytes:
    office = b"http://schemas.openxmlformats.org/"
    pure = b"http://purl.oclc.org/ooxml/"
    return part.replace(office + b"spreadsheetml/2006/main", pure + b"spreadsheetml/main").replace(
        office + b"officeDocument/2006/relationships", pure + b"officeDocument/relationships"
    )


def _prefixed(part: bytes) -> bytes:
    part = part.replace(b"</", b"\0").replace(b"<?", b"\1").replace(b"<", b"<x:")
    part = part.replace(b"\0", b"</x:").replace(b"\1", b"<?")
    return part.replace(b'xmlns="http://schemas.openxml', b'xmlns:x="http://schemas.openxml', 1)


PARTS = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", SHEET)
TEXTS = [
    "<si><t>S1</t></si>",
    "<si><r><t>张</t></r><r><rPr><b/></rPr><t>三</t></r></si>",
    '<si><t>漢字</t><rPh sb="0" eb="2"><t>かんじ</t></rPh><phoneticPr fontId="1"/></si>',
]


def _shared() -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = "".join(f'<c r="{"ABE"[n]}2" t="s"><v>{n}</v></c>' for n in range(3))
    sheet = raw(f'<row r="2">{cells}</row>')
    with zipfile.ZipFile(io.BytesIO(sheet)) as package:
        part = package.read(SHEET)
    texts = f"<sst {space}>{''.join(TEXTS)}</sst>".encode()
    book = written(lambda _, sheet: sheet.write_row(1, 0, GOOD[:2]))
    return patched(book, {SHEET: lambda _: part, "xl/sharedStrings.xml": lambda _: texts})


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: patched(BOOK, dict.fromkeys(PARTS, _strict)), id="strict"),
        pytest.param(lambda: patched(BOOK, {SHEET: _prefixed}), id="prefixes"),
        pytest.param(_shared, id="rich and phonetic texts"),
        pytest.param(with_member("xl/media/image1.png", b"\x89PNG"), id="picture"),
        pytest.param(with_member("xl/charts/chart1.xml", b"<c/>"), id="chart"),
        pytest.param(with_member("xl/pivotCache/pivotCacheRecords1.xml", b"<p/>"), id="pivot"),
        pytest.param(with_member("xl/printerSettings/printerSettings1.bin"), id="printer"),
        pytest.param(
            lambda: raw(row(2, "S1", "张三"), after='<dataValidations count="1"/><v>9</v>'),
            id="what stands behind the rows",
        ),
    ],
)
def test_a_plain_workbook_is_read_whoever_wrote_it(
    deliver: Deliver, make: Callable[[], bytes]
) -> None:
    reading = deliver(make(), name=XLSX)
    assert (reading.values("serial_id"), reading.values("customer_name")) == (["S1"], ["张三"])
    assert reading.values("note_text")[0] in ("注", "漢字", None)
    assert reading.adds_up()
