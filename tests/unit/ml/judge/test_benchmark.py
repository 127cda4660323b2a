"""The benchmark: the same folds for all, differences with intervals, refusals in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from typer.testing import CliRunner

from dagster_project.cli import ml
from dagster_project.cli.main import app
from ml.errors import TableRefused
from ml.frames.table import prepare
from ml.judge.benchmark import run
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
        if each.measure in result.means["blend"]:
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


def test_slopes_are_compared_by_their_distance_from_1() -> None:
    """The difference stood under the name of the slope, of which it is none."""
    result = run(prepare(customers(300), "left"), folds=3, repeats=1)
    measures = {each.measure for each in result.differences}
    assert "distance_of_the_slope_from_1" in measures
    assert "calibration_slope" not in measures
    away = {
        name: (result.folds.filter(model=name)["calibration_slope"] - 1).abs().mean()
        for name in ("blend", "boosting")
    }
    (told,) = (
        each
        for each in result.differences
        if (each.rival, each.measure) == ("boosting", "distance_of_the_slope_from_1")
    )
    assert told.mean == pytest.approx(away["blend"] - away["boosting"])


def test_headings_that_are_patterns_are_judged() -> None:
    """A heading of ^.*$ or * ended in an error that nobody foresaw."""
    frame = customers(200).rename({"balance": "^b.*$", "kind": "^.*$", "left": "*"})
    result = run(prepare(frame, "*"), folds=2, repeats=1, is_tuned=False)
    plain = run(prepare(customers(200), "left"), folds=2, repeats=1)
    for name, measured in plain.means.items():
        assert result.means[name]["log_loss"] == pytest.approx(measured["log_loss"])


def test_each_fold_is_told() -> None:
    told: list[tuple[int, int]] = []
    table = prepare(customers(200), "left")
    run(table, folds=2, repeats=2, tell=lambda done, of, _: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_command_prints_it_for_a_program(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    customers(240).write_csv(path)
    asked = ["ml", "benchmark", "--data", str(path), "--target", "left", "--repeats", "1"]
    done = CliRunner().invoke(app, [*asked, "--folds", "2", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["sought"] == "1"
    assert told["columns"] == {"numbers": ["balance", "visits"], "categories": ["kind"]}
    assert set(told["models"]) == {"blend", "logistic", "boosting"}


def test_the_command_tells_how_far_it_is_and_judges_ratings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ml, "_PATIENCE", 0.0)
    path = tmp_path / "wines.csv"
    frame = customers(240)
    rated = (frame["balance"].rank() / 60).floor().cast(pl.Int64) + 3
    frame.with_columns(rated.alias("rating")).write_csv(path)
    asked = ["ml", "benchmark", "--data", str(path), "--target", "rating", "--repeats", "1"]
    done = CliRunner().invoke(app, [*asked, "--folds", "2", "--quantity", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert set(told["models"]) == {"blend", "ridge", "boosting"}
    assert told["models"]["blend"]["r2"] > 0.8
    assert "第 1/2 折 fold" in done.stderr
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 2
    assert "--quantity" in refused.stderr


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
