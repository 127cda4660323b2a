"""When a file is refused as a whole: for the share of its rows that are, not for a few slips."""

from __future__ import annotations

import pytest

from ingestion.batch import EXPLAINED_ROWS, is_too_much_refused
from ingestion.returning.slip import SUMMARY_SHEET
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import extract_of
from tests.unit.ingestion.returning.sent_back import cells, sheet_of


def _rows(total: int, wrong: int) -> list[str]:
    return [f"S{n}|{'' if n < wrong else '张三'}|20250131|1.10|" for n in range(total)]


@pytest.mark.parametrize(
    ("total", "wrong", "refused"),
    [(19, 19, False), (20, 4, False), (20, 5, True), (100, 20, False), (100, 21, True)],
)
def test_more_than_a_fifth_is_the_wrong_file(
    deliver: Deliver, total: int, wrong: int, refused: bool
) -> None:
    reading = deliver(extract_of(*_rows(total, wrong)))
    assert (reading.report.refusal is not None) is refused
    assert reading.report.rows_loaded == (0 if refused else total - wrong)
    assert reading.report.rows_quarantined == (total if refused else wrong)
    assert len(reading.refused) == wrong
    assert reading.adds_up()
    assert is_too_much_refused(wrong, total) is refused


def test_a_refused_file_says_how_many_and_what_to_do(deliver: Deliver) -> None:
    reading = deliver(extract_of(*_rows(1500, 400)))
    assert reading.refusal.zh == (
        "1,500 行中有 400 行不合格（27%），超过上限，整份文件未入库；请对照退回表改正后重新报送。"
    )
    assert reading.refusal.en == (
        "400 of 1,500 rows (27%) are refused, which is too many, so nothing of the file was"
        " loaded; correct it by the returned sheet and deliver it again."
    )
    assert reading.report.returned is not None


def test_rows_written_twice_say_nothing_against_a_file(deliver: Deliver) -> None:
    rows = _rows(100, 0)
    report = deliver(extract_of(*rows, *rows)).report
    assert (report.refusal, report.rows_loaded, report.rows_quarantined) == (None, 100, 100)
    assert report.reasons == {"duplicate": 100}


def test_contradictions_do(deliver: Deliver) -> None:
    rows = _rows(100, 0)
    reading = deliver(extract_of(*rows, *(row.replace("1.10", "2.20") for row in rows[:20])))
    assert "120 行中有 40 行不合格（33%）" in reading.refusal.zh
    assert reading.report.reasons == {"conflict": 40}
    assert reading.rows == []


def test_rows_that_contradict_each_other_are_counted_among_the_refused(deliver: Deliver) -> None:
    """It said 5 of 20, and the sheet listed 9, as if those were the first of more."""
    rows = _rows(18, 5)
    other = [row.replace("1.10", "2.20") for row in rows[-2:]]
    reading = deliver(extract_of(*rows, *other))
    assert "20 行中有 9 行不合格（45%），超过上限" in reading.refusal.zh
    assert len(reading.refused) == 9
    summary = [line[0] for line in cells(sheet_of(reading, SUMMARY_SHEET))]
    assert "说明 Note" not in summary


def test_rows_written_twice_are_told_beside_the_refused(deliver: Deliver) -> None:
    rows = _rows(20, 6)
    reading = deliver(extract_of(*rows, rows[-1]))
    assert "21 行中有 6 行不合格（29%），另有 1 行完全重复，超过上限" in reading.refusal.zh
    assert "nothing of the file was loaded; 1 more are there twice;" in reading.refusal.en
    assert len(reading.refused) == 7


def test_of_a_wholly_wrong_file_only_the_first_rows_are_explained(deliver: Deliver) -> None:
    reading = deliver(extract_of(*_rows(EXPLAINED_ROWS + 50, EXPLAINED_ROWS + 50)))
    assert len(reading.refused) == EXPLAINED_ROWS
    assert reading.report.rows_quarantined == EXPLAINED_ROWS + 50
    assert reading.adds_up()
