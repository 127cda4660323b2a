"""Stage churn rules: who has left and who has not out of the build, rules of who leaves into it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import NoBuildError
from dagster_project.night import Night
from dagster_project.stages import model_rows
from dagster_project.stages.findings import Told, rule_row
from dagster_project.stages.models import land
from ingestion.sentence import Sentence
from ingestion.sql import read_only
from ml.names import EVERYBODY, POPULATIONS, WHOLE_BANK

if TYPE_CHECKING:
    import polars as pl

    from ml.churn_rules import TreeRule

RULE_FEED = "ml__churn_rule"

# The last month end of which one knows by the day who left; before the windows of features are
# whole, a customer looks smaller than he is.
_LABELLED = """
    with history as (select min(observation_date) as first_date from feature.ftr_customer)

    select label.customer_key, label.observation_date, label.is_event as has_left
    from feature.ftr_customer_label as label
    cross join history
    where label.label_code = $label and label.known_date <= $day and label.is_event is not null
        and label.observation_date = last_day(label.observation_date)
        and label.observation_date >= last_day(history.first_date + to_months($months))
    qualify label.observation_date = max(label.observation_date) over ()
    order by label.customer_key
"""
# What codes of the contract are called; codes that stand for themselves are not in it.
_WORDS = """
    select column_name || $flag || code as name, name_zh, name_en
    from dimensional.dim_code where entity_name in ('customer', 'loan')
    union all
    select attribute_code || '_code' || $flag || band_code, band_name_zh, band_name_en
    from rule.attribute_band where valid_from_date <= $day and valid_to_date > $day
"""


def find(night: Night) -> Told:
    """Grow the trees on the last labelled month end, and land their rules."""
    from ml.churn_rules import churn_rules
    from ml.errors import InputRefused

    if night.build is None:
        raise NoBuildError.to("归纳流失规则", "tell rules of churn")
    day = night.request.business_date
    try:
        labelled, now, rule, words = read(night.build.database("crm"), day)
        if labelled.is_empty():
            told = Sentence("尚无已到期的流失标签", "no churn label has come true yet")
            return Told(is_found=False, told=told, is_due=False)
        date = labelled.get_column("observation_date").item(0)
        found = churn_rules(labelled, now, rule, (date, day), words)
    except InputRefused as error:
        return Told(
            is_found=False, told=Sentence(*error.as_why("未归纳流失规则", "no churn rules"))
        )
    land(night, RULE_FEED, found)
    groups = found.filter(rule_number=0)
    silent = groups.filter(groups["note_en"].is_not_null()).get_column("population_code")
    count = found.height - groups.height
    told = Sentence(f"{date} 之后流失的规则 {count} 条", f"{count} rules of who left after {date}")
    if len(silent):
        called = {EVERYBODY: WHOLE_BANK, **POPULATIONS}
        chinese, english = zip(*(called.get(each, (each, each)) for each in silent), strict=True)
        told = told.then(f"；{'、'.join(chinese)}无规则", f"; none of {', '.join(english)}")
    return Told(is_found=True, told=told, report={"populations": groups.height})


def read(
    database: Path, day: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame, TreeRule, dict[str, tuple[str, str]]]:
    """Customers of the last labelled date, those of the day, the rule, and what codes are called.

    Raises:
        InputRefused: The rule has no row for the day.
    """
    from ml.churn_rules import TreeRule
    from ml.frames.split import WINDOW_MONTHS
    from ml.models.rules import FLAG

    rule = TreeRule(
        **rule_row(database, "churn_tree_rule", list(TreeRule.__dataclass_fields__), day)
    )
    asked = {"label": rule.label_code, "day": day, "months": WINDOW_MONTHS - 1}
    with read_only(database) as connection:
        labelled = connection.execute(_LABELLED, asked).pl()
        words = connection.execute(_WORDS, {"flag": FLAG, "day": day}).fetchall()
    now = model_rows.read_features(database, day)
    if not labelled.is_empty():
        date = labelled.get_column("observation_date").item(0)
        known = model_rows.read_features(database, date)
        labelled = labelled.join(
            known.drop("observation_date"), on="customer_key", how="inner", maintain_order="left"
        )
    return labelled, now, rule, {name: (chinese, english) for name, chinese, english in words}
