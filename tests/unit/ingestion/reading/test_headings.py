"""Headings against the feed: by name; a file that leaves a doubt is refused in one sentence."""

from __future__ import annotations

import pytest

from ingestion.reading.headings import match_headings
from ingestion.sentence import RefusedFileError
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import ENTRY, column, extract_of, feed


@pytest.mark.parametrize(
    ("headings", "zh", "en"),
    [
        (
            ["流水号", "日期", "金额"],
            "缺少必需的列：户名；现有标题为：流水号、日期、金额。请补齐后重新报送。",
            "lacks the required column 户名; its headings are 流水号, 日期, 金额. Add what is"
            " missing and deliver it again.",
        ),
        (
            ["流水号", "客户", "日期"],
            "缺少必需的列：户名；现有标题为：流水号、客户、日期",
            "column 户名",
        ),
        (["日期"], "缺少必需的列：流水号、户名", "required columns 流水号, 户名"),
        (["流水号,户名,日期"], "现有标题为：流水号,户名,日期", "its headings are 流水号,户名,日期"),
        (
            ["流水号", "户名", "户 名", "日期"],
            "“户名”出现多次：户名（第 2 列）、户 名（第 3 列）；请只保留一列。",
            "has 户名 more than once: 户名 (column 2), 户 名 (column 3); keep one of them.",
        ),
        (["流水号", "户名", "customer_name"], "“户名”出现多次", "has 户名 more than once"),
        (
            ["流水号", "户名", "交易密码"],
            "含有鉴别信息列“交易密码”（C3 类），系统一律不接收；请删除该列后重新报送。",
            "holds authentication data (交易密码), class C3, which is never taken in; remove the"
            " column and deliver it again.",
        ),
        (["流水号", "户名", "card_pin", "CVV2"], "“card_pin、CVV2”", "(card_pin, CVV2)"),
    ],
)
def test_a_file_that_leaves_a_doubt_is_refused(headings: list[str], zh: str, en: str) -> None:
    with pytest.raises(RefusedFileError) as caught:
        match_headings(ENTRY, headings, "entry_20250131.csv")
    assert caught.value.sentence.zh.startswith("entry_20250131.csv ")
    assert zh in caught.value.sentence.zh
    assert en in caught.value.sentence.en


@pytest.mark.parametrize(
    "heading",
    [
        "*户名",
        "户名*",
        "户名＊",
        "** 户名 *",
        "★户名",
        "户名（必填）",
        "户名(必填项)*",
        "户名\n（*必填）",
        "【必填】户名",
        "[必录] 户名",
        "户名(Required)",
        "户名（选填）",
        "户名（非必填）",
    ],
)
def test_a_mark_of_what_must_be_filled_in_hides_no_heading(heading: str) -> None:
    positions, notes = match_headings(ENTRY, ["流水号", heading], "entry_20250131.csv")
    assert (positions["customer_name"], notes) == ((1,), [])


def test_a_colon_behind_a_heading_is_a_forms_way_of_writing_it() -> None:
    positions, notes = match_headings(ENTRY, ["流水号：", "户名:"], "entry_20250131.csv")
    assert (positions["serial_id"], positions["customer_name"], notes) == ((0,), (1,), [])


@pytest.mark.parametrize("heading", ["户*名", "*", "（必填）", "户名（填写）", "必填户名", "户名1"])
def test_what_is_more_than_a_mark_makes_another_heading(heading: str) -> None:
    positions, notes = match_headings(ENTRY, ["流水号", "户名", heading], "entry_20250131.csv")
    assert positions["customer_name"] == (1,)
    assert heading in notes[0].zh


@pytest.mark.parametrize("marked", ["户名*", "户名(可选)", "*户 名", "【必填】Customer_Name"])
@pytest.mark.parametrize("is_first", [True, False])
def test_beside_the_very_heading_a_marked_one_is_another(marked: str, is_first: bool) -> None:
    """A file that held both was loaded before marks were read."""
    headings = ["流水号", marked, "户名"] if is_first else ["流水号", "户名", marked]
    positions, notes = match_headings(ENTRY, headings, "entry_20250131.csv")
    assert positions["customer_name"] == (2 if is_first else 1,)
    assert [note.zh for note in notes] == [f"entry_20250131.csv 有约定之外的列，未入库：{marked}。"]


@pytest.mark.parametrize(
    "headings", [["户名*", "户名(必填)"], ["户名", "户 名", "户名*"], ["户名*", "*户名"]]
)
def test_two_headings_that_are_equally_marked_are_a_doubt(headings: list[str]) -> None:
    with pytest.raises(RefusedFileError, match=r"has 户名 more than once"):
        match_headings(ENTRY, ["流水号", *headings], "entry_20250131.csv")


def test_a_file_without_headings_tells_nothing_of_its_first_customer() -> None:
    """Its sentence goes to the ledger, the screen and Dagster's log."""
    row = ["K1", "张三", "110101199001011234", "13800001111"]
    with pytest.raises(RefusedFileError) as caught:
        match_headings(ENTRY, row, "entry_20250131.csv")
    told = "".join(caught.value.sentence)
    assert not [cell for cell in row if cell in told]
    assert "is the heading line missing?" in told
    assert "可能缺少标题行" in told


def test_unknown_headings_are_told_and_not_loaded(deliver: Deliver) -> None:
    reading = deliver(extract_of("新|S1|张三", headings="新列|流水号|户名"))
    (note,) = reading.report.notes
    assert note.zh == "entry_20250131.csv 有约定之外的列，未入库：新列。"
    assert note.en == (
        "entry_20250131.csv has columns the feed does not know; they were not loaded: 新列."
    )
    assert reading.values("serial_id") == ["S1"]


def test_many_unknown_headings_are_told_in_part() -> None:
    _, (note,) = match_headings(ENTRY, ["流水号", "户名", *(f"列{n}" for n in range(20))], "f")
    assert note.zh.endswith("列7…。")
    assert "列8" not in note.en


def test_headings_that_are_declared_to_be_ignored_are_not_told() -> None:
    quiet = feed(*ENTRY.columns, ignored=["柜员号"])
    assert match_headings(quiet, ["流水号", "户名", "柜 员 号"], "f")[1] == []


def test_a_heading_cannot_forge_a_line_of_the_log() -> None:
    _, (note,) = match_headings(ENTRY, ["流水号", "户名", "x\n2026 ERROR \x1b[31m\u202e"], "f")
    assert "\n" not in note.zh + note.en
    assert "\x1b" not in note.en
    assert "\u202e" not in note.en


def test_a_required_join_that_lacks_a_part_names_all_its_headings() -> None:
    joined = feed(
        column("account_id", "账号", required=True, join=("网点", "序号")), key="account_id"
    )
    with pytest.raises(RefusedFileError) as caught:
        match_headings(joined, ["网点"], "f")
    assert "缺少必需的列：网点+序号" in caught.value.sentence.zh
