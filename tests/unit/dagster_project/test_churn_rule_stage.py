"""What is read for rules of who leaves: the last month end of which one knows who left."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from dagster_project.stages.churn_rules import read
from ml.frames.features import FEATURES

DAY = dt.date(2025, 12, 31)
#: The label of August is known, that of September not yet; no other label and no open one is read.
LABELS = """
    (1, '2025-07-31', 'any_3m', true, '2025-11-30'),
    (1, '2025-08-31', 'any_3m', false, '2025-12-31'),
    (1, '2025-08-31', 'hard_3m', true, '2025-12-31'),
    (1, '2025-09-15', 'any_3m', true, '2025-12-31'),
    (1, '2025-09-30', 'any_3m', true, '2026-01-31'),
    (2, '2025-08-31', 'any_3m', true, '2025-12-31'),
    (3, '2025-08-31', 'any_3m', null, '2025-12-31')
"""
DATES = ("2025-01-31", "2025-07-31", "2025-08-31", "2025-09-15", "2025-09-30", "2025-12-31")


def _database(path: Path, dates: tuple[str, ...] = DATES) -> Path:
    kinds = {"number": "1.0", "flag": "true", "category": "null::varchar"}
    days = ", ".join(f"('{each}')" for each in dates)
    features = ", ".join(f"{kinds[each.kind]} as {each.name}" for each in FEATURES)
    with duckdb.connect(str(path)) as connection:
        for schema in ("dimensional", "feature", "rule"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table feature.ftr_customer as select customer_key, observation_date::date as"
            f" observation_date, {features} from (values (1), (2), (3)) as customer (customer_key)"
            f" cross join (values {days}) as day (observation_date)"
        )
        connection.execute(
            "create table feature.ftr_customer_label as select col0 as customer_key,"
            " col1::date as observation_date, col2 as label_code, col3 as is_event,"
            f" col4::date as known_date from (values {LABELS})"
        )
        connection.execute(
            "create table rule.churn_tree_rule as select 'any_3m' as label_code,"
            " 6 as maximum_leaf_count, 3 as maximum_depth, 0.05 as minimum_leaf_share_rate,"
            " 4.0 as minimum_split_z, 25 as minimum_churner_count, 0.5 as held_out_share_rate,"
            " 0.95 as interval_level, date '1900-01-01' as valid_from_date,"
            " date '9999-12-31' as valid_to_date"
        )
        connection.execute(
            "create table dimensional.dim_code as select 'customer' as entity_name,"
            " 'level_code' as column_name, 'A' as code, 'A级' as name_zh, 'Level A' as name_en"
            " union all select 'loan', 'five_class_code', 'loss', '损失', 'Loss'"
        )
        connection.execute(
            "create table rule.attribute_band as select 'asset_band' as attribute_code,"
            " 'small' as band_code, '10万以下' as band_name_zh, 'Under 100000' as band_name_en,"
            " date '1900-01-01' as valid_from_date, date '9999-12-31' as valid_to_date"
        )
    return path


def test_the_last_date_with_a_known_label_teaches_and_the_day_is_placed(tmp_path: Path) -> None:
    labelled, now, rule, words = read(_database(tmp_path / "crm.duckdb"), DAY)
    assert labelled.select("customer_key", "has_left").rows() == [(1, False), (2, True)]
    assert set(labelled["observation_date"]) == {dt.date(2025, 8, 31)}
    assert set(now["observation_date"]) == {DAY}
    assert now.height == 3
    assert rule.minimum_churner_count == 25
    assert words == {
        "level_code = A": ("A级", "Level A"),
        "five_class_code = loss": ("损失", "Loss"),
        "asset_band_code = small": ("10万以下", "Under 100000"),
    }


@pytest.mark.parametrize(("day", "dates"), [(DAY, DATES[2:]), (dt.date(2025, 10, 31), DATES)])
def test_windows_cut_short_and_labels_to_come_teach_nothing(
    tmp_path: Path, day: dt.date, dates: tuple[str, ...]
) -> None:
    assert read(_database(tmp_path / "crm.duckdb", dates), day)[0].is_empty()
