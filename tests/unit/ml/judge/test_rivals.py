"""Rivals: boosting reads categories as its makers mean it to, or beating it is worth nothing."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ml.frames.table import Table, prepare
from ml.judge.rivals import MOST_VALUES, boosting, makers, tuned_boosting


def alternating(rows: int = 2000, values: int = 40) -> Table:
    """Every other code of a category has the event, and its rows are too few for a rate of it."""
    code = np.random.default_rng(2).integers(0, values, rows)
    frame = pl.DataFrame(
        {
            "code": [f"k{each:03d}" for each in code],
            "x": np.random.default_rng(3).normal(size=rows),
            "y": (code % 2).astype(int),
        }
    )
    return prepare(frame, "y")


def test_boosting_is_told_which_columns_are_categories() -> None:
    table = alternating()
    fitted = boosting(table).fit(table.frame, table.target)
    assert fitted[-1].is_categorical_.tolist() == [True, False]
    assert fitted[-1].predict_proba(fitted[:-1].transform(table.frame))[:, 1] == pytest.approx(
        table.target, abs=0.05
    )


def test_a_category_that_boosting_cannot_take_is_read_as_a_rate() -> None:
    rows = pl.DataFrame(
        {
            "many": [f"k{i % (MOST_VALUES + 1)}" for i in range(1200)],
            "most": [f"k{i % MOST_VALUES}" for i in range(1200)],
            "gaps": [None if i % MOST_VALUES == 0 else f"k{i % MOST_VALUES}" for i in range(1200)],
            "y": [i * 7 % 11 < 4 for i in range(1200)],
        }
    )
    table = prepare(rows, "y")
    fitted = boosting(table).fit(table.frame, table.target)
    assert fitted[-1].is_categorical_.tolist() == [True, True, False]
    read = fitted[:-1].transform(table.frame)
    assert read[:, :2].max() == MOST_VALUES - 1
    assert 0 <= read[:, 2].min() < read[:, 2].max() <= 1
    new = fitted.predict_proba(table.frame.with_columns(most=pl.lit("never seen")))
    assert np.isfinite(new).all()


def test_a_quantity_has_a_boosting_of_its_own() -> None:
    frame = pl.DataFrame({"code": ["a", "b"] * 50, "x": range(100), "y": [1.5, 7.5] * 50})
    table = prepare(frame, "y", is_quantity=True)
    assert isinstance(boosting(table)[-1], HistGradientBoostingRegressor)
    assert set(makers(False, False)) == {"blend", "ridge", "boosting"}


def test_the_tuned_rival_is_tuned_alike_on_rows_in_order() -> None:
    search = tuned_boosting(alternating())
    assert search.estimator[-1].categorical_features == [0]
    ways = [each.get("model__categorical_features", "its values") for each in search.param_grid]
    assert ways == ["its values"] * 15 + [[None]] * 15
    in_order = np.repeat([0.0, 1.0], 100)
    times = np.arange(200)
    for teaching, judging in search.cv.split(times, in_order):
        assert abs(times[teaching].mean() - times[judging].mean()) < 20


class _Stranger(HistGradientBoostingClassifier):
    """Takes the settings that LightGBM has, under their names, and learns by other ones."""

    met: list[Any] = []  # noqa: RUF012  what all clones of a search were told

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
        min_data_per_group=100,
        cat_smooth=10.0,
        categorical_column="",
    ):
        super().__init__(
            learning_rate=learning_rate,
            max_iter=8,
            random_state=random_state,
            verbose=max(verbose, 0),
        )
        self.n_jobs, self.subsample_freq = n_jobs, subsample_freq
        self.n_estimators, self.num_leaves = n_estimators, num_leaves
        self.min_child_samples, self.reg_lambda = min_child_samples, reg_lambda
        self.colsample_bytree, self.subsample = colsample_bytree, subsample
        self.min_data_per_group, self.cat_smooth = min_data_per_group, cat_smooth
        self.categorical_column = categorical_column

    def fit(self, X, y):  # noqa: N803  scikit-learn's call
        self.met.append(self.categorical_column)
        return super().fit(X, y)


def test_lightgbm_is_a_rival_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tuned LightGBM" not in makers(True, True)
    stranger = ModuleType("lightgbm")
    stranger.__spec__ = ModuleSpec("lightgbm", None)
    stranger.LGBMClassifier = _Stranger  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightgbm", stranger)
    monkeypatch.setattr(_Stranger, "met", [])
    assert "tuned LightGBM" not in makers(True, False)
    random = np.random.default_rng(1)
    frame = pl.DataFrame({"x": random.normal(size=200), "kind": random.choice(["a", "b"], 200)})
    seen = (frame["x"].to_numpy() + random.normal(size=200) > 0).astype(int)
    table = prepare(frame.with_columns(y=seen), "y")
    rival = makers(True, True)["tuned LightGBM"](table).fit(table.frame, table.target)
    chance = rival.predict_proba(frame.with_columns(kind=pl.lit("new")))[:, 1]
    assert np.corrcoef(chance, frame["x"])[0, 1] > 0.7
    # The code of a category is no number: it is told which columns are none, or chooses not to be.
    assert min(_Stranger.met.count([0]), _Stranger.met.count("")) >= 60
    numbers = prepare(frame.drop("kind").with_columns(y=seen), "y")
    search = makers(True, True)["tuned LightGBM"](numbers)
    assert len(search.param_grid) == 15
    assert not any("model__cat_smooth" in each for each in search.param_grid)
