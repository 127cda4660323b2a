"""Event dates are bounded by their delivery: a year typed wrong must not stretch the history."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import AMOUNT, SERIAL, column, extract_of, feed

HAPPENED = column("happened_date", "日期", "date", required=True)
HEADINGS = "流水号|日期|金额"
# The delivery's business date is 2025-01-31.
INSIDE = ["20250131", "2025-01-30", "20231228"]
OUTSIDE = [
    ("20250201", "is after 2025-01-31"),
    ("20260131", "is after 2025-01-31"),
    ("20231227", "is before 2023-12-28"),
    ("19250131", "is before 2023-12-28"),
]


def events(**settings: Any) -> Any:
    return feed(SERIAL, HAPPENED, AMOUNT, kind="event", event_date="happened_date", **settings)


@pytest.mark.parametrize("date", INSIDE)
def test_an_event_near_its_delivery_is_loaded(deliver: Deliver, date: str) -> None:
    reading = deliver(extract_of(f"S1|{date}|1.00", headings=HEADINGS), events())
    assert (len(reading.rows), reading.refused) == (1, [])


@pytest.mark.parametrize(("date", "words"), OUTSIDE)
def test_an_event_far_from_its_delivery_is_refused(deliver: Deliver, date: str, words: str) -> None:
    content = extract_of(f"S1|{date}|1.00", "S2|20250131|1.00", headings=HEADINGS)
    reading = deliver(content, events())
    assert len(reading.rows) == 1
    (refused,) = reading.refused
    assert words in refused.sentence.en


def test_a_feed_may_say_otherwise(deliver: Deliver) -> None:
    wide = events(event_window={"past_days": 0, "future_days": 31})
    content = extract_of("S1|20250303|1.00", "S2|20250130|1.00", headings=HEADINGS)
    reading = deliver(content, wide)
    assert [row["serial_id"] for row in reading.rows] == ["S1"]


def test_a_bound_of_the_column_itself_stays(deliver: Deliver) -> None:
    late = column("happened_date", "日期", "date", required=True, min="2025-01-15")
    bounded = feed(SERIAL, late, kind="event", event_date="happened_date")
    content = extract_of("S1|20250114", "S2|20250115", headings="流水号|日期")
    reading = deliver(content, bounded)
    assert [row["serial_id"] for row in reading.rows] == ["S2"]


def test_a_file_of_a_fixed_date_is_a_history(deliver: Deliver) -> None:
    files = [
        {"pattern": "all.csv", "format": "csv", "encoding": "gb18030", "delimiter": "|",
         "business_date": "2025-01-31"}
    ]  # fmt: skip
    content = extract_of("S1|19930101|1.00", headings=HEADINGS)
    assert len(deliver(content, events(files=files), "all.csv").rows) == 1
    bounded = events(files=files, event_window={"past_days": 30})
    assert len(deliver(content, bounded, "all.csv").rows) == 0


@pytest.mark.parametrize("kind", ["change", "snapshot"])
def test_a_list_has_no_window(kind: str) -> None:
    with pytest.raises(ValueError, match="event_window has a meaning only for an event feed"):
        feed(SERIAL, HAPPENED, kind=kind, event_window={"past_days": 1})
