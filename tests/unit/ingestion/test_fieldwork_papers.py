"""Summaries, guidance, checks, decisions and the plan as their keepers send them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from ingestion.contracts import load_feeds
from ingestion.contracts.render_template import render_template
from tests.unit.ingestion.conftest import Deliver

FEEDS = load_feeds()
# Per feed: a line that is right, a line that is not, and what is said of it.
LINES: dict[str, tuple[list[object], list[object], str]] = {
    "fieldwork__monthly_report": (
        ["T01", "2025-01-01", "2025-01-28", "2025-01-27", "结构", "经验", "营销", "计划"],
        [None, "2025-01-01", "2025-01-28", None, None, None, None, None],
        "小组编号 must be filled in",
    ),
    "fieldwork__guidance_opinion": (
        ["2025-01-20", "2025.1.27", "100002", "问题", "不到位", "方案一", "方案二", None, "安排"],
        ["2025-02-30", None, "100002", None, None, None, None, None, None],
        "2025-02-30",
    ),
    "fieldwork__ledger_check": (
        ["100002", "T01", "2025-01-20", "2025/1/24", "20", "1", "一条未填下一步"],
        ["100002", "T01", "2025-01-13", "2025/1/17", "二十几", "1", None],
        "二十几",
    ),
    "fieldwork__incentive_decision": (
        ["小组", "T01", "不交周总结", "2025-01-06", "2025-01-22", "认定", "100001", "属实"],
        ["小组", "T01", "不交周总结", "2025-01-13", "2025-01-29", "算了", "100001", None],
        "算了",
    ),
    "planning__plan_item": (
        ["P1", "2025", "3", "走访", "小组", "T01", "有效走访", "10", None, None, "3号", "2025.1.4"],
        ["P2", "2025", "54", "走访", "小组", "T01", "有效走访", "10", None, None, None, None],
        "54",
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_the_right_line_is_loaded_and_the_wrong_one_comes_back(
    deliver: Deliver, tmp_path: Path, name: str
) -> None:
    feed = FEEDS[name]
    right, wrong, words = LINES[name]
    book = openpyxl.Workbook()
    for line in ([column.heading for column in feed.columns], right, wrong):
        book.worksheets[0].append(line)
    file = feed.delivery.files[0].pattern.format(date="20250131", version="")
    book.save(tmp_path / file)
    reading = deliver(tmp_path / file, feed, file)
    assert len(reading.rows) == 1
    (refused,) = reading.refused
    assert words in refused.sentence.en


def test_a_half_written_report_comes_home(deliver: Deliver, tmp_path: Path) -> None:
    """A summary that nobody finished is a missing one; guidance without an author is none."""
    week = {"week_start_date": dt.date(2025, 1, 6)}
    heard = "本周听取意见2条：1.希望延长营业时间（1户）；2.利率低（1户）"
    for name, file, row, loaded in (
        (
            "fieldwork__summary_report",
            "总结报告_T01_20250113.xlsx",
            {"team_id": "T01", "due_date": dt.date(2025, 1, 13), "opinion_text": heard},
            1,
        ),
        ("fieldwork__guidance_opinion", "指导意见书_20250113.xlsx", {"problem_text": heard}, 0),
    ):
        feed = FEEDS[name]
        assert feed.match(file), file
        (tmp_path / file).write_bytes(render_template(feed, [week | row]))
        reading = deliver(tmp_path / file, feed, file)
        assert (len(reading.rows), len(reading.refused)) == (loaded, 0)
