"""What can have changed a published figure, and which months each cause reaches."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dagster_project.stages.explanation import Cause, data_cause, differing_parts
from ingestion.ledger import Decision, DeliveryRow, LakeChange
from serving import figures

PUBLISHED = dt.date(2026, 1, 1)
BY_NAME = {each.name: each for each in figures.FIGURES}


def row(**values: Any) -> DeliveryRow:
    made = DeliveryRow(
        delivery_id=9,
        run_id=1,
        feed="corebank__transaction",
        file_name="postings_20251215.csv",
        landing_path="postings_20251215.csv",
        sha256="00",
        size_bytes=1,
        business_date=dt.date(2025, 12, 15),
        part=None,
        slot="day|",
        batch_id="b",
        contract="c",
        state="loaded",
        received_at="now",
        rows_loaded=7,
    )
    return dataclasses.replace(made, **values)


def change(kind: str = "committed", feed_kind: str = "event", **values: Any) -> LakeChange:
    dates = values.pop("dates", [dt.date(2025, 12, 15), dt.date(2026, 1, 1)])
    return LakeChange(row(**values), kind, feed_kind, dates)


def months_of(cause: Cause, figure: str = "fees") -> list[str]:
    """Which of four months a cause can touch."""
    months = ("2025-10", "2025-11", "2025-12", "2026-01")
    changes = {m: figures.Change(BY_NAME[figure], m, Decimal(1), Decimal(2)) for m in months}
    return [month for month, each in changes.items() if cause.can_touch(each)]


@pytest.mark.parametrize(
    ("what", "before", "rebuilt", "expected"),
    [
        (change(), None, ["2025-12"], ["2025-12", "2026-01"]),
        (change(dates=[]), None, None, []),
        # What a correction took away counts like what it brought.
        (change(), change("removed", dates=[dt.date(2025, 11, 30)]), None,
         ["2025-11", "2025-12", "2026-01"]),
        (change("removed"), None, None, ["2025-12", "2026-01"]),
        (change(feed_kind="change", dates=[]), None, ["2025-12"],
         ["2025-10", "2025-11", "2025-12", "2026-01"]),
        # A list of its own day: only where the night built the past again.
        (change(feed_kind="change", dates=[], business_date=dt.date(2026, 1, 2)), None,
         ["2025-11"], ["2025-11"]),
        (change(feed_kind="snapshot", dates=[], business_date=dt.date(2026, 1, 2)), None, None,
         ["2025-10", "2025-11", "2025-12", "2026-01"]),
    ],
)  # fmt: skip
def test_which_months_a_delivery_can_have_touched(
    what: LakeChange, before: LakeChange | None, rebuilt: list[str] | None, expected: list[str]
) -> None:
    assert months_of(data_cause(what, before, None, PUBLISHED, rebuilt)) == expected


def test_a_delivery_is_told_with_file_rows_and_decision() -> None:
    decision = Decision(1, 9, "release", "核对无误", "王经理", "now")
    cause = data_cause(change(), None, decision, PUBLISHED, None)
    assert cause.en == (
        "postings_20251215.csv (delivery 9 of 2025-12-15, 7 rows) came late,"
        " released by 王经理: 核对无误"
    )
    assert cause.zh == (
        "postings_20251215.csv（第 9 号，2025-12-15，7 行）迟报，王经理 批准：核对无误"
    )
    old = change("removed", delivery_id=5, file_name="old.csv", rows_loaded=6)
    corrected = data_cause(change(), old, None, PUBLISHED, None)
    assert corrected.en.endswith("took the place of old.csv (delivery 5, 6 rows)")
    assert corrected.zh.endswith("替换了 old.csv（第 5 号，6 行）")
    gone = change("removed", state="refused", refusal_zh="重复", refusal_en="sent twice")
    taken_out = data_cause(gone, None, None, PUBLISHED, None)
    assert taken_out.en.endswith("was taken out again: sent twice")
    assert taken_out.zh.endswith("已撤出：重复")


PARTS: dict[str, Any] = {
    "rules": {"ftp.csv": {"1900-01-01": "a", "2025-12-01": "b"}, "levels.csv": {"": "c"}},
    "feeds": {"corebank__loan": "d"},
    "bank": {"own_currency_code": None},
    "models": {"churn": "churn-1", "value": None},
    "code": "e",
    "dbt": "f",
}


@pytest.mark.parametrize(
    ("changed", "kinds", "months"),
    [
        ({}, [], []),
        ({"rules": {**PARTS["rules"], "ftp.csv": {"1900-01-01": "a", "2025-12-01": "B"}}},
         ["rule"], ["2025-12", "2026-01"]),
        ({"rules": {**PARTS["rules"], "ftp.csv": {"1900-01-01": "A", "2025-12-01": "b"}}},
         ["rule"], ["2025-10", "2025-11", "2025-12", "2026-01"]),
        ({"rules": {**PARTS["rules"], "levels.csv": {"": "C"}}},
         ["rule"], ["2025-10", "2025-11", "2025-12", "2026-01"]),
        ({"rules": {**PARTS["rules"], "new.csv": {"2026-01-01": "x"}}}, ["rule"], ["2026-01"]),
        ({"feeds": {"corebank__loan": "D"}}, ["feed"],
         ["2025-10", "2025-11", "2025-12", "2026-01"]),
        ({"bank": {"own_currency_code": "CZK"}}, ["feed"],
         ["2025-10", "2025-11", "2025-12", "2026-01"]),
        ({"code": "E"}, ["code"], ["2025-10", "2025-11", "2025-12", "2026-01"]),
        ({"dbt": "F"}, ["dbt"], ["2025-10", "2025-11", "2025-12", "2026-01"]),
        ({"models": {"churn": "churn-2", "value": None}}, ["model"], []),
        ({"code": "E", "dbt": "F"}, ["dbt", "code"],
         ["2025-10", "2025-11", "2025-12", "2026-01"]),
    ],
)  # fmt: skip
def test_each_part_that_differs_is_a_cause(
    changed: dict[str, Any], kinds: list[str], months: list[str]
) -> None:
    causes = differing_parts({"parts": PARTS}, PARTS | changed)
    assert [each.kind for each in causes] == kinds
    assert sorted({m for each in causes for m in months_of(each)}) == months


def test_a_model_can_only_have_changed_its_own_scores() -> None:
    now = PARTS | {"models": {"churn": "churn-2", "value": None}}
    (cause,) = differing_parts({"parts": PARTS}, now)
    assert months_of(cause, "churn_score")
    assert months_of(cause, "value_score") == []
    assert cause.en == "model churn went from churn-1 to churn-2"
    assert cause.zh == "模型 churn 由 churn-1 换为 churn-2"


def test_a_generation_that_kept_no_record_of_the_banks_settings_blames_them_for_nothing() -> None:
    before = {name: part for name, part in PARTS.items() if name != "bank"}
    now = PARTS | {"bank": {"own_currency_code": "CZK"}}
    assert differing_parts({"parts": before}, now) == []


def test_a_generation_without_a_record_says_so() -> None:
    (cause,) = differing_parts({}, PARTS)
    assert "kept no record" in cause.en
