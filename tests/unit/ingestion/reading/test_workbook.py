"""What is no workbook, or a dangerous one, is refused with a sentence of its own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from tests.unit.ingestion.books import GOOD, HEADING_ROW, SHEET, patched, raw, row, typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import XLSX, extract_of

BOOK = typed(HEADING_ROW, GOOD)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
ENTITY = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def _with_entity(part: bytes) -> bytes:
    head, _, rest = part.rpartition(b"?>")
    return head + (b"?>" if head else b"") + ENTITY + rest


def _locked() -> bytes:
    """An archive whose members say that they are encrypted."""
    data = bytearray(BOOK)
    place = 0
    while (place := data.find(b"PK\x01\x02", place)) >= 0:
        data[place + 8] |= 1
        place += 4
    return bytes(data)


def _doubled() -> bytes:
    """An archive with one name twice: which of them counts depends on the program."""
    buffer = io.BytesIO(BOOK)
    with zipfile.ZipFile(buffer, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr(SHEET, b"<worksheet/>")
    return buffer.getvalue()


DAMAGED = (
    "文件 entry_20250131.xlsx 已损坏，无法作为 Excel 工作簿打开；请重新保存为 .xlsx 后报送。",
    "is damaged and cannot be opened as a workbook; save it again as .xlsx",
)
BOMB = (
    "解压后的大小异常，疑似压缩炸弹，未打开；请检查文件后重新报送。",
    "unpacks to far more than a workbook should, like a zip bomb; it was not opened.",
)
SECURITY = (
    "的内部结构含有外部实体声明，存在安全风险，未打开；请重新另存为 .xlsx。",
    "declares XML entities inside, which is a security risk; it was not opened.",
)


@pytest.mark.parametrize(
    ("make", "zh", "en"),
    [
        pytest.param(
            lambda: b"",
            "是空文件（0 字节）；请重新导出。",
            "is empty (0 bytes); export it again.",
            id="empty",
        ),
        pytest.param(
            lambda: extract_of("S1|张三|20250131|1|").encode(),
            "不是 Excel 工作簿（可能是改名的文本文件）；请另存为 .xlsx 后重新报送。",
            "is no workbook (perhaps a text file under another name); save it as .xlsx",
            id="text",
        ),
        pytest.param(
            lambda: OLE,
            "是旧版 Excel（.xls）或其他 OLE 文件，不是 .xlsx；请另存为 .xlsx。",
            "is an old .xls or another OLE file, not .xlsx; save it as .xlsx.",
            id="xls",
        ),
        pytest.param(
            lambda: OLE + "EncryptedPackage".encode("utf-16-le") + bytes(100),
            "已加密，无法读取；请取消打开密码后重新报送。",
            "is protected by a password; remove it and deliver the file again.",
            id="encrypted",
        ),
        pytest.param(
            _locked,
            "已加密，无法读取；请取消密码后重新报送。",
            "is protected by a password",
            id="locked archive",
        ),
        pytest.param(lambda: BOOK[: len(BOOK) // 2], *DAMAGED, id="cut in half"),
        pytest.param(lambda: BOOK[:-1], *DAMAGED, id="cut by a byte"),
        pytest.param(lambda: BOOK[:30], *DAMAGED, id="cut at once"),
        pytest.param(lambda: b"PK\x03\x04", *DAMAGED, id="four bytes"),
        pytest.param(lambda: patched(BOOK, drop=[SHEET]), *DAMAGED, id="sheet missing"),
        pytest.param(
            lambda: patched(BOOK, {"xl/workbook.xml": lambda part: part[:-9]}),
            *DAMAGED,
            id="book cut",
        ),
        pytest.param(
            lambda: patched(BOOK, {"xl/styles.xml": lambda s: s.replace(b'Id="0"', b'Id="x"')}),
            *DAMAGED,
            id="styles",
        ),
        pytest.param(
            _doubled,
            "内部有重名的部件，不同程序读出的内容会不同，未打开；请重新另存为 .xlsx。",
            "has parts inside with the same name, so programs read it differently",
            id="member twice",
        ),
        pytest.param(
            lambda: patched(BOOK, add={"xl/vbaProject.bin": b"x"}),
            "含有宏，系统不接收；请另存为不含宏的 .xlsx 后重新报送。",
            "holds macros, which are not taken in; save it as .xlsx without macros.",
            id="macros",
        ),
        pytest.param(
            lambda: patched(BOOK, add={"xl/externalLinks/externalLink1.xml": b"<x/>"}),
            "引用了其他工作簿，其数值无法核实；请断开外部链接（粘贴为数值）后重新报送。",
            "links to other workbooks, so its figures cannot be relied on; break the links",
            id="links",
        ),
        pytest.param(
            lambda: patched(BOOK, add={"xl/workbook.bin": b"x"}),
            "是二进制工作簿（.xlsb）；请另存为 .xlsx 后重新报送。",
            "is a binary workbook (.xlsb); save it as .xlsx",
            id="xlsb",
        ),
        pytest.param(
            lambda: patched(BOOK, drop=["xl/workbook.xml", "_rels/.rels"]),
            "是压缩包而不是 Excel 工作簿；请直接报送 .xlsx 文件。",
            "is an archive but no workbook; deliver the .xlsx file itself.",
            id="archive",
        ),
        pytest.param(
            lambda: patched(BOOK, add={"xl/media/image1.png": bytes(60_000_000)}),
            *BOMB,
            id="bomb",
        ),
        pytest.param(
            lambda: patched(BOOK, add={f"xl/{n}": b"" for n in range(10_000)}),
            "个部件，远多于正常工作簿，未打开；请重新另存为 .xlsx。",
            "parts inside, far more than a workbook has; it was not opened.",
            id="members",
        ),
        pytest.param(lambda: patched(BOOK, {SHEET: _with_entity}), *SECURITY, id="sheet entity"),
        pytest.param(
            lambda: patched(BOOK, {"xl/workbook.xml": _with_entity}), *SECURITY, id="book entity"
        ),
        pytest.param(
            lambda: patched(BOOK, {"xl/styles.xml": _with_entity}), *SECURITY, id="styles entity"
        ),
        pytest.param(
            lambda: raw(row(1_048_576, more='<c r="XFD1048576"><v>1</v></c>')),
            "的数据区域达到 1,048,576 行 16,384 列，远超实际数据；请删除远处的空白单元格",
            "far beyond its data; delete the stray cells and save it again.",
            id="far cell",
        ),
        pytest.param(
            lambda: raw(row(2, "S1", "张三"), row(2, "S2", "李四")),
            "的第 2 行重复或次序错乱，不同程序读出的内容会不同；请重新另存为 .xlsx。",
            "has row 2 twice or out of order, so programs read it differently",
            id="row twice",
        ),
        pytest.param(
            lambda: raw(row(3, "S1", "张三"), row(2, "S2", "李四")),
            "的第 2 行重复或次序错乱",
            "has row 2 twice or out of order",
            id="row out of order",
        ),
        pytest.param(
            lambda: raw(row(1_048_577, "S1", "张三")),
            "的第 1048577 行重复或次序错乱",
            "has row 1048577 twice or out of order",
            id="row too far",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_not_a_plain_workbook(
    deliver: Deliver, make: Callable[[], bytes], zh: str, en: str
) -> None:
    reading = deliver(make(), name=XLSX)
    assert reading.report.state == "refused"
    assert (reading.rows, reading.refused, reading.report.rows_in) == ([], [], None)
    assert XLSX in reading.refusal.zh
    assert reading.refusal.zh.endswith(zh) or zh in reading.refusal.zh
    assert reading.refusal.en.startswith(XLSX)
    assert en in reading.refusal.en
    assert reading.report.returned is not None


def test_every_cut_of_a_workbook_is_refused(deliver: Deliver) -> None:
    for length in range(1, len(BOOK), len(BOOK) // 12):
        assert deliver(BOOK[:length], name=XLSX).report.state == "refused"


def test_a_flipped_bit_never_changes_a_row_in_silence(deliver: Deliver) -> None:
    """Of the checksums in the archive one is wrong then, or the bit is of no account.

    What could not be unpacked was called a defect of the program.
    """
    sound = deliver(BOOK, name=XLSX).rows
    for place in range(40, len(BOOK) - 40, len(BOOK) // 25):
        spoilt = bytearray(BOOK)
        spoilt[place] ^= 0x10
        reading = deliver(bytes(spoilt), name=XLSX)
        if reading.report.state == "loaded":
            own = [{**loaded, "batch_id": sound[0]["batch_id"]} for loaded in reading.rows]
            assert own == sound


@pytest.mark.parametrize(
    "name", ["x'; drop table t;--", '"); select 1;--', "a" * 31, "𠮷 表 (1)", "=cmd"]
)
def test_a_sheets_name_is_only_a_name(deliver: Deliver, name: str) -> None:
    data = typed(HEADING_ROW, GOOD, ["S2", None, None], then=lambda s: setattr(s, "title", name))
    reading = deliver(data, name=XLSX)
    assert [loaded["source_sheet"] for loaded in reading.rows] == [name]
    assert [refused.sheet for refused in reading.refused] == [name]


def test_a_protected_sheet_may_be_read(deliver: Deliver) -> None:
    data = typed(HEADING_ROW, GOOD, then=lambda sheet: setattr(sheet.protection, "sheet", True))
    assert deliver(data, name=XLSX).values("serial_id") == ["S1"]
