"""What is held though it can be read: an unusual size, an empty list, an old month corrected."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ingestion.contracts import Feed
from ingestion.holding.doubts import doubts_about, usual_rows
from ingestion.ledger import DeliveryRow
from tests.unit.ingestion.house import House, report_of
from tests.unit.ingestion.made_up import ENTRY, extract_of, feed

FIRST = dt.date(2025, 1, 1)
PARTS = [{"pattern": "visit_{part}_{date}.csv", "format": "csv", "encoding": "gb18030"}]


def ruled(kind: str = "change", **rules: Any) -> Feed:
    """The made-up feed with its own rules for odd deliveries."""
    files = ENTRY.delivery.files
    delivery = {"frequency": "daily", "required": True, "files": files, **rules}
    return feed(*ENTRY.columns, kind=kind, delivery=delivery)


def deliver(house: House, name: str) -> DeliveryRow:
    house.land(name, extract_of(f"{len(house.ledger.deliveries())}|{name}|||"))
    (row,) = house.receive(dt.date(2025, 12, 31)).received
    return row


def history(house: House, *rows: int, name: str = "entry_{}.csv") -> None:
    """Loaded deliveries of one day after the other, with so many rows."""
    for days, count in enumerate(rows):
        date = FIRST + dt.timedelta(days=days)
        house.land(name.format(f"{date:%Y%m%d}"), extract_of(f"{days}|{name}|{count}||"))
    received = house.receive(dt.date(2025, 12, 31)).received
    for row, count in zip(received, rows, strict=True):
        house.settle(row, rows_loaded=count)


def codes(house: House, row: DeliveryRow, own: Feed, **entries: object) -> list[str]:
    return [each.code for each in doubts_about(row, report_of(row, **entries), own, house.ledger)]


@pytest.mark.parametrize(
    ("before", "rows", "is_held"),
    [
        ([100] * 5, 100, False),
        ([100] * 5, 999, False),
        ([100] * 5, 1000, True),
        ([100] * 5, 11, False),
        ([100] * 5, 10, True),
        ([100] * 5, 0, True),
        # Five are needed, and of more the last five count.
        ([100] * 4, 1000, False),
        ([5000, 100, 100, 100, 100, 100], 1000, True),
        ([100] * 5 + [1000] * 3, 1000, False),
        # The first delivery of changes is the whole list; one odd day moves no median.
        ([20000, 60, 70, 80, 90], 75, False),
        # Small teams.
        ([10] * 5, 1, False),
        ([4] * 5, 49, False),
        ([4] * 5, 50, True),
        ([0] * 5, 0, False),
        ([0] * 5, 6000, False),
    ],
)
def test_a_size_far_from_the_usual_one_is_doubted(
    house: House, before: list[int], rows: int, is_held: bool
) -> None:
    history(house, *before)
    row = deliver(house, "entry_20250201.csv")
    assert codes(house, row, ENTRY, rows_loaded=rows) == ["volume"] * is_held


@pytest.mark.parametrize(
    ("rules", "rows", "is_held"),
    [
        ({"volume": False}, 100_000, False),
        ({"volume": {"factor": 3}}, 299, False),
        ({"volume": {"factor": 3}}, 300, True),
        ({"volume": {"after": 6}}, 100_000, False),
        ({"volume": {"at_least": 2000}}, 1999, False),
    ],
)
def test_the_feed_says_what_is_unusual(
    house: House, rules: dict[str, Any], rows: int, is_held: bool
) -> None:
    history(house, *[100] * 5)
    row = deliver(house, "entry_20250201.csv")
    assert codes(house, row, ruled(**rules), rows_loaded=rows) == ["volume"] * is_held


def test_both_figures_are_told(house: House) -> None:
    history(house, *[1200] * 5)
    row = deliver(house, "entry_20250201.csv")
    (doubt,) = doubts_about(row, report_of(row, rows_loaded=12), ENTRY, house.ledger)
    assert doubt.reason == (
        "文件 entry_20250201.csv 有 12 行数据，而平常为 1,200 行（最近 5 期的中位数），"
        "相差 10 倍及以上即暂不入库；请向科技部核实是否缺少数据。",
        "entry_20250201.csv has 12 data rows; usual are 1,200 (the median of the last 5), and a"
        " delivery 10 times smaller is held. Ask 科技部 whether rows are missing.",
    )


def test_refused_rows_count_and_refused_files_are_not_judged(house: House) -> None:
    history(house, *[100] * 5)
    row = deliver(house, "entry_20250201.csv")
    assert codes(house, row, ENTRY, rows_loaded=5, rows_quarantined=20) == []
    report = report_of(row, "refused", rows_loaded=0)
    assert doubts_about(row, report, ENTRY, house.ledger) == []


def test_a_part_is_compared_with_itself_alone(house: House) -> None:
    own = feed(*ENTRY.columns, delivery={"frequency": "daily", "required": True, "files": PARTS})
    house.feeds = {own.feed: own}
    history(house, *[1000] * 5, name="visit_大队_{}.csv")
    history(house, *[90] * 5, name="visit_a_b_{}.csv")
    # Neither _ nor % in a part's name stands for anything else.
    history(house, *[7] * 5, name="visit_axb_{}.csv")
    small = deliver(house, "visit_a_b_20250201.csv")
    assert usual_rows(small, house.ledger, 5) == 90
    assert codes(house, small, own, rows_loaded=1000) == ["volume"]
    new = deliver(house, "visit_新队_20250201.csv")
    # A small team is no short delivery of a large one.
    assert usual_rows(new, house.ledger, 5) is None
    assert codes(house, new, own, rows_loaded=70) == []


def test_what_is_usually_empty_has_no_usual_size(house: House) -> None:
    """A list of campaigns: nothing in most months, and then two thousand customers."""
    history(house, *[0] * 4, 1800)
    row = deliver(house, "entry_20250201.csv")
    assert codes(house, row, ENTRY, rows_loaded=2073) == []


def test_a_months_file_is_not_compared_with_days(house: House) -> None:
    history(house, *[100] * 5)
    row = deliver(house, "entry_202501.csv")
    assert codes(house, row, ENTRY, rows_loaded=3000) == []


@pytest.mark.parametrize(
    ("kind", "required", "before", "is_held"),
    [
        ("snapshot", True, [], True),
        ("snapshot", True, [0], True),
        ("snapshot", False, [3], True),
        # A bank without campaigns may begin with none.
        ("snapshot", False, [], False),
        ("snapshot", False, [3, 0], False),
        ("change", True, [3], False),
    ],
)
def test_a_whole_list_without_rows_is_doubted(
    house: House, kind: str, required: bool, before: list[int], is_held: bool
) -> None:
    """F28."""
    history(house, *before)
    row = deliver(house, "entry_20250131.csv")
    own = ruled(kind, required=required)
    assert codes(house, row, own, rows_loaded=0) == ["empty"] * is_held
    assert codes(house, row, own, rows_loaded=0, rows_quarantined=1) == []


@pytest.mark.parametrize(
    ("rules", "published", "expected"),
    [
        ({}, None, []),
        ({}, "2025-04-30", []),
        ({}, "2025-05-01", ["closed_month"]),
        ({"closed_months": 0}, "2025-01-31", []),
        ({"closed_months": 0}, "2025-02-01", ["closed_month"]),
        ({"closed_months": 12}, "2025-12-31", []),
        ({"restatement": "hold"}, None, ["restatement"]),
        ({"restatement": "hold"}, "2025-12-31", ["restatement", "closed_month"]),
    ],
)
def test_a_correction_waits_where_the_feed_says_so(
    house: House, rules: dict[str, Any], published: str | None, expected: list[str]
) -> None:
    """F22: same name, other content; F26: history of a month that is closed."""
    own = ruled(**rules)
    house.settle(deliver(house, "entry_20250131.csv"))
    if published is not None:
        run_id = house.run()
        house.ledger.record_generation(
            number=1, run_id=run_id, business_date=dt.date.fromisoformat(published)
        )
    correction = deliver(house, "entry_20250131.csv")
    assert codes(house, correction, own) == expected
    # What is new for its date replaces nothing, however old it is.
    assert codes(house, deliver(house, "entry_20250130.csv"), own) == []


def test_a_list_without_a_date_in_its_name_has_no_closed_months(house: House) -> None:
    files = [{"pattern": "list.csv", "format": "csv", "business_date": FIRST}]
    own = feed(*ENTRY.columns, delivery={"frequency": "once", "files": files})
    house.feeds = {own.feed: own}
    house.settle(deliver(house, "list.csv"))
    house.ledger.record_generation(
        number=1, run_id=house.run(), business_date=dt.date(2025, 12, 31)
    )
    assert codes(house, deliver(house, "list.csv"), own) == []


def test_what_was_loaded_before_is_not_doubted_again(house: House) -> None:
    """Read again because the lake lost it: its size was judged when it came."""
    row = deliver(house, "entry_20250201.csv")
    house.settle(row, rows_loaded=5000)
    house.ledger.reopen(row.delivery_id)
    history(house, *[100] * 5)
    again = house.ledger.deliveries(state="received")[0]
    assert codes(house, again, ENTRY, rows_loaded=5000) == []


@pytest.mark.parametrize(
    ("kind", "rows", "is_held"), [("event", 1, True), ("event", 0, False), ("snapshot", 1, False)]
)
def test_yesterdays_events_under_todays_name_are_held(
    house: House, kind: str, rows: int, is_held: bool
) -> None:
    """The feed looked fresh, and the day had no postings."""
    own = ruled().model_copy(update={"kind": kind})
    house.land("entry_20250101.csv", extract_of("S1|张三|||"))
    (first,) = house.receive(dt.date(2025, 12, 31)).received
    house.settle(first)
    house.land("entry_20250102.csv", extract_of("S1|张三|||"))
    (second,) = house.receive(dt.date(2025, 12, 31)).received
    found = doubts_about(second, report_of(second, rows_loaded=rows), own, house.ledger)
    assert ("sent_before" in [each.code for each in found]) == is_held
    if is_held:
        assert "与第 1 号文件 entry_20250101.csv（2025-01-01）内容完全相同" in found[-1].reason.zh
