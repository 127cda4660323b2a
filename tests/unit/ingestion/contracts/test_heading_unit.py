"""Units in headings and notes: what they state, and what states none."""

from __future__ import annotations

import pytest

from ingestion.contracts.heading_unit import split_unit, unit_of_note
from ingestion.contracts.text import normalise_heading
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
        ("余额", "余额", None),
        ("余额（含利息）", "余额(含利息)", None),
        ("万元户", "万元户", None),
        ("（元）", "(元)", None),
        # A mark of what must be filled in, before, behind or in front of the unit.
        ("余额*（元）", "余额", "yuan"),
        ("*余额(元)（必填）", "余额", "yuan"),
        ("余额（必填）（元）", "余额", "yuan"),
        ("余额(元)*", "余额", "yuan"),
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
        ("填报单位：元宝支行", None),
        ("报送单位：万元路支行", None),
        ("单位：城东支行", None),
        ("单位活期存款", None),
        ("元", None),
    ],
)
def test_a_note_states_the_unit_of_money_or_none(note: str, unit: str | None) -> None:
    found = unit_of_note(note)
    assert (found[1] if found else None) == unit


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
