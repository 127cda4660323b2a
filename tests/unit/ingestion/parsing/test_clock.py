"""Clock times: every written form becomes HH:MM or HH:MM:SS, and what may be two is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingestion.contracts import load_feeds
from ingestion.quarantine import adjustments_path
from tests.unit.ingestion.conftest import Deliver, Parse
from tests.unit.ingestion.made_up import column, feed

TIME = column("booked_time", "交易时间", check="clock_time")
TIMED = feed(column("serial_id", "序号", required=True), TIME)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("14:30", "14:30"),
        ("14:30:00", "14:30:00"),
        ("00:00", "00:00"),
        ("23:59:59", "23:59:59"),
        ("2:30", "02:30"),
        ("2:30:05", "02:30:05"),
        ("14：30", "14:30"),
        ("14∶30", "14:30"),
        ("１４：３０：０５", "14:30:05"),
        ("14 : 30", "14:30"),
        ("14:30:00.000", "14:30:00"),
        ("14:30:00.123456", "14:30:00"),
        ("14时30分", "14:30"),
        ("14时30分05秒", "14:30:05"),
        ("14時5分", "14:05"),
        ("14点30分", "14:30"),
        ("14点05", "14:05"),
        ("14点", "14:00"),
        ("9点整", "09:00"),
        ("9点半", "09:30"),
        ("上午9:05", "09:05"),
        ("上午 9点", "09:00"),
        ("下午2:30", "14:30"),
        ("下午2点半", "14:30"),
        ("下午12:30", "12:30"),
        ("下午14:30", "14:30"),
        ("中午12点", "12:00"),
        ("中午1点", "13:00"),
        ("傍晚6点", "18:00"),
        ("晚上8点10分", "20:10"),
        ("凌晨1:20", "01:20"),
        ("2:30 PM", "14:30"),
        ("02:30:05 pm", "14:30:05"),
        ("12:05 PM", "12:05"),
        ("12:05 AM", "00:05"),
        ("143000", "14:30:00"),
        ("1430", "14:30"),
        ("0005", "00:05"),
        ("14.30.05", "14:30:05"),
        ("2025-01-31 14:30:00", "14:30:00"),
        ("2025-01-31T14:30:00.000", "14:30:00"),
        ("2025/1/31 9:05", "09:05"),
        ("2025年1月31日 14:30", "14:30"),
        ("20250131143000", "14:30:00"),
        ("20250131 143000", "14:30:00"),
        ("2024-02-29 14:30", "14:30"),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_in_the_forms_people_and_systems_write(
    parse: Parse, text: str | None, time: str | None
) -> None:
    assert parse(TIME, text) == (time, None)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("24:00", "可能指当日，也可能指次日", "this day or the next"),
        ("24点", "可能指当日，也可能指次日", "this day or the next"),
        ("25:00", "不是有效时间", "is no clock time"),
        ("14:60", "不是有效时间", "is no clock time"),
        ("14:30:60", "不是有效时间", "is no clock time"),
        ("14:3", "不是有效时间", "is no clock time"),
        # A decimal number, or Excel's serial of a time.
        ("14.30", "不是有效时间", "is no clock time"),
        ("0.604166667", "不是有效时间", "is no clock time"),
        ("930", "丢失前导零", "lost its leading zeros"),
        ("93000", "丢失前导零", "lost its leading zeros"),
        ("2530", "不是有效时间", "is no clock time"),
        ("上午12:30", "可能指中午，也可能指午夜", "noon or midnight"),
        ("晚上12点", "可能指中午，也可能指午夜", "noon or midnight"),
        ("凌晨12:30", "可能指中午，也可能指午夜", "noon or midnight"),
        ("上午14:30", "不是有效时间", "is no clock time"),
        ("上午2:30 PM", "不是有效时间", "is no clock time"),
        ("晚上2点", "不是有效时间", "is no clock time"),
        ("13:30 AM", "不是有效时间", "is no clock time"),
        ("9分30秒", "不是有效时间", "is no clock time"),
        ("14点5", "不是有效时间", "is no clock time"),
        ("1 4:30", "不是有效时间", "is no clock time"),
        ("下午", "不是有效时间", "is no clock time"),
        ("14:30-15:00", "不是有效时间", "is no clock time"),
        ("14:30左右", "不是有效时间", "is no clock time"),
        ("2025-01-31", "是日期，没有可用的时间", "is a day without a time"),
        ("20250131", "是日期，没有可用的时间", "is a day without a time"),
        # How a workbook's reader shows a day: nobody wrote a midnight.
        ("2025-01-31 00:00:00", "是日期，没有可用的时间", "is a day without a time"),
        ("2025-13-31 14:30", "不是有效时间", "is no clock time"),
        # A time of no day: one of the two is wrong.
        ("2024-02-31 14:30", "中的日期不存在", "a day that does not exist"),
        ("20240231143000", "中的日期不存在", "a day that does not exist"),
        ("2025年2月29日 9:05", "中的日期不存在", "a day that does not exist"),
        ("2025/4/31 下午2:30", "中的日期不存在", "a day that does not exist"),
    ],
)
def test_what_could_be_two_times_or_none_is_refused(
    parse: Parse, text: str, zh: str, en: str
) -> None:
    cell = parse(TIME, text)
    assert (cell.value, cell.code) == (None, "clock_time")
    assert zh in cell.sentence.zh
    assert en in cell.sentence.en


MINUTE = column("visited_time", "走访时间", check="clock_time", precision="minute")


@pytest.mark.parametrize(
    "text", ["14:30", "14:30:00", "14:30:05", "下午2:30", "143000", "2025-01-31 14:30:00", "14点半"]
)
def test_one_minute_is_one_text_where_minutes_are_agreed(parse: Parse, text: str) -> None:
    assert parse(MINUTE, text) == ("14:30", None)


def test_one_visit_is_one_row_however_its_time_is_written(deliver: Deliver) -> None:
    of = feed(column("serial_id", "序号", required=True), MINUTE, key="serial_id,visited_time")
    found = deliver("序号|走访时间\n1|14:30\n1|14:30:00\n", of)
    assert set(found.values("visited_time")) == {"14:30"}


def test_a_time_that_was_written_otherwise_is_recorded(deliver: Deliver, tmp_path: Path) -> None:
    texts = ("14:30", "下午2:30", "", "930", "143000", *["09:00:00"] * 5)
    lines = "".join(f"{n}|{text}\n" for n, text in enumerate(texts, 1))
    found = deliver(f"序号|交易时间\n{lines}", TIMED)
    assert found.adds_up()
    times = ["14:30", "14:30", None, "14:30:00", *["09:00:00"] * 5]
    assert found.values("booked_time") == times
    assert [(row.row, row.codes) for row in found.refused] == [(5, ["clock_time"])]
    (path,) = tmp_path.glob(
        f"delivery_*/{adjustments_path(Path('quarantine'), '*', found.report.batch_id)}"
    )
    records = pq.read_table(path).to_pylist()
    assert [(row["source_row"], row["raw"], row["value"], row["code"]) for row in records] == [
        (3, "下午2:30", "14:30", "written_form"),
        (6, "143000", "14:30:00", "written_form"),
    ]
    assert records[0]["reason_zh"] == "时间“下午2:30”已统一写法为 24 小时制“14:30”。"


def test_the_feeds_with_a_clock_time_say_so() -> None:
    feeds = load_feeds()
    assert {
        (name, each.name)
        for name, of in feeds.items()
        for each in of.columns
        if each.check == "clock_time"
    } == {("corebank__transaction", "booked_time"), ("fieldwork__visit", "visited_time")}
