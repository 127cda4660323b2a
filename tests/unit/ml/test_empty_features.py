"""A column that nobody has today: who does not read it scores on, who reads it only where told so.

The review's fault: nobody had an open complaint, which is how a small bank should be, and no model
scored anybody, though none had learnt from the forty values that there were.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from ml.errors import FrameRefused, ScoringHeld
from ml.frames.features import FEATURES, check_frame, feature_names
from ml.models.pipelines import inputs
from ml.registry.contest import contest
from ml.score import score
from ml.train import train
from ml.watch import watch
from tests.unit.ml.conftest import AS_OF, CHANGE, OWES, entered, scoring_rows
from tests.unit.ml.test_watch import BOUNDS

OPEN_DAYS = "complaint_open_days_before_obs"
RATED = "complaint_satisfaction_180d_score_before_obs"
CODE = "five_class_code"
#: The month end that judged the versions, and may judge them against each other.
JUDGED = date(2025, 9, 30)


def _without(frame, *names):
    return frame.with_columns(pl.lit(None, dtype=frame.schema[name]).alias(name) for name in names)


def _reading(model, *names):
    """The version as if it read these too."""
    read = (*model.scorer.read, *names)
    return replace(model, scorer=replace(model.scorer, read=read))


@pytest.fixture(scope="module")
def churn(bank):
    return bank.loaded("churn")


@pytest.fixture(scope="module")
def unread(churn):
    names = sorted(set(feature_names()) - set(churn.scorer.read))
    assert names
    return names


def test_forty_values_in_training_and_none_today_hold_no_scores(frame, tmp_path):
    first = pl.col("customer_key").rank("dense") <= 40
    few = (pl.col("observation_date") == date(2025, 5, 31)) & first
    small = frame.with_columns(pl.when(few).then(pl.col(OPEN_DAYS)).alias(OPEN_DAYS))
    trained = train("churn", small, tmp_path / "models", AS_OF, key_path=tmp_path / "key")
    training = trained.report["training"]
    assert OPEN_DAYS in training["unused_features"]
    assert OPEN_DAYS not in training["absent_features"]
    model = entered(tmp_path, "churn", trained.version, small)
    today = scoring_rows(small)
    assert today[OPEN_DAYS].null_count() == today.height
    result = score(model, today)
    assert result.scores.height == today.height
    found = watch(model, today, result.scores, None, BOUNDS)
    rows = found.features.filter(pl.col("feature_name") == OPEN_DAYS)
    assert rows["finding_code"].to_list() == ["not_read"]
    assert OPEN_DAYS not in found.told[1]


@pytest.mark.parametrize("which", ["model", "baseline"])
def test_what_a_version_does_not_read_may_be_missing_altogether(bank, churn, unread, which):
    model = replace(churn, scorer=replace(churn.scorer, ships=which))
    result = score(model, _without(bank.today, *unread))
    assert result.scores["score"].is_between(0, 1).all()
    told = result.reasons.filter(pl.col("contribution").abs() > 0.1)
    assert told.height > 0
    # It moves nobody by more than what is called unread is worth.
    plain = score(model, bank.today).scores["score"].to_numpy()
    assert np.abs(result.scores["score"].to_numpy() - plain).max() < 0.1


def test_what_it_reads_and_cannot_be_nobodys_holds_the_scores(bank, churn):
    assert CHANGE in churn.scorer.read
    told = f"{CHANGE} is null in every row; look at where the column comes from"
    with pytest.raises(FrameRefused, match=told):
        score(churn, _without(bank.today, CHANGE))
    with pytest.raises(FrameRefused, match=f"{OWES} is null in every row"):
        score(churn, _without(bank.today, OWES))


@pytest.mark.parametrize("name", [OPEN_DAYS, RATED])
def test_that_nobody_complains_is_scored_and_told(bank, churn, name):
    calm = _without(bank.today, name)
    reading = _reading(churn, name)
    scores = score(reading, calm).scores
    assert scores.height == calm.height
    found = watch(reading, calm, scores, None, BOUNDS)
    (row,) = found.features.filter(pl.col("feature_name") == name).to_dicts()
    assert (row["finding_code"], row["missing_share"]) == ("emptied", 1.0)
    assert "feature_drift" in found.objections
    assert not found.is_held
    zh = next(each.name_zh for each in FEATURES if each.name == name)
    assert f"；今天无人有值的特征 1 个：{zh}（{name}）" in found.told[0]
    assert f"; read, and nobody has a value today: 1 ({name})" in found.told[1]


def test_what_came_for_others_need_come_for_nobody_who_is_asked(bank, churn):
    """Of those without a loan none has a class; that the loans were delivered others show."""
    reading = _reading(churn, CODE)
    asked = _without(bank.today, CODE)
    with pytest.raises(FrameRefused, match=f"{CODE} is null in every row"):
        score(reading, asked)
    assert score(reading, asked, recorded={CODE}).scores.height == asked.height


def test_a_unit_that_changed_holds_the_scores_of_who_reads_the_column_alone(bank, churn):
    scaled = bank.today.with_columns(pl.col(OPEN_DAYS).cast(pl.Float64) / 100)
    with pytest.raises(ScoringHeld, match=f"{OPEN_DAYS} is typically"):
        score(_reading(churn, OPEN_DAYS), scaled)
    others = tuple(name for name in churn.scorer.read if name != OPEN_DAYS)
    ignoring = replace(churn, scorer=replace(churn.scorer, read=others))
    assert score(ignoring, scaled).scores.height == scaled.height


def test_two_versions_are_compared_on_what_both_could_score(bank, churn, unread, monkeypatch):
    monkeypatch.setattr("ml.registry.contest._RESAMPLES", 5)
    judged = bank.frame.filter(pl.col("observation_date") <= JUDGED)
    lacking = _without(judged, unread[0], OPEN_DAYS)
    assert contest(churn, _reading(churn, OPEN_DAYS), lacking).rows == 900
    fed = _reading(churn, CODE)
    for pair in ((churn, fed), (fed, churn)):
        with pytest.raises(FrameRefused, match=f"{CODE} is null in every row"):
            contest(*pair, _without(judged, CODE))


@pytest.mark.parametrize("kind", ["number", "flag", "category"])
def test_a_gap_is_a_gap_to_every_pipeline(bank, churn, kind):
    """Whether such scores are used is decided before; nothing may fail on the way there."""
    names = [each.name for each in FEATURES if each.kind == kind]
    gone = inputs(check_frame(_without(bank.today, *names), absent=names), FEATURES)
    for which in ("model", "baseline"):
        assert np.isfinite(churn.scorer.predict(gone, which)).all()
