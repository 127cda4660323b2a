"""Workbooks as clerks fill them in: every row is loaded, refused with a reason, or no data."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.ingestion.books import DAY, GOOD, HEADING_ROW, raw, row, typed, written
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, ENTRY, SERIAL, XLSX, feed, may_be_empty


def test_a_row_is_loaded_with_its_place(deliver: Deliver) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD), name=XLSX)
    (loaded,) = reading.rows
    assert (loaded["serial_id"], loaded["customer_name"], loaded["note_text"]) == (
        "S1",
        "张三",
        "注",
    )
    assert (loaded["booked_date"], loaded["amount"]) == (DAY, Decimal("1.50"))
    assert (loaded["source_file"], loaded["source_sheet"], loaded["source_row"]) == (
        XLSX,
        "流水",
        2,
    )
    assert reading.adds_up()


def test_titles_sums_and_signatures_are_no_data(deliver: Deliver) -> None:
    rows = [
        ["示例银行流水表"],
        ["单位：元", None, None, "2025年1月"],
        [],
        HEADING_ROW,
        GOOD,
        ["小计", None, None, 1.5],
        ["S2", "李四", DAY, 2, None],
        [None, None, None, None, None],
        ["合 计", None, None, 3.5],
        ["制表人：张三", None, "复核：李四"],
        ["注：金额以元计"],
    ]
    reading = deliver(typed(*rows), name=XLSX)
    assert [row["source_row"] for row in reading.rows] == [5, 7]
    report = reading.report
    assert (report.rows_in, report.rows_loaded, report.rows_not_data) == (9, 2, 7)
    assert reading.adds_up()


@pytest.mark.parametrize(
    "label",
    [
        *("合计", "合　计", "本页小计", "累计", "总计：", "全行合计", "小计（元）", "城东支行合计"),
        *("Total", "TOTAL:", "Sub-total", "Grand Total", "Subtotal", "total 3"),
    ],
)
def test_sums_are_known_by_their_words(deliver: Deliver, label: str) -> None:
    """English sums never were: they came back as rows without a name."""
    reading = deliver(typed(HEADING_ROW, GOOD, [label, None, None, 1.5]), name=XLSX)
    assert (reading.report.rows_loaded, reading.report.rows_not_data, reading.refused) == (1, 2, [])


@pytest.mark.parametrize(
    "label",
    [
        *("制表人：张三", "复核", "审核人:李四", "填表日期：2025-01-31", "签章：", "备注：无"),
        *("注：见附件", "第1页", "共 2 页", "联系电话：88886666", "制表人 张三"),
    ],
)
def test_the_foot_of_a_sheet_is_known_by_its_words(deliver: Deliver, label: str) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, [label]), name=XLSX)
    assert (reading.report.rows_loaded, reading.report.rows_not_data, reading.refused) == (1, 2, [])


@pytest.mark.parametrize(
    "label", ["合肥分行", "总行营业部", "Totalis AG", "备用金", "注册资本", "记账"]
)
def test_a_row_that_only_begins_alike_is_told(deliver: Deliver, label: str) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, [label, "李四", DAY, 1, None]), name=XLSX)
    assert reading.values("serial_id") == ["S1", label]


def test_a_remark_nobody_knows_comes_back_with_the_reason(deliver: Deliver) -> None:
    reading = deliver(typed(HEADING_ROW, GOOD, ["以上数据已核对"]), name=XLSX)
    (refused,) = reading.refused
    assert (refused.sheet, refused.row, refused.codes) == ("流水", 3, ["missing"])
    assert refused.sentence.zh == "“户名”为必填项，此处为空，请补填。"


def test_headings_repeated_for_print_are_no_data(deliver: Deliver) -> None:
    rows = [HEADING_ROW, GOOD, HEADING_ROW, ["S2", "李四", DAY, 2, None]]
    reading = deliver(typed(*rows), name=XLSX)
    assert reading.values("serial_id") == ["S1", "S2"]
    assert reading.report.rows_not_data == 2


@pytest.mark.parametrize(
    ("above", "headings"),
    [
        ([["基本信息", None, None, "金额类", "其他"]], HEADING_ROW),
        ([["流水", None, None, "金额"], ["表一"]], HEADING_ROW),
        ([], ["流水号", "户　名", "日期", "金 额", "备注"]),
        ([], ["备注", "金额", "日期", "户名", "流水号"]),
    ],
)
def test_the_row_that_names_most_columns_is_the_heading(
    deliver: Deliver, above: list[list[object]], headings: list[str]
) -> None:
    cells = dict(zip(HEADING_ROW, GOOD, strict=True))
    own = [cells[heading.replace("　", "").replace(" ", "")] for heading in headings]
    reading = deliver(typed(*above, headings, own), name=XLSX)
    assert reading.values("amount") == [Decimal("1.50")]
    assert reading.report.rows_not_data == len(above) + 1


def test_a_table_may_stand_anywhere_on_the_sheet(deliver: Deliver) -> None:
    rows = [[], [None, None, *HEADING_ROW], [None, None, "S1", None, "2025-02-30", "1,,2", None]]
    reading = deliver(typed(*rows), name=XLSX)
    assert [reason["column"] for reason in reading.refused[0].reasons] == [
        "customer_name",
        "booked_date",
        "amount",
    ]
    assert reading.refused[0].row == 3


def test_hidden_rows_and_columns_are_read_and_told(deliver: Deliver) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["E"].hidden = True

    rows = [HEADING_ROW, GOOD, ["S2", "李四", DAY, 2, "藏"]]
    reading = deliver(typed(*rows, then=hide), name=XLSX)
    assert reading.values("note_text") == ["注", "藏"]
    (note,) = reading.report.notes
    assert note.zh == "工作表“流水”有 1 行、1 列处于隐藏状态，已与可见内容一同读取。"
    assert "hides 1 rows and 1 columns; they were read" in note.en


def test_every_visible_sheet_with_the_headings_is_read(deliver: Deliver) -> None:
    def more(sheet: Any) -> None:
        book = sheet.parent
        for title, rows in {
            "二月": [["标题"], HEADING_ROW, ["S2", "李四", DAY, 2, None]],
            "三月": [HEADING_ROW, GOOD],
            "填写说明": [["请勿改动标题"]],
            "旧": [HEADING_ROW, ["S9", "王五", DAY, 9, None]],
        }.items():
            own = book.create_sheet(title)
            for cells in rows:
                own.append(cells)
        book["旧"].sheet_state = "hidden"

    reading = deliver(typed(HEADING_ROW, GOOD, then=more), name=XLSX)
    assert sorted(row["serial_id"] for row in reading.rows) == ["S1", "S2"]
    assert [(r.sheet, r.row, r.codes) for r in reading.refused] == [("三月", 2, ["duplicate"])]
    assert [note.zh for note in reading.report.notes] == [
        "以下工作表没有约定的标题，未读取：填写说明。",
        "隐藏的工作表未读取：旧（2 行）。",
    ]
    assert reading.report.rows_not_data == 6
    assert "Hidden sheets were not read: 旧 (2 rows)" in reading.report.notes[1].en
    assert reading.adds_up()


def test_one_faulty_sheet_holds_the_whole_book(deliver: Deliver) -> None:
    """Half a book would look like a whole delivery."""

    def more(sheet: Any) -> None:
        own = sheet.parent.create_sheet("二月")
        own.append(["流水号", "金额", "日期", "备注"])
        own.append(["S2", 1, DAY, None])

    refusal = deliver(typed(HEADING_ROW, GOOD, then=more), name=XLSX).refusal
    assert refusal.zh.startswith("entry_20250131.xlsx [二月] 缺少必需的列：户名")


def test_a_feed_may_name_its_sheet_and_heading_row(deliver: Deliver) -> None:
    files = [{"pattern": "entry_{date}.xlsx", "format": "xlsx", "sheet": "流水", "header_row": 3}]
    named = feed(SERIAL, AMOUNT, files=files)
    rows = [["流水号", "金额", "备注"], ["S0", 1], ["流水号", "金额"], ["S1", 2]]
    assert deliver(typed(*rows), named, XLSX).values("serial_id") == ["S1"]
    other = feed(SERIAL, AMOUNT, files=[{**files[0], "sheet": "二月"}])
    refusal = deliver(typed(*rows), other, XLSX).refusal
    assert "中没有可用的工作表“二月”；标题应包括：流水号。请使用下发的模板。" in refusal.zh


@pytest.mark.parametrize(
    "rows", [[["a", "b"], [1, 2]], [], [["说明"]] * 70 + [HEADING_ROW, GOOD], [[1, 2, 3]]]
)
def test_a_book_without_the_table_is_refused_with_its_headings(
    deliver: Deliver, rows: list[list[object]]
) -> None:
    refusal = deliver(typed(*rows), name=XLSX).refusal
    assert "任何可见工作表中都没有约定的标题行；标题应包括：流水号、户名" in refusal.zh
    assert "no visible sheet with the agreed headings; they include 流水号, 户名" in refusal.en


def test_headings_alone_are_a_delivery_of_no_rows(deliver: Deliver) -> None:
    assert deliver(typed(HEADING_ROW), name=XLSX).report.state == "held"
    report = deliver(typed(HEADING_ROW), may_be_empty(ENTRY), name=XLSX).report
    assert (report.state, report.rows_in, report.rows_loaded) == ("loaded", 1, 0)


def test_rows_that_nobody_else_counts_alike_are_read(deliver: Deliver) -> None:
    """Cells and rows without references, as other programs write them, and a lying dimension."""
    bare = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ("S6", "王五"))
    rows = [row(n, f"S{n}", "张三") for n in range(2, 6)]
    reading = deliver(raw(*rows, f"<row>{bare}</row>", before='<dimension ref="A1"/>'), name=XLSX)
    places = {loaded["serial_id"]: loaded["source_row"] for loaded in reading.rows}
    assert places == {f"S{n}": n for n in range(2, 7)}
    assert reading.adds_up()


@pytest.mark.parametrize("seed", range(3))
def test_every_row_of_any_sheet_is_accounted_for(deliver: Deliver, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        reading = deliver(written(lambda book, sheet: _scatter(chance, book, sheet)), name=XLSX)
        assert reading.adds_up()
        assert len(reading.refused) == reading.report.rows_quarantined
        assert all(refused.reasons for refused in reading.refused)
        for loaded in reading.rows:
            if loaded["serial_id"][:1] == "L":
                assert loaded["serial_id"] == f"L{loaded['source_row']}"


def _scatter(chance: random.Random, book: Any, sheet: Any) -> None:
    """Cells of every kind below the headings; rows tell their own number."""
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    border = book.add_format({"border": 1})
    write = sheet.write
    last = 1 + chance.randint(0, 8)
    for number in range(1, last):
        if chance.random() < 0.15:
            write(number, 0, None, border)
            continue
        for place in range(5):
            if place == 0 and chance.random() < 0.8:
                write(number, 0, f"L{number + 1}")
            elif chance.random() < 0.1:
                cached = chance.choice(["#N/A", "", "x", 1.5, 0])
                sheet.write_formula(number, place, "=A1", None, cached)
            elif chance.random() < 0.1:
                sheet.write_datetime(number, place, dt.date(2024, 2, 29), day)
            elif chance.random() < 0.7:
                write(
                    number, place, chance.choice(["张三", "1.5", "合计", 1, 1e15, -2, True, None])
                )
    if last > 3 and chance.random() < 0.4:
        sheet.merge_range(1, 1, 2, 1, chance.choice(["m", ""]))
    if chance.random() < 0.3:
        formula = (last + chance.randint(0, 2), chance.randint(0, 4), "=SUM(A1:A2)", None, "")
        sheet.write_formula(*formula)
