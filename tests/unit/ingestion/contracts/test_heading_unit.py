"""Units in headings and notes: what they state, and what states none."""

from __future__ import annotations

import pytest

from ingestion.contracts.heading_unit import split_unit, unit_of_title, units_of_note
from ingestion.contracts.text import normalise_heading
from ingestion.reading.headings import match_headings
from ingestion.sentence import RefusedFileError
from tests.unit.ingestion.made_up import SERIAL, column, feed


@pytest.mark.parametrize(
    ("heading", "base", "unit"),
    [
        ("余额（万元）", "余额", "wan_yuan"),
        ("余额(元)", "余额", "yuan"),
        ("余额\n（单位：元）", "余额", "yuan"),
        ("余额【亿元】", "余额", "other money"),
        ("余额/千元", "余额", "other money"),
        ("余额(USD)", "余额", "other money"),
        ("年利率(%)", "年利率", "percent"),
        ("年利率（‰）", "年利率", "other rate"),
        ("笔数（笔）", "笔数", "count"),
        ("时长（小时）", "时长", "hour"),
        ("期限(年)", "期限", "year"),
        ("逾期天数/天", "逾期天数", "day"),
        ("余额", "余额", None),
        ("余额（含利息）", "余额(含利息)", None),
        ("万元户", "万元户", None),
        ("（元）", "(元)", None),
        # A mark of what must be filled in, before, behind or in front of the unit.
        ("余额*（元）", "余额", "yuan"),
        ("*余额(元)（必填）", "余额", "yuan"),
        ("余额（必填）（元）", "余额", "yuan"),
        ("余额(元)*", "余额", "yuan"),
        # As people write them.
        ("金额万元", "金额", "wan_yuan"),
        ("金额（萬元）", "金额", "wan_yuan"),
        ("金额（万元人民币）", "金额", "wan_yuan"),
        ("金额（人民币：万元）", "金额", "wan_yuan"),
        ("金额（￥万元）", "金额", "wan_yuan"),
        ("金额（单位：万元，保留两位）", "金额", "wan_yuan"),
        ("金额(W)", "金额", "wan_yuan"),
        ("金额（美金）", "金额", "other money"),
        # An amount, not a unit.
        ("新增存款5000万元", "新增存款5000万元", None),
        ("目标：1亿元", "目标:1亿元", None),
    ],
)
def test_a_heading_states_its_unit_or_none(heading: str, base: str, unit: str | None) -> None:
    assert split_unit(normalise_heading(heading)) == (base, unit)


@pytest.mark.parametrize(
    ("note", "unit"),
    [
        ("单位：万元", "wan_yuan"),
        ("金额单位:人民币元", "yuan"),
        ("单位：千元", "other money"),
        ("单位： 万元    填报部门：业务部", "wan_yuan"),
        ("单位：户、万元", "wan_yuan"),
        ("二、金额单位为万元；日期写年月日。", "wan_yuan"),
        ("注：以上金额以万元计", "wan_yuan"),
        ("（万元）", "wan_yuan"),
        ("金额均为万元", "wan_yuan"),
        ("（金额：万元）", "wan_yuan"),
        ("單位：萬元", "wan_yuan"),
        ("单位：万元人民币", "wan_yuan"),
        ("本表金额单位为“万元”", "wan_yuan"),
        ("注：表中金额单位均为万元", "wan_yuan"),
        ("单位统一为万元", "wan_yuan"),
        ("单位：W", "wan_yuan"),
        ("Unit: RMB", None),
        ("币种：人民币 单位：万元", "wan_yuan"),
        ("单位：人民币", None),
        ("以 万元 为单位", "wan_yuan"),
        ("按万元填报", "wan_yuan"),
        ("（以上均为万元）", "wan_yuan"),
        ("（万元、%）", "wan_yuan"),
        ("单位" + " " * 400 + "制表人", None),
        ("币种：美元", "other money"),
        ("金额为0", None),
        ("金额：见附件", None),
        ("填报单位：元宝支行", None),
        ("报送单位：万元路支行", None),
        ("单位：城东支行", None),
        ("单位活期存款", None),
        ("元", None),
    ],
)
def test_a_note_states_the_unit_of_money_or_none(note: str, unit: str | None) -> None:
    found = units_of_note(note)
    assert [each for _, each in found] == ([unit] if unit else [])


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("2025年1月流水统计表（万元）", "wan_yuan"),
        ("流水(元)", "yuan"),
        ("台账【单位：亿元】", "other money"),
        ("流水表（万元）2025年1月", "wan_yuan"),
        ("（万元）流水表", "wan_yuan"),
        ("流水（万）", "wan_yuan"),
        ("大额交易（100万元）", None),
        ("满意度（分）", None),
        ("流水（城东）", None),
        ("万元户名单", None),
    ],
)
def test_a_title_states_the_unit_of_money_or_none(title: str, unit: str | None) -> None:
    found = unit_of_title(title)
    assert (found[1] if found else None) == unit


@pytest.mark.parametrize(
    "heading", ["金额（单位万元含税）", "(万元)金额", "金额（千万美金）", "余额（K）"]
)
def test_an_amount_in_a_unit_that_nobody_knows_is_no_unknown_column(heading: str) -> None:
    """The column was left empty, with a note: customers without an amount."""
    of = feed(SERIAL, column("amount", "金额", "money"), column("balance", "余额", "money"))
    found = of.match_headings(["流水号", heading])
    assert found.contradicting or found.unstated
    assert not found.is_acceptable


def test_a_note_may_state_two_units() -> None:
    assert [unit for _, unit in units_of_note("单位：元，附表以万元为单位")] == ["yuan", "wan_yuan"]


@pytest.mark.parametrize(
    "heading",
    [
        "金额（含税）",
        "金额备注",
        "金额说明（元旦）",
        "金额(保证金)",
        "金额(含角分)",
        "金额(A)",
        "金额(亿联)",
    ],
)
def test_another_remark_makes_it_another_column(heading: str) -> None:
    of = feed(SERIAL, column("amount", "金额", "money"))
    assert of.match_headings(["流水号", heading]).unknown == [heading]


@pytest.mark.parametrize(
    ("heading", "kind", "unit"),
    [("余额(万元)", "money", "yuan"), ("余额(元)", "money", "wan_yuan"), ("利率(%)", "rate", None)],
)
def test_a_feed_must_not_contradict_its_own_heading(
    heading: str, kind: str, unit: str | None
) -> None:
    with pytest.raises(ValueError, match="states another unit than"):
        feed(SERIAL, column("balance", heading, kind, unit=unit))


WAN = feed(SERIAL, column("wish_amount", "意向(万元)", "money", unit="wan_yuan"))


@pytest.mark.parametrize("heading", ["意向（万元）", "意向/万元", "意向（单位：万元）"])
def test_a_heading_with_a_unit_is_found_however_the_unit_is_written(heading: str) -> None:
    found = WAN.match_headings(["流水号", heading])
    assert (found.positions["wish_amount"], found.unknown) == ((1,), [])


@pytest.mark.parametrize("heading", ["意向(元)", "意向/千元"])
def test_another_unit_than_the_feeds_own_heading_states_is_seen(heading: str) -> None:
    assert WAN.match_headings(["流水号", heading]).contradicting


def test_a_heading_of_another_column_keeps_its_unit() -> None:
    of = feed(
        SERIAL,
        column("wish_amount", "余额(万元)", "money", unit="wan_yuan"),
        column("balance", "余额", "money"),
    )
    found = of.match_headings(["余额(元)", "流水号", "余额(万元)"])
    assert found.is_acceptable
    assert (found.positions["balance"], found.positions["wish_amount"]) == ((0,), (2,))


TIMED = feed(
    SERIAL,
    column("duration_minutes", "时长(分钟)", "integer", aliases=("时长",)),
    column("term_months", "期限(月)", "integer"),
    column("overdue_days", "逾期天数", "integer"),
    column("visit_count", "户数", "integer"),
    column("wish_amount", "意向(万元)", "money", unit="wan_yuan"),
)


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("时长（分钟）", "duration_minutes"),
        ("时长", "duration_minutes"),
        ("期限/个月", "term_months"),
        ("期限（单位：月）", "term_months"),
        ("逾期天数(天)", "overdue_days"),
        ("户数(户)", "visit_count"),
    ],
)
def test_a_whole_number_in_its_own_unit_is_read(heading: str, name: str) -> None:
    found = TIMED.match_headings(["流水号", heading])
    assert found.is_acceptable
    assert (found.positions[name], found.unknown) == ((1,), [])


@pytest.mark.parametrize(
    ("heading", "zh", "en"),
    [
        ("时长(小时)", "所写单位与约定不符：“时长(分钟)”约定以分钟为单位", "in minutes (分钟)"),
        ("时长/秒", "所写单位与约定不符", "states another unit than the feed"),
        # Three years were three months.
        ("期限(年)", "“期限(月)”约定以月为单位", "takes 期限(月) in months (月)"),
        ("逾期天数(月)", "“逾期天数”约定以天为单位", "in days (天)"),
        ("时长(刻)", "没有注明约定的单位", "does not state the agreed unit"),
        ("期限", "没有注明约定的单位，不能确定其数值：“期限(月)”约定以月为单位", "is taken in"),
        ("意向", "“意向(万元)”约定以万元为单位", "10,000 yuan (万元)"),
        (
            "意向(含税)",
            "没有注明约定的单位（括号中写的是“含税”），不能确定其数值",
            "does not state the agreed unit (含税 stands in its brackets), so",
        ),
    ],
)
def test_an_optional_column_in_another_unit_or_without_its_own_refuses_the_file(
    heading: str, zh: str, en: str
) -> None:
    """Its column was left empty, and a remark told so; three years were even taken for months."""
    with pytest.raises(RefusedFileError) as caught:
        match_headings(TIMED, ["流水号", heading], "entry_20250131.csv")
    assert f"“{heading}”" in caught.value.sentence.zh
    assert zh in caught.value.sentence.zh
    assert en in caught.value.sentence.en


@pytest.mark.parametrize("heading", ["时长说明", "户数(年)", "意向客户", "期限说明(月)"])
def test_a_heading_of_something_else_is_unknown(heading: str) -> None:
    found = TIMED.match_headings(["流水号", heading])
    assert found.is_acceptable
    assert found.unknown == [heading]


def test_a_heading_beside_the_agreed_one_is_no_doubt() -> None:
    found = TIMED.match_headings(["流水号", "意向", "意向(万元)", "时长(小时)", "时长(分钟)"])
    assert found.is_acceptable
    assert found.positions["wish_amount"] == (2,)


def test_a_feed_counts_months_in_months() -> None:
    with pytest.raises(ValueError, match=r"states another unit than months"):
        feed(SERIAL, column("term_months", "期限(年)", "integer"))
