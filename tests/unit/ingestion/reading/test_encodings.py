"""Declared encodings are strict: a damaged byte costs its line, another encoding the file."""

from __future__ import annotations

import codecs

import pytest

from ingestion.contracts import Feed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CUSTOMER,
    DATE,
    NOTE,
    SERIAL,
    extract_of,
    feed,
)

GOOD = "S1|张三|20250131|1.00|"
ASCII_HEADINGS = "serial_id|customer_name|booked_date|amount|note_text"
UTF8 = feed(
    SERIAL,
    CUSTOMER,
    DATE,
    AMOUNT,
    NOTE,
    files=[{"pattern": "entry_{date}.csv", "format": "csv", "delimiter": "|"}],
)
GB_MARK = b"\x84\x31\x95\x33"


@pytest.mark.parametrize(
    "name",
    [
        "𠮷田",
        "𠀀𪛖",
        "㐀䶵",
        "龦",
        "阿卜杜拉·买买提",
        "€",
        "ﾃﾞ",
        "\ue000",
        "镕",
        "１２",
        "Ω",
        "😀",
    ],
)
def test_gb18030_survives_whole(deliver: Deliver, name: str) -> None:
    """Supplementary characters stand in names; readers of `GBK` lose them."""
    (row,) = deliver(extract_of(f"S1|{name}|20250131|1.00|")).rows
    assert row["customer_name"] == name


@pytest.mark.parametrize("start", [0x4E00, 0x5E00, 0x6E00, 0x7E00, 0x8E00, 0x9E00, 0x20000])
def test_a_thousand_characters_at_a_time_survive(deliver: Deliver, start: int) -> None:
    names = [
        "".join(map(chr, range(first, first + 16))) for first in range(start, start + 1024, 16)
    ]
    rows = [f"S{n}|{name}|20250131|1|" for n, name in enumerate(names)]
    assert deliver(extract_of(*rows)).values("customer_name") == names


@pytest.mark.parametrize(
    ("spoilt", "zh", "en"),
    [
        (b"S2|\xff\xfe|20250131|1|", "该行第 4 字节（FF）不是有效的 GB18030 编码", "Byte 4"),
        (
            b"S2|x|20250131|1|\x81",
            "该行第 17 字节（81）不是有效的 GB18030 编码",
            "not valid GB18030",
        ),
        (b"\x81\x20|x|20250131|1|", "该行第 1 字节（81）不是有效的 GB18030 编码", "may be damaged"),
    ],
)
def test_a_damaged_byte_costs_its_line_only(
    deliver: Deliver, spoilt: bytes, zh: str, en: str
) -> None:
    data = extract_of(GOOD).encode("gb18030") + spoilt + "\nS3|李四|20250131|2|\n".encode("gb18030")
    reading = deliver(data)
    assert reading.values("serial_id") == ["S1", "S3"]
    (refused,) = reading.refused
    assert (refused.row, refused.codes) == (3, ["encoding"])
    assert zh in refused.sentence.zh
    assert en in refused.sentence.en
    assert reading.adds_up()


def test_damage_far_into_a_file_is_found_at_its_line(deliver: Deliver) -> None:
    lines = [f"S{n}|张三{n}|20250131|1|".encode("gb18030") for n in range(50_000)]
    lines[41_000] = b"S41000|\x80\xff|20250131|1|"
    reading = deliver(extract_of().encode("gb18030") + b"\n".join(lines) + b"\n")
    assert [refused.row for refused in reading.refused] == [41_002]
    assert reading.report.rows_loaded == 49_999
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("data", "of", "looks"),
    [
        (extract_of(GOOD).encode(), None, "GB18030，实际像是 UTF-8"),
        (codecs.BOM_UTF8 + extract_of(GOOD).encode("gb18030"), None, "GB18030，实际像是 UTF-8"),
        (extract_of(GOOD).encode("gb18030"), UTF8, "UTF-8，实际像是 GB18030"),
        (GB_MARK + extract_of(GOOD).encode(), UTF8, "UTF-8，实际像是 GB18030"),
        (extract_of(GOOD).encode("utf-16"), None, "GB18030，实际像是 UTF-16"),
        (extract_of(GOOD).encode("utf-16-le"), None, "GB18030，实际像是 UTF-16"),
        (extract_of(GOOD).encode("utf-16-be"), UTF8, "UTF-8，实际像是 UTF-16"),
        (extract_of(GOOD).encode("utf-16"), UTF8, "UTF-8，实际像是 UTF-16"),
        (b"\xe9\xe8|x\nS1|y\n", UTF8, "UTF-8，实际像是"),
    ],
)
def test_another_encoding_is_told_of_the_file(
    deliver: Deliver, data: bytes, of: Feed | None, looks: str
) -> None:
    reading = deliver(data, of) if of else deliver(data)
    assert reading.report.state == "refused"
    assert reading.rows == []
    assert f"entry_20250131.csv 约定编码为 {looks}" in reading.refusal.zh
    assert reading.refusal.zh.endswith("请按约定编码重新导出。")
    assert reading.refusal.en.startswith("entry_20250131.csv should be ")
    assert reading.refusal.en.endswith("export it again in the agreed encoding.")


def test_utf8_is_noticed_behind_headings_in_ascii(deliver: Deliver) -> None:
    """Most of it decodes as GB18030, to other names."""
    rows = [f"S{n}|张三丰|20250131|1|" for n in range(2)]
    reading = deliver(extract_of(*rows, headings=ASCII_HEADINGS).encode())
    assert "实际像是 UTF-8" in reading.refusal.zh


def test_utf8_is_noticed_where_it_begins_late(deliver: Deliver) -> None:
    lines = [f"S{n}|{'x' * 50}|20250131|1|" for n in range(30_000)] + ["S|张三李四王五|20250131|1|"]
    reading = deliver(extract_of(*lines, headings=ASCII_HEADINGS).encode())
    assert "实际像是 UTF-8" in reading.refusal.zh
    assert reading.rows == []


def test_mostly_undecodable_lines_refuse_the_file(deliver: Deliver) -> None:
    rows = [f"S{n}|张三|20250131|1|" for n in range(4)]
    reading = deliver(extract_of(*rows, headings=ASCII_HEADINGS).encode("gb18030"), UTF8)
    assert "大部分行（4/4）不是有效的 UTF-8 编码" in reading.refusal.zh
    assert "(4 of 4) are not valid UTF-8; export it again" in reading.refusal.en


@pytest.mark.parametrize(
    ("mark", "encoding", "of"), [(codecs.BOM_UTF8, "utf-8", UTF8), (GB_MARK, "gb18030", None)]
)
def test_a_mark_of_the_declared_encoding_is_no_part_of_the_heading(
    deliver: Deliver, mark: bytes, encoding: str, of: Feed | None
) -> None:
    data = mark + extract_of(GOOD).encode(encoding)
    reading = deliver(data, of) if of else deliver(data)
    assert reading.values("serial_id") == ["S1"]
    assert reading.adds_up()


@pytest.mark.parametrize("text", ["", "\n", " \n\n", "\r\n"])
def test_an_empty_file_is_refused_with_what_to_do(deliver: Deliver, text: str) -> None:
    reading = deliver(text)
    assert reading.refusal.zh == (
        "文件 entry_20250131.csv 是空文件；请重新导出，没有数据时也要保留标题行。"
    )
    assert reading.refusal.en == (
        "entry_20250131.csv is empty; export it again, with its headings even when there are no"
        " rows."
    )


@pytest.mark.parametrize("text", ["\n" + extract_of(GOOD), "||||\n", '"流水号|户名\nS1|x\n'])
def test_a_first_line_that_is_no_heading_is_refused(deliver: Deliver, text: str) -> None:
    reading = deliver(text)
    assert "第 1 行不是标题行；请在第 1 行输出标题" in reading.refusal.zh
    assert "write the headings on the first line" in reading.refusal.en


def test_lines_that_end_in_cr_alone_are_refused(deliver: Deliver) -> None:
    """The whole file became one long heading: no row was loaded, and nobody was told why."""
    reading = deliver(extract_of(GOOD, "S2|李四|20250131|2|").replace("\n", "\r"))
    assert "换行符是回车（CR），无法分行" in reading.refusal.zh
    assert "export it again with LF or CRLF" in reading.refusal.en


def test_a_file_without_any_line_end_is_refused(deliver: Deliver) -> None:
    reading = deliver(extract_of(GOOD).encode("gb18030") + b"x" * (36 << 20))
    assert "字节没有换行，不是按行导出的文本" in reading.refusal.zh
    assert "it is no text written line by line" in reading.refusal.en


@pytest.mark.parametrize("name", ["张", "张三", "李四光", "王小二郎", "镕", "（甲）", "𠮷"])
def test_a_few_characters_of_utf8_are_noticed(deliver: Deliver, name: str) -> None:
    """A file of figures with one name in it: as GB18030 it would be another name."""
    rows = ["S1|a|20250131|1|", f"S2|{name}|20250131|2|"]
    reading = deliver(extract_of(*rows, headings=ASCII_HEADINGS).encode())
    assert "实际像是 UTF-8" in reading.refusal.zh
    assert reading.rows == []


@pytest.mark.parametrize(
    "name",
    ["张", "张三", "李四光", "王小二郎", "联通", "镕基", "卢", "驴驴", "编码", "（甲）", "é"],
)
def test_a_few_characters_of_gb18030_are_what_they_are(deliver: Deliver, name: str) -> None:
    rows = ["S1|a|20250131|1|", f"S2|{name}|20250131|2|"]
    reading = deliver(extract_of(*rows, headings=ASCII_HEADINGS))
    assert reading.values("customer_name") == ["a", name]


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        (
            "\ue000\ue001",
            "文件含有 2 个自造字（私用区字符），已原样入库",
            "2 characters of private",
        ),
        (
            "a\ufffd",
            "文件含有 1 个替换符（U+FFFD），原字在导出前已丢失",
            "was lost before the export",
        ),
    ],
)
def test_odd_signs_are_loaded_and_remarked_upon(
    deliver: Deliver, name: str, zh: str, en: str
) -> None:
    reading = deliver(extract_of(f"S1|{name}|20250131|1|"))
    assert reading.values("customer_name") == [name]
    (note,) = reading.report.notes
    assert zh in note.zh
    assert en in note.en


def test_every_han_character_of_the_basic_plane_survives(deliver: Deliver) -> None:
    """All 20,902, and extension A: what is read is what was written."""
    signs = [chr(code) for code in (*range(0x4E00, 0x9FA6), *range(0x3400, 0x4DB6))]
    names = ["".join(signs[at : at + 40]) for at in range(0, len(signs), 40)]
    rows = [f"S{n}|{name}|20250131|1|" for n, name in enumerate(names)]
    assert deliver(extract_of(*rows)).values("customer_name") == names


@pytest.mark.parametrize(
    ("content", "zh"),
    [(b"PK\x03\x04\x14\0\0\0", "Excel 工作簿"), (b"\x1f\x8b\x08\0\0\0", "gzip 压缩文件")],
)
def test_a_file_that_is_no_text_is_called_what_it_is(
    deliver: Deliver, content: bytes, zh: str
) -> None:
    assert f"不是文本文件，实际像是{zh}" in deliver(content).refusal.zh


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_lines_of_utf8_among_others_are_quarantined(deliver: Deliver, mark: bytes) -> None:
    """Two systems' files put together: 张三 was loaded as 寮犱笁, with a note at best."""
    sound = extract_of(*(f"S{n}|李四|20250131|1.00|联通" for n in range(20))).encode("gb18030")
    foreign = mark + "T1|张三|20250131|1.00|\n".encode() + "T2|𠮷田|20250131|1|\n".encode()
    reading = deliver(sound + foreign + "S99|王五|20250131|1.00|\n".encode("gb18030"))
    assert set(reading.values("customer_name")) == {"李四", "王五"}
    assert [(refused.row, refused.codes) for refused in reading.refused] == [
        (22, ["encoding"]),
        (23, ["encoding"]),
    ]
    assert "可能是两个文件拼接而成" in reading.refused[0].sentence.zh
    assert reading.adds_up()


def test_text_that_could_be_utf8_by_accident_is_read_as_declared(deliver: Deliver) -> None:
    """联通 is well-formed in both; no line of ordinary Chinese is told for it."""
    names = ["联通", "联通公司", "鐧惧害", "浣犲ソ"]
    reading = deliver(extract_of(*(f"S{n}|{name}|20250131|1.00|" for n, name in enumerate(names))))
    assert reading.values("customer_name")[:2] == names[:2]
