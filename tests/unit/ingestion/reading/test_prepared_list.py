"""A prepared list comes back half filled in: what was not worked on is no data, and is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ingestion.books import typed
from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import CUSTOMER, SERIAL, XLSX, column, feed

CALLS = feed(
    SERIAL,
    CUSTOMER,
    column(
        "result_code", "结果", "code", required=True, values={"yes": ["属实"], "no": ["不属实"]}
    ),
    column("opinion_text", "意见"),
    answers=("result_code", "opinion_text"),
)
HEADINGS = [column.heading for column in CALLS.columns]


def rows(*answers: tuple[Any, Any]) -> list[list[Any]]:
    return [HEADINGS, *([f"N{i}", f"客户{i}", *told] for i, told in enumerate(answers))]


def test_a_row_without_any_answer_is_no_data(deliver: Deliver) -> None:
    reading = deliver(typed(*rows(("属实", None), (None, None), ("不属实", "嫌远"))), CALLS, XLSX)
    assert (len(reading.rows), reading.refused) == (2, [])
    assert reading.adds_up()
    assert any("1 rows of the prepared list" in note.en for note in reading.report.notes)


def test_a_row_with_half_an_answer_is_refused(deliver: Deliver) -> None:
    reading = deliver(typed(*rows(("属实", None), (None, "嫌远"))), CALLS, XLSX)
    assert len(reading.rows) == 1
    assert [refused.codes for refused in reading.refused] == [["missing"]]


def test_a_feed_without_answers_refuses_it(deliver: Deliver) -> None:
    plain = CALLS.model_copy(update={"answers": ()})
    reading = deliver(typed(*rows(("属实", None), (None, None))), plain, XLSX)
    assert [refused.codes for refused in reading.refused] == [["missing"]]


@pytest.mark.parametrize(
    ("answers", "told"),
    [(("verdict",), "names verdict"), (("opinion_text",), "needs a required column")],
)
def test_answers_are_checked(answers: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        feed(*CALLS.columns, answers=answers)
