"""Lines of fixed width: places are bytes of the declared encoding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, CUSTOMER, NOTE, SERIAL, Feed, column, feed

NAME = "entry_20250131.dat"
FIELDS = [
    {"heading": "流水号", "start": 1, "length": 4},
    {"heading": "户名", "start": 5, "length": 8},
    {"heading": "金额", "start": 15, "length": 9},
    {"heading": "备注", "start": 24, "length": 6},
]


def fixed(amount: Any = AMOUNT, encoding: str = "gb18030", **settings: Any) -> Feed:
    file = {"pattern": "entry_{date}.dat", "format": "fixed", "encoding": encoding,
            "fields": FIELDS, **settings}  # fmt: skip
    return feed(SERIAL, CUSTOMER, amount, NOTE, files=[file])


def line(serial: str, name: str, amount: str, note: str = "", encoding: str = "gb18030") -> bytes:
    """A line whose fields are padded to their lengths in bytes; two bytes belong to none."""
    parts = [(serial, 4), (name, 8), ("--", 2), (amount, 9), (note, 6)]
    return b"".join(text.encode(encoding).ljust(length) for text, length in parts)


GOOD = [line("S1", "张三", "1.00", "注"), line("S2", "𠮷田", "-2.50"), line("S3", "镕", "3")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_fields_are_cut_by_bytes(deliver: Deliver, end: bytes) -> None:
    reading = deliver(end.join([*GOOD, b""]), fixed(), NAME)
    assert reading.values("customer_name") == ["张三", "𠮷田", "镕"]
    assert reading.values("amount") == [Decimal("1.00"), Decimal("-2.50"), Decimal("3.00")]
    assert reading.values("note_text") == ["注", None, None]
    assert [row["source_row"] for row in reading.rows] == [1, 2, 3]
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("spoilt", "code", "zh", "en"),
    [
        (GOOD[1][:-1], "short_line", "该行有 28 字节，约定为 29 字节", "28 bytes where 29"),
        (GOOD[1] + b"x", "long_record", "该行有 30 字节", "another length now"),
        (
            "S2  a张三丰李-2              ".encode("gb18030"),
            "cut_character",
            "字段边界切断了一个汉字",
            "cuts a character in two",
        ),
        (b"S2  \xff" + GOOD[1][5:], "encoding", "该行第 5 字节（FF）", "Byte 5 of the line"),
        (GOOD[1].replace(b"-2", b"\x1f2"), "control", "不可见的控制字符", "invisible"),
        (line("S2", "李四", "1,2"), "unreadable", "千分位逗号位置不对", "thousands"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_alone(
    deliver: Deliver, spoilt: bytes, code: str, zh: str, en: str
) -> None:
    reading = deliver(b"\n".join([GOOD[0], spoilt, GOOD[2], b""]), fixed(), NAME)
    assert reading.values("serial_id") == ["S1", "S3"]
    (refused,) = reading.refused
    assert (refused.row, refused.codes) == (2, [code])
    assert zh in refused.sentence.zh
    assert en in refused.sentence.en
    assert reading.adds_up()


def test_blanks_behind_the_last_field_are_no_field(deliver: Deliver) -> None:
    lines = [GOOD[0] + b"   ", GOOD[1], b"", GOOD[2]]
    assert len(deliver(b"\n".join([*lines, b""]), fixed(), NAME).rows) == 3


def test_a_first_line_of_headings_may_be_passed_over(deliver: Deliver) -> None:
    data = b"\n".join([b"HDR 20250131", *GOOD, b""])
    reading = deliver(data, fixed(header=True), NAME)
    assert [row["source_row"] for row in reading.rows] == [2, 3, 4]
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("trailer", "state"),
    [(b"T0000003   1.50", "loaded"), (b"T0000004   1.50", "held"), (b"T0000003", "refused")],
)
def test_a_trailer_is_told_by_its_bytes(deliver: Deliver, trailer: bytes, state: str) -> None:
    of = fixed(
        trailer={
            "marker": "T",
            "rows": {"start": 2, "length": 7},
            "totals": {"amount": {"start": 9, "length": 7}},
        }
    )
    reading = deliver(b"\n".join([*GOOD, trailer, b""]), of, NAME)
    assert reading.report.state == state


def test_figures_without_a_point_are_mended_as_the_feed_says(deliver: Deliver) -> None:
    cents = column("amount", "金额", "money", rewrite=[["^0*([0-9]+)([0-9]{2})$", "\\1.\\2"]])
    data = b"\n".join([line("S1", "张三", "000012345"), line("S2", "李四", "000000005"), b""])
    assert deliver(data, fixed(cents), NAME).values("amount") == [
        Decimal("123.45"),
        Decimal("0.05"),
    ]


def test_an_empty_file_of_fixed_width_has_no_rows(deliver: Deliver) -> None:
    assert [d.code for d in deliver(b"", fixed(), NAME).report.doubts] == ["empty"]


def test_utf8_is_counted_in_bytes_too(deliver: Deliver) -> None:
    data = b"\n".join([line("S1", "张三", "1", encoding="utf-8"), b""])
    assert deliver(data, fixed(encoding="utf-8"), NAME).values("customer_name") == ["张三"]
