"""Campaigns judged by hand, by published figures, and against effects that were planted."""

import numpy as np
import polars as pl
import pytest

from ml.errors import InputRefused
from ml.frames.columns import Columns
from ml.judge.uplift import imbalance, qini


def campaign(
    rows: int = 4000, seed: int = 1, share: float = 0.5
) -> tuple[pl.DataFrame, np.ndarray]:
    """(customers drawn by lot, true uplift): visits win rich farmers and put off shops.

    Who would respond anyway is told by age, which has nothing to do with the uplift.
    """
    rng = np.random.default_rng(seed)
    balance, age = rng.normal(size=rows), rng.uniform(20, 70, rows)
    job = rng.choice(["farm", "shop"], rows)
    without = 0.1 + 0.4 * (age - 20) / 50
    uplift = np.where(job == "farm", 0.4 / (1 + np.exp(-2 * balance)), -0.08)
    treated = rng.random(rows) < share
    frame = pl.DataFrame(
        {
            "balance": balance,
            "age": age,
            "job": job,
            "is_treated": treated,
            "has_responded": rng.random(rows) < without + uplift * treated,
        }
    )
    return frame, uplift


def test_the_curve_by_hand():
    """Best first: treated yes, control no, treated yes, control yes, then a tied pair."""
    frame = pl.DataFrame(
        {
            "is_treated": [1, 0, 1, 0, 1, 0],
            "has_responded": [1, 0, 1, 1, 0, 0],
        }
    )
    # Additional: 1, 1, 2, 2 - 1 x 2/2, 2 - 1 x 3/3; of three treated, and by lot they come evenly.
    # What stands above the diagonal, in eighteenths, as trapezoids.
    heights = np.array([0, 5, 4, 9, 2, 0]) / 18
    area = ((heights[1:] + heights[:-1]) / 2 * np.array([1, 1, 1, 1, 2]) / 6).sum()
    assert qini(frame, np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5]), draws=5).coefficient == (
        pytest.approx(area)
    )


def test_a_score_that_says_nothing_has_no_area_and_one_turned_round_a_negative_one():
    frame, uplift = campaign()
    assert qini(frame, np.zeros(4000), draws=5).coefficient == pytest.approx(0)
    right, wrong = qini(frame, uplift, draws=60), qini(frame, -uplift, draws=60)
    assert right.low > 0.01
    assert wrong.high < -0.01
    luck = qini(frame, np.random.default_rng(3).normal(size=4000), draws=60)
    assert luck.low < 0 < luck.high


def test_the_chance_to_respond_is_not_the_uplift():
    """Age tells who responds and nothing of whom a visit wins."""
    frame, uplift = campaign(12_000)
    by_age = qini(frame, frame["age"].to_numpy(), draws=40)
    assert abs(by_age.coefficient) < 0.25 * qini(frame, uplift, draws=5).coefficient


def test_the_interval_holds_the_area_of_many_customers_about_as_often_as_it_says():
    many, uplift = campaign(200_000, seed=7)
    truth = qini(many, uplift, draws=2).coefficient
    hits = 0
    for seed in range(30):
        frame, score = campaign(1200, seed=100 + seed)
        found = qini(frame, score, draws=60)
        hits += found.low <= truth <= found.high
    assert 22 <= hits <= 30  # 27 expected of 30 at a level of 90%


@pytest.mark.parametrize("judge", [qini, imbalance])
def test_without_a_control_group_nothing_is_reported_as_a_success(judge):
    frame = campaign(200)[0].with_columns(is_treated=pl.lit(value=True))
    asked = {imbalance: {"columns": Columns(("age",))}}.get(judge, {"score": np.zeros(200)})
    with pytest.raises(InputRefused, match="not reported as a success") as refused:
        judge(frame, **asked)
    assert refused.value.sentence[0] == "该活动没有对照组，无法判断效果，不作为成功上报。"


@pytest.mark.parametrize(
    ("change", "score", "told"),
    [
        ({"is_treated": pl.lit(value=False)}, np.zeros(200), "treated nobody"),
        ({"has_responded": pl.lit(None)}, np.zeros(200), "missing"),
        ({}, np.full(200, np.nan), "uplift score"),
        ({}, np.zeros(3), "uplift score"),
    ],
)
def test_what_cannot_be_judged_is_refused(change, score, told):
    with pytest.raises(InputRefused, match=told):
        qini(campaign(200)[0].with_columns(**change), score)


def test_a_campaign_that_went_to_the_rich_is_found_out():
    frame, _ = campaign(4000)
    columns = Columns(("balance", "age"), ("job",))
    assert imbalance(frame, columns).get_column("is_fair").all()
    chosen = frame.with_columns(is_treated=pl.col("balance") > -0.2)
    worst = imbalance(chosen, columns).row(0, named=True)
    assert (worst["column_name"], worst["is_fair"]) == ("balance", False)
    assert worst["difference"] > 1
