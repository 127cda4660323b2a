"""Extracts: every line ends as loaded, quarantined or no data, and its sender learns which."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CUSTOMER,
    DATE,
    ENTRY,
    HEADINGS,
    NOTE,
    SERIAL,
    extract_of,
    feed,
    may_be_empty,
)

GOOD = "S1|张三|20250131|1.00|"
OTHER = "S2|李四|20250131|2.00|注"


def test_a_row_is_loaded_with_its_place(deliver: Deliver) -> None:
    reading = deliver(extract_of(GOOD, OTHER))
    first, second = reading.rows
    assert first == {
        "serial_id": "S1",
        "customer_name": "张三",
        "booked_date": dt.date(2025, 1, 31),
        "amount": Decimal("1.00"),
        "note_text": None,
        "batch_id": reading.report.batch_id,
        "batch_precedence": "0000|2|",
        "source_file": "entry_20250131.csv",
        "source_sheet": None,
        "source_row": 2,
    }
    assert (second["serial_id"], second["source_row"]) == ("S2", 3)
    assert (reading.report.state, reading.report.returned) == ("loaded", None)
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("金额|备注|流水号|户名|日期", "1.00||S1|张三|20250131"),
        (" 流水号　|户 名|日期|金 额|备注", GOOD),
        ("serial_id|Customer_Name|BOOKED_DATE|amount|note_text", GOOD),
        ('"流水号"|"户名"|"日期"|"金额"|"备注"', GOOD),
        ("流水号|户名|日期|金额", "S1|张三|20250131|1.00"),
        ("流水号|户名|日期|金额|备注||", "S1|张三|20250131|1.00|||"),
    ],
)
def test_columns_are_found_by_their_heading(deliver: Deliver, headings: str, row: str) -> None:
    (loaded,) = deliver(extract_of(row, headings=headings)).rows
    assert (loaded["serial_id"], loaded["customer_name"]) == ("S1", "张三")
    assert (loaded["booked_date"], loaded["amount"]) == (dt.date(2025, 1, 31), Decimal("1.00"))


@pytest.mark.parametrize(
    ("line", "code", "zh", "en"),
    [
        ("S2|李四|2025", "short_line", "该行有 3 列，少于标题行的 5 列", "has 3 columns"),
        ("S2", "short_line", "该行有 1 列，少于标题行的 5 列", "whether the line was cut off"),
        (GOOD + "|x", "long_record", "该行有 6 列，多于标题行的 5 列", "has 6 columns"),
        ('S2|"李四|20250131|1|', "quote", "引号没有配对", "quotes do not pair"),
        ('S2|"李"四|20250131|1|', "quote", "引号没有配对", "quotes do not pair"),
        ("S2|李\0四|20250131|1|", "control", "不可见的控制字符", "invisible control character"),
        ("S2|李\r四|20250131|1|", "control", "不可见的控制字符", "invisible control character"),
        ("\x1a||||", "control", "不可见的控制字符", "invisible control character"),
        ("S2|\x1a|20250131|1|", "control", "请从源系统重新导出", "export it again"),
        (
            "S2|李四|20250131|1|" + "注" * 1_000_001,
            "long_line",
            "1,000,000 个的上限",
            "at most 1,000,000",
        ),
    ],
)
def test_a_line_that_is_no_record_is_quarantined_alone(
    deliver: Deliver, line: str, code: str, zh: str, en: str
) -> None:
    reading = deliver(extract_of(GOOD, line, "S3|王五|20250131|3.00|"))
    assert reading.values("serial_id") == ["S1", "S3"]
    (refused,) = reading.refused
    assert (refused.row, refused.codes) == (3, [code])
    assert zh in refused.sentence.zh
    assert en in refused.sentence.en
    assert json.loads(refused.cells) == {"": line}
    assert reading.report.reasons == {code: 1}
    assert reading.adds_up()


def test_a_row_with_cells_that_cannot_be_read_is_told_by_heading(deliver: Deliver) -> None:
    reading = deliver(extract_of(GOOD, "S2||2025-02-30|1,,2|x"))
    (refused,) = reading.refused
    assert refused.row == 3
    assert json.loads(refused.cells) == {
        "流水号": "S2",
        "户名": "",
        "日期": "2025-02-30",
        "金额": "1,,2",
        "备注": "x",
    }
    assert [(r["heading"], r["raw"], r["code"]) for r in refused.reasons] == [
        ("户名", "", "missing"),
        ("日期", "2025-02-30", "unreadable"),
        ("金额", "1,,2", "unreadable"),
    ]
    assert refused.reasons[2]["reason_zh"] == "“1,,2”千分位逗号位置不对。"
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (['S1|"张|三"|20250131|1|"a""b"'], [("张|三", 'a"b')]),
        (['S1|"张\n三"|20250131|1|x', OTHER], [("张\n三", "x"), ("李四", "注")]),
        (['S1|"张\r\n三"|20250131|1|x', OTHER], [("张\n三", "x"), ("李四", "注")]),
        # A stray quote at the end takes nothing with it.
        (['S1|张"三|20250131|1|"', OTHER], [("李四", "注")]),
        (["S1| 张三　|20250131|1|\u3000"], [("张三", None)]),
        (['S1|" 张三 "|20250131|1|""'], [("张三", None)]),
        (["S1|Cafe\u0301|20250131|1|"], [("Café", None)]),
        (["S1|张\t三|20250131|1|"], [("张\t三", None)]),
    ],
)
def test_quotes_blanks_and_line_ends_inside_cells(
    deliver: Deliver, rows: list[str], values: list[tuple[str, str | None]]
) -> None:
    reading = deliver(extract_of(*rows))
    found = list(zip(reading.values("customer_name"), reading.values("note_text"), strict=True))
    assert found == values
    assert reading.adds_up()


def test_a_record_over_several_lines_counts_each_of_them(deliver: Deliver) -> None:
    report = deliver(extract_of('S1|"张\n\n三"|20250131|1|x', OTHER)).report
    assert (report.rows_in, report.rows_loaded, report.rows_not_data) == (5, 2, 3)
    assert report.counted_rows == 5


def test_a_quote_that_is_never_closed_swallows_nothing(deliver: Deliver) -> None:
    rows = [f"S{n}|张三|20250131|1|" for n in range(2, 302)]
    reading = deliver(extract_of('S1|"张三|20250131|1|', *rows))
    assert reading.report.rows_loaded == 300
    assert [(refused.row, refused.codes) for refused in reading.refused] == [(2, ["quote"])]


def test_lines_that_may_be_one_record_or_two_are_neither(deliver: Deliver) -> None:
    """S2 became the end of S1's note, and was counted as no data."""
    reading = deliver(
        extract_of('S1|张三|20250131|1|"5寸屏幕', 'S2|李四|20250131|2|电视55"', OTHER)
    )
    assert [row["source_row"] for row in reading.rows] == [4]
    assert [(refused.row, refused.codes) for refused in reading.refused] == [
        (2, ["quote"]),
        (3, ["quote"]),
    ]
    assert reading.adds_up()


def test_a_note_of_several_lines_in_a_narrow_file_is_one(deliver: Deliver) -> None:
    of = feed(SERIAL, CUSTOMER, NOTE)
    reading = deliver(extract_of('S1|张三|"第一行\n甲|乙|丙"', headings="流水号|户名|备注"), of)
    assert reading.values("note_text") == ["第一行\n甲|乙|丙"]


@pytest.mark.parametrize("record", ['"S1\n2"|张三|20250131|1|', 'S1|"张\n三"|20250131|1|"a|b"'])
def test_a_record_whose_cells_have_two_lines_is_one(deliver: Deliver, record: str) -> None:
    reading = deliver(extract_of(record, OTHER))
    assert [row["source_row"] for row in reading.rows] == [2, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_heading_among_the_records_is_no_data(deliver: Deliver, end: str) -> None:
    """Two files put together: the heading was loaded as a customer where all columns are texts."""
    of = feed(SERIAL, CUSTOMER, NOTE)
    lines = ["流水号|户名|备注", "S1|张三|", "流水号|户名|备注", "S2|李四|", ""]
    reading = deliver(end.join(lines), of)
    assert reading.values("serial_id") == ["S1", "S2"]
    assert (reading.report.rows_in, reading.report.rows_not_data) == (4, 2)
    assert reading.adds_up()


def test_line_ends_that_a_second_transfer_doubled_are_line_ends(deliver: Deliver) -> None:
    """Every row was refused for an invisible control character."""
    reading = deliver(extract_of(GOOD, OTHER).replace("\n", "\r\r\n"))
    assert (len(reading.rows), reading.refused) == (2, [])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_are_no_data(deliver: Deliver, end: str) -> None:
    text = end.join([HEADINGS, "", GOOD, "  ", OTHER, "", ""])
    reading = deliver(text.encode("gb18030"))
    report = reading.report
    assert [row["source_row"] for row in reading.rows] == [3, 5]
    assert (report.rows_in, report.rows_loaded, report.rows_not_data) == (6, 2, 4)
    assert reading.adds_up()


def test_a_line_of_delimiters_is_a_row_that_says_nothing(deliver: Deliver) -> None:
    reading = deliver(extract_of(GOOD, "||||"))
    assert reading.refused[0].codes == ["missing", "missing"]


def test_a_last_line_without_its_end_holds_the_file(deliver: Deliver) -> None:
    reading = deliver(extract_of(GOOD, OTHER).removesuffix("\n"))
    assert (reading.report.state, reading.rows) == ("held", [])
    (doubt,) = reading.report.doubts
    assert doubt.code == "cut"
    assert "最后一行没有换行符，可能传输不完整" in doubt.reason.zh
    assert "the file may have been cut off" in doubt.reason.en
    assert reading.adds_up()


@pytest.mark.parametrize(("end", "lines"), [("\n\x1a", 4), ("\r\n\x1a\x1a", 4), ("\x1a", 3)])
def test_the_end_mark_of_old_systems_is_no_data(deliver: Deliver, end: str, lines: int) -> None:
    reading = deliver(extract_of(GOOD, OTHER).removesuffix("\n") + end)
    assert (reading.report.state, len(reading.rows)) == ("loaded", 2)
    assert reading.report.rows_in == lines
    assert reading.adds_up()


def test_a_sender_may_never_end_its_last_line(deliver: Deliver) -> None:
    file = {"pattern": "entry_{date}.csv", "format": "csv", "encoding": "gb18030",
            "delimiter": "|", "ends_last_line": False}  # fmt: skip
    of = feed(SERIAL, CUSTOMER, DATE, AMOUNT, NOTE, files=[file])
    assert deliver(extract_of(GOOD, OTHER).removesuffix("\n"), of).report.state == "loaded"


def test_a_file_cut_inside_a_line_is_never_loaded(deliver: Deliver) -> None:
    """F20 without trailer or control file: all but cuts at a line's end can be told."""
    data = extract_of(GOOD, OTHER).encode("gb18030")
    loaded = []
    for cut in range(data.index(b"\n") + 2, len(data)):
        reading = deliver(data[:cut])
        if reading.report.state == "loaded":
            loaded.append(cut)
        assert reading.adds_up()
    assert loaded == [data.index(b"\n", data.index(b"\n") + 1) + 1]


def test_a_heading_alone_is_held_unless_the_feed_may_be_empty(deliver: Deliver) -> None:
    reading = deliver(extract_of())
    assert [doubt.code for doubt in reading.report.doubts] == ["empty"]
    assert "没有一行数据" in reading.report.doubts[0].reason.zh
    assert "holds no rows" in reading.report.doubts[0].reason.en
    report = deliver(extract_of(), may_be_empty(ENTRY)).report
    counts = (report.state, report.rows_in, report.rows_loaded, report.key_count)
    assert counts == ("loaded", 1, 0, 0)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (extract_of(GOOD).replace("|", ","), "约定分隔符为“|”，标题行中却只有“,”", "only ','"),
        (extract_of(GOOD).replace("|", "\t"), "标题行中却只有“Tab”", "only 'Tab'"),
        (
            extract_of(*["a|b"] * 3).replace("\na", "\na|b|c|d\ra"),
            "部分行只以回车（CR）结尾",
            "end in CR alone",
        ),
    ],
)
def test_what_parts_fields_and_lines_is_told_when_it_is_another(
    deliver: Deliver, text: str, zh: str, en: str
) -> None:
    text = text.replace("a|b|c|d\ra|b", f"{GOOD}\r{OTHER}")
    reading = deliver(text)
    assert zh in reading.refusal.zh
    assert en in reading.refusal.en


def test_one_line_with_another_delimiter_is_told_alone(deliver: Deliver) -> None:
    reading = deliver(extract_of(GOOD, OTHER.replace("|", "^")))
    (refused,) = reading.refused
    assert refused.codes == ["delimiter"]
    assert "没有约定的分隔符“|”，却有“^”" in refused.sentence.zh


def test_a_file_may_be_agreed_to_have_no_headings(deliver: Deliver) -> None:
    bare = feed(
        SERIAL,
        CUSTOMER,
        AMOUNT,
        files=[
            {"pattern": "entry_{date}.csv", "format": "csv", "encoding": "gb18030",
             "delimiter": "\t", "quote": "", "header": False}
        ],
    )  # fmt: skip
    reading = deliver('S1\t"张三\t1\nS2\t李四\tx\n', bare)
    assert reading.values("customer_name") == ['"张三']
    assert (reading.refused[0].row, reading.refused[0].reasons[0]["heading"]) == (2, "金额")
    assert (reading.report.rows_in, reading.report.rows_not_data) == (2, 0)
    assert reading.adds_up()


def test_rows_keep_their_line_numbers_over_many_stretches_of_a_file(deliver: Deliver) -> None:
    """More than a megabyte, with a record across lines and refused rows far apart."""
    rows = [f"S{n}|{'张三' * 20}|20250131|1.10|{'备' * 30}" for n in range(20_000)]
    rows[9_000] = 'S9000|"张\n三"|20250131|1.10|'
    rows[12_345] = "S12345||20250131|1.10|"
    rows[19_999] = "S19999|张三|20250131|abc|"
    reading = deliver(extract_of(*rows))
    report = reading.report
    assert [(refused.row, refused.codes) for refused in reading.refused] == [
        (12_348, ["missing"]),
        (20_002, ["unreadable"]),
    ]
    assert '"S12345"' in reading.refused[0].cells
    assert (report.rows_loaded, report.money_total_loaded["amount"]) == (
        19_998,
        Decimal("21997.80"),
    )
    places = {row["serial_id"]: row["source_row"] for row in reading.rows}
    assert (places["S0"], places["S9000"], places["S9001"]) == (2, 9_002, 9_004)
    assert reading.adds_up()


def test_amounts_of_refused_rows_are_added_up_too(deliver: Deliver) -> None:
    reading = deliver(
        extract_of(GOOD, "S2||20250131|2.50|", "S3|x|20250131|?|", "S1|y|20250131|4|")
    )
    report = reading.report
    assert report.money_total_loaded == {"amount": Decimal("0.00")}
    # What cannot be read cannot be added; the two rows of one key are both refused.
    assert report.money_total_quarantined == {"amount": Decimal("7.50")}
    assert report.reasons == {"missing": 1, "unreadable": 1, "conflict": 2}
