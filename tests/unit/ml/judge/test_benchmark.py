"""The benchmark: the same folds for all, differences with intervals, refusals in one sentence."""

import json
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier
from typer.testing import CliRunner

from dagster_project.cli.main import app
from ml.errors import TableRefused
from ml.frames.columns import Columns
from ml.frames.table import prepare
from ml.judge.benchmark import _makers, _tuned, run
from ml.models.factories import boosted_classifier
from tests.unit.ml.models.test_blend import people

BANK = Path(__file__).resolve().parents[4].parent / "shared/data/bank_marketing/bank-full.csv"


def customers(rows: int) -> pl.DataFrame:
    """Made customers with their end in a column."""
    frame, left = people(rows)
    return frame.with_columns(left=pl.Series(left).cast(pl.Int8))


def test_every_model_is_judged_on_the_same_folds() -> None:
    result = run(prepare(customers(300), "left"), folds=3, repeats=1)
    counts = result.folds.group_by("model").len()
    assert set(counts["model"]) == {"blend", "logistic", "boosting"}
    assert counts["len"].unique().to_list() == [3]
    assert 0.6 < result.means["blend"]["auc"] < 1
    # A difference is the difference of the means, and its interval holds it.
    for each in result.differences:
        if each.measure != "calibration_slope":
            apart = result.means["blend"][each.measure] - result.means[each.rival][each.measure]
            assert each.mean == pytest.approx(apart)
        assert each.low <= each.mean <= each.high
        assert (each.verdict == "level") == (each.low <= 0 <= each.high)


def test_too_few_of_a_class_are_refused() -> None:
    frame = customers(60).with_columns(left=(pl.int_range(pl.len()) < 5).cast(pl.Int8))
    with pytest.raises(TableRefused, match="5 folds need 10"):
        run(prepare(frame, "left"))


@pytest.mark.parametrize(
    ("rows", "folds", "said"),
    [(5, 5, "ask for fewer folds: --folds 2$"), (3, 2, "too few to be judged by any$")],
)
def test_fewer_folds_are_asked_for_only_where_there_are_fewer(
    rows: int, folds: int, said: str
) -> None:
    frame = customers(60).with_columns(left=(pl.int_range(pl.len()) < rows).cast(pl.Int8))
    with pytest.raises(TableRefused, match=said):
        run(prepare(frame, "left"), folds=folds)


def test_the_tuned_rival_is_tuned_alike_on_rows_in_order() -> None:
    searched = _tuned(boosted_classifier(Columns(("balance",))), True).cv
    in_order = np.repeat([0.0, 1.0], 100)
    times = np.arange(200)
    for teaching, judging in searched.split(times, in_order):
        assert abs(times[teaching].mean() - times[judging].mean()) < 20


def test_the_command_prints_it_for_a_program(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    customers(240).write_csv(path)
    asked = ["ml", "benchmark", "--data", str(path), "--target", "left", "--repeats", "1"]
    done = CliRunner().invoke(app, [*asked, "--folds", "2", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["sought"] == "1"
    assert told["columns"] == {"numbers": ["balance", "visits"], "categories": ["kind"]}
    assert set(told["models"]) == {"blend", "logistic", "boosting"}


def test_the_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["ml", "benchmark", "--data", str(tmp_path / "a.csv"), "--target", "y"]
    )
    assert done.exit_code == 2
    assert "找不到文件" in done.output
    assert "Traceback" not in done.output


@pytest.mark.skipif(
    not BANK.is_file(), reason="the public table lies beside the project, not in it"
)
def test_it_is_not_behind_on_a_public_campaign() -> None:
    """UCI Bank Marketing (Moro, Cortez, Rita; CC BY 4.0) without the length of the call."""
    frame = pl.read_csv(BANK, separator=";").sample(4000, seed=3)
    result = run(prepare(frame, "y", drop=["duration"]), folds=3, repeats=1)
    behind = [each for each in result.differences if each.verdict == "behind"]
    assert not behind
    assert result.means["blend"]["auc"] > 0.75
    assert np.isclose(result.means["blend"]["calibration_slope"], 1, atol=0.2)


@pytest.mark.parametrize(
    ("public", "measure", "ahead_of"),
    [
        # Wolberg, Street, Mangasarian 1995: 569 tumours, nearly parted by a line.
        (load_breast_cancer, "log_loss", set()),
        # Efron, Hastie, Johnstone, Tibshirani 2004: 442 patients, mostly noise.
        (load_diabetes, "rmse", {"boosting"}),
    ],
)
def test_on_small_public_tables_it_is_level_with_a_line_and_beats_boosting(
    public: Callable[..., Any], measure: str, ahead_of: set[str]
) -> None:
    """Tables that scikit-learn carries; with few rows trees alone lose, and the blend must not."""
    found = public()
    frame = pl.DataFrame(found.data, schema=[str(name) for name in found.feature_names])
    table = prepare(frame.with_columns(target=pl.Series(found.target)), "target")
    result = run(table, folds=5, repeats=1)
    assert not [each for each in result.differences if each.verdict == "behind"]
    ahead = {each.rival for each in result.differences if each.verdict == "ahead"}
    assert ahead == ahead_of
    means = result.means
    plain = next(name for name in ("logistic", "ridge") if name in means)
    assert means["blend"][measure] < 1.05 * means[plain][measure]
    assert means["blend"][measure] < 0.95 * means["boosting"][measure]


class _Stranger(HistGradientBoostingClassifier):
    """Takes the settings that LightGBM has, under their names, and learns by other ones."""

    def __init__(
        self,
        verbose=0,
        n_jobs=1,
        random_state=None,
        subsample_freq=0,
        learning_rate=0.1,
        n_estimators=20,
        num_leaves=31,
        min_child_samples=20,
        reg_lambda=0.0,
        colsample_bytree=1.0,
        subsample=1.0,
    ):
        super().__init__(
            learning_rate=learning_rate,
            max_iter=20,
            random_state=random_state,
            verbose=max(verbose, 0),
        )
        self.n_jobs, self.subsample_freq = n_jobs, subsample_freq
        self.n_estimators, self.num_leaves = n_estimators, num_leaves
        self.min_child_samples, self.reg_lambda = min_child_samples, reg_lambda
        self.colsample_bytree, self.subsample = colsample_bytree, subsample


def test_lightgbm_is_a_rival_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tuned LightGBM" not in _makers(True, True)
    stranger = ModuleType("lightgbm")
    stranger.__spec__ = ModuleSpec("lightgbm", None)
    stranger.LGBMClassifier = _Stranger  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightgbm", stranger)
    assert "tuned LightGBM" not in _makers(True, False)
    random = np.random.default_rng(1)
    frame = pl.DataFrame({"x": random.normal(size=200), "kind": random.choice(["a", "b"], 200)})
    seen = (frame["x"].to_numpy() + random.normal(size=200) > 0).astype(float)
    rival = _makers(True, True)["tuned LightGBM"](Columns(("x",), ("kind",)))
    chance = rival.fit(frame, seen).predict_proba(frame.with_columns(kind=pl.lit("new")))[:, 1]
    assert np.corrcoef(chance, frame["x"])[0, 1] > 0.7
