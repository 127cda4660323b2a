"""Counts and totals that a sender tells: what misses them by a row or a fen is held."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.contracts import Feed
from ingestion.reading.promises import Promise
from ingestion.sentence import Sentence
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import (
    AMOUNT,
    CUSTOMER,
    DATE,
    NOTE,
    SERIAL,
    column,
    extract_of,
    feed,
)

GOOD = "S1|张三|20250131|1.00|"
OTHER = "S2|李四|20250131|2.05|注"
BAD = "S3||20250131|4.00|"


def with_trailer(amount: Any = AMOUNT, **trailer: Any) -> Feed:
    told = {"marker": "END", "rows": 2, "totals": {"amount": 3}} | trailer
    file = {"pattern": "entry_{date}.csv", "format": "csv", "encoding": "gb18030",
            "delimiter": "|", "trailer": told}  # fmt: skip
    return feed(SERIAL, CUSTOMER, DATE, amount, NOTE, files=[file])


TRAILED = with_trailer()


@pytest.mark.parametrize(
    ("rows", "trailer"),
    [
        ([GOOD, OTHER], "END|2|3.05"),
        ([GOOD, OTHER], "END|2|3.05|20250131|more"),
        ([GOOD, OTHER], "END| 2 |3.050"[:-1]),
        ([GOOD, OTHER], "END|0000002|3.05\n\n  "),
        ([GOOD, OTHER], "END|2|3.05\r\n\x1a"),
        ([GOOD, "", OTHER], 'END|"2"|"3.05"'),
        # What is refused was delivered too.
        ([GOOD, OTHER, BAD], "END|3|7.05"),
        ([GOOD, OTHER, OTHER], "END|3|5.10"),
        ([], "END|0|0.00"),
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_trailer_that_fits_is_no_data(
    deliver: Deliver, rows: list[str], trailer: str, end: str
) -> None:
    reading = deliver(extract_of(*rows, trailer).removesuffix("\n") + end, TRAILED)
    report = reading.report
    assert (report.state, report.doubts) == ("loaded", [])
    assert report.data_rows == len([row for row in rows if row])
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("trailer", "codes", "zh", "en"),
    [
        (
            "END|3|3.05",
            ["count"],
            "尾行声明 3 行，实收 2 行（合格 2、不合格 0），相差 -1 行",
            "3 rows",
        ),
        ("END|1|3.05", ["count"], "声明 1 行，实收 2 行", "but 2 came (2 good, 0 refused)"),
        ("END|two|3.05", ["count"], "声明 “two” 行", "'two' rows"),
        (
            "END|2|3.06",
            ["total"],
            "尾行声明“金额”合计 3.06，实收合计 3.05（合格 3.05、不合格 0.00），相差 -0.01",
            "the total of 金额 is 3.06, but 3.05 came (3.05 good, 0.00 refused), a difference of"
            " -0.01",
        ),
        ("END|2|abc", ["total"], "合计 abc，实收合计 3.05", "is abc, but 3.05 came"),
        ("END|20|33.05", ["count", "total"], "声明 20 行", "20 rows"),
    ],
)
def test_a_trailer_that_is_missed_holds_the_file(
    deliver: Deliver, trailer: str, codes: list[str], zh: str, en: str
) -> None:
    reading = deliver(extract_of(GOOD, OTHER, trailer), TRAILED)
    assert (reading.report.state, reading.rows) == ("held", [])
    assert [doubt.code for doubt in reading.report.doubts] == codes
    assert zh in reading.report.doubts[0].reason.zh
    assert en in reading.report.doubts[0].reason.en
    assert reading.adds_up()


@pytest.mark.parametrize(
    ("lines", "zh"),
    [
        ([GOOD, OTHER], "最后一行不是约定的尾行（以“END”开头）"),
        ([], "最后一行不是约定的尾行"),
        (["END|1|1.00", GOOD], "最后一行不是约定的尾行"),
        ([GOOD, "EN"], "最后一行不是约定的尾行"),
        ([GOOD, "END|1"], "尾行不完整，缺少约定的行数或合计"),
        ([GOOD, "END||1.00"], "尾行不完整"),
    ],
)
def test_a_trailer_that_is_gone_refuses_the_file(
    deliver: Deliver, lines: list[str], zh: str
) -> None:
    reading = deliver(extract_of(*lines), TRAILED)
    assert (reading.report.state, reading.rows) == ("refused", [])
    assert zh in reading.refusal.zh
    assert reading.refusal.zh.endswith("整份未入库；请重新传输。")
    assert reading.refusal.en.endswith("nothing of it was loaded; send it again.")


def test_a_total_is_told_in_the_unit_of_its_column(deliver: Deliver) -> None:
    of = with_trailer(column("amount", "金额", "money", unit="wan_yuan"))
    assert deliver(extract_of(GOOD, OTHER, "END|2|3.05"), of).report.state == "loaded"


def test_a_file_with_trailer_cut_anywhere_is_never_loaded(deliver: Deliver) -> None:
    """F20: every cut but the one that takes the last line's end alone."""
    rows = [f"S{n}|张三{n}|20250131|{n}.11|备注" for n in range(701)]
    total = sum(n * 100 + 11 for n in range(701))
    text = extract_of(*rows, f"END|701|{total // 100}.{total % 100:02d}")
    data = text.encode("gb18030")
    assert deliver(data, TRAILED).report.state == "loaded"
    cuts = [*range(1, len(data), 1024), *range(len(data) - 16, len(data) - 1)]
    assert len(cuts) > 35
    for cut in cuts:
        reading = deliver(data[:cut], TRAILED)
        assert (reading.report.state in ("held", "refused"), reading.rows) == (True, []), cut


BY = Sentence("控制文件 x.ok ", "the control file x.ok")


@pytest.mark.parametrize(
    ("promise", "codes"),
    [
        (Promise(BY, "2", {"amount": "3.05"}), []),
        (Promise(BY, "2"), []),
        (Promise(BY, is_whole=True), []),
        (Promise(BY), ["cut"]),
        (Promise(BY, "3"), ["count"]),
        (Promise(BY, "1,000"), ["count"]),
        (Promise(BY, "2", {"amount": "3.04"}), ["total"]),
    ],
)
def test_what_a_control_file_says_is_held_against_the_file(
    deliver: Deliver, promise: Promise, codes: list[str]
) -> None:
    """The missing line end is no doubt any more where count, size or hash speak for the file."""
    report = deliver(extract_of(GOOD, OTHER).removesuffix("\n"), told=promise).report
    assert [doubt.code for doubt in report.doubts] == codes


@pytest.mark.parametrize(("rows", "state"), [("0", "loaded"), ("10", "held"), (None, "held")])
def test_no_rows_are_right_only_if_the_sender_says_so(
    deliver: Deliver, rows: str | None, state: str
) -> None:
    assert deliver(extract_of(), told=Promise(BY, rows)).report.state == state
