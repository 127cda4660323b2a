"""Quintiles and rule segments against cases that can be counted by hand."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.models.rfmb import fit_quintiles, rule_segments, rule_stability, score_quintiles

MEASURES = {"recency_days": -1, "act_count": 1, "turnover_amount": 1, "balance_amount": 1}
RULES = pl.DataFrame(
    {
        "rule_order": [1, 2, 3, 4],
        "segment_code": ["core", "sleeping_wealth", "new_life", "general"],
        "balance_amount_quintile_least": [4, 4, None, None],
        "recency_days_quintile_least": [4, None, 4, None],
        "recency_days_quintile_most": [None, 2, None, None],
    }
)


def _bank(rows: int = 2000, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "recency_days": rng.exponential(60, rows).round(),
            "act_count": rng.poisson(rng.gamma(1, 4, rows)).astype(float),
            "turnover_amount": rng.lognormal(7, 2, rows).round(2),
            "balance_amount": rng.lognormal(9, 2, rows).round(2),
        }
    )


def test_ten_different_values_are_five_pairs():
    frame = pl.DataFrame({"up": range(1, 11), "down": range(1, 11)})
    cuts = fit_quintiles(frame, {"up": 1, "down": -1})
    scores = score_quintiles(frame, cuts)
    assert scores.get_column("up_quintile").to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert scores.get_column("down_quintile").to_list() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    told = cuts.filter(pl.col("measure_name") == "down").select("quintile", "beyond_value").rows()
    assert told == [(2, 9.0), (3, 7.0), (4, 5.0), (5, 3.0)]


def test_equal_values_stand_together_and_nil_is_the_worst():
    """Seven of ten customers did nothing; none of them may pass for an active one."""
    frame = pl.DataFrame({"act_count": [0, 0, 0, 0, 0, 0, 0, 1, 2, 3]})
    scores = score_quintiles(frame, fit_quintiles(frame, {"act_count": 1}))
    assert scores.get_column("act_count_quintile").to_list() == [1] * 7 + [4, 5, 5]


def test_a_missing_value_is_the_worst_and_later_customers_are_scored_by_stored_cuts():
    frame = pl.DataFrame({"recency_days": [1.0, 2.0, 3.0, 4.0, 5.0]})
    cuts = fit_quintiles(frame, {"recency_days": -1})
    later = pl.DataFrame({"recency_days": [None, 0.0, 900.0]})
    assert score_quintiles(later, cuts).get_column("recency_days_quintile").to_list() == [1, 5, 1]


def test_the_first_rule_that_is_kept_decides():
    scores = pl.DataFrame(
        {"balance_amount_quintile": [5, 4, 1, 1, 4], "recency_days_quintile": [5, 1, 4, 1, 3]}
    )
    assert rule_segments(scores, RULES).to_list() == [
        "core",
        "sleeping_wealth",
        "new_life",
        "general",
        "general",
    ]


def test_rules_that_leave_somebody_out_are_refused():
    scores = score_quintiles(_bank(), fit_quintiles(_bank(), MEASURES))
    with pytest.raises(InputRefused, match="keep no rule"):
        rule_segments(scores, RULES.head(3))
    with pytest.raises(InputRefused, match="recency_days_quintile"):
        rule_segments(scores.drop("recency_days_quintile"), RULES)


@pytest.mark.parametrize(
    ("values", "told"),
    [([None, None], "missing for every"), ([1.0, float("inf")], "infinite"), ([], "no rows")],
)
def test_measures_that_say_nothing_are_refused(values, told):
    with pytest.raises(InputRefused, match=told):
        fit_quintiles(pl.DataFrame({"act_count": values}), {"act_count": 1})


def test_segments_of_many_customers_hardly_move_and_those_of_few_do():
    many = rule_stability(_bank(4000), MEASURES, RULES, draws=10)
    few = rule_stability(_bank(40), MEASURES, RULES, draws=10)
    assert many > 0.9 > few
