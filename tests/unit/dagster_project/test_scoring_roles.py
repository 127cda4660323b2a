"""A night is scored by the champion; what stops a challenger stops nobody else (F70, F74)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import polars as pl
import pytest

from dagster_project.home import Home
from dagster_project.stages import models
from ml.causes import CAUSE_SCHEMA
from ml.errors import MlError, ModelRefused, NeverTrained, NoModel, ScoringHeld
from ml.judge.watch import Drift, FeatureDrift
from ml.reasons import REASON_SCHEMA
from ml.registry.store import Found
from ml.score import SCORE_SCHEMA, ScoreResult
from ml.watch import Watched

TODAY = pl.DataFrame({"customer_key": [1, 2, 3]})
STILL = FeatureDrift("stable", 0.01, 0.01, None, 0.0, 0.0, 0.0, 0.0)
GREW = FeatureDrift("filled_since_training", 7.0, 0.01, None, 0.75, 0.0, 0.0, 0.0)
AWAY = FeatureDrift("moved", 0.6, 0.6, None, 0.0, 0.0, 0.0, 0.0)


def _watched(drifted: Drift, objections: tuple[str, ...] = (), *unjudged: str) -> Watched:
    months, features = pl.DataFrame({"month": [1]}), pl.DataFrame({"feature": [1, 2]})
    holding = tuple(code for code in objections if code == "score_drift")
    return Watched(drifted, None, objections, holding, unjudged, months, features)


def _result(keys: list[int], role: str) -> ScoreResult:
    scores = pl.DataFrame({"customer_key": keys}).with_columns(
        pl.lit(role).alias("role"),
        *(pl.lit(None, dtype=kind).alias(name) for name, kind in SCORE_SCHEMA.items()
          if name not in ("customer_key", "role")),
    )  # fmt: skip
    return ScoreResult(
        scores.select(list(SCORE_SCHEMA)),
        pl.DataFrame(schema=REASON_SCHEMA),
        pl.DataFrame(schema=CAUSE_SCHEMA),
        {},
    )


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Champion v1 and challenger v2, both sound; a test replaces what it wants to break."""
    said: dict[str, Any] = {
        "champion": lambda: Found(SimpleNamespace(name="churn", version="v1"), ()),  # type: ignore[arg-type]
        "challenger": lambda: SimpleNamespace(version="v2"),
        "asked": [1, 2, 3],
        "keys": {"champion": [1, 2, 3], "challenger": [1, 2, 3]},
        "watched": _watched(Drift({"balance": STILL}, 0.01, 3)),
    }

    def predict(
        _model: Any, _frame: pl.DataFrame, *, role: str = "champion", recorded: set[str]
    ) -> ScoreResult:
        said.setdefault("recorded", {})[role] = recorded
        return _result(said["keys"][role], role)

    monkeypatch.setattr("ml.registry.store.load_champion", lambda *_, **__: said["champion"]())
    monkeypatch.setattr("ml.registry.store.load_challenger", lambda *_, **__: said["challenger"]())
    monkeypatch.setattr("ml.score.score", predict)
    monkeypatch.setattr(models.model_rows, "label_months", lambda *_: 4)
    monkeypatch.setattr(models, "_watch", lambda *_: said["watched"])
    database = tmp_path / "crm.duckdb"
    said["run"] = lambda: models._score_one(
        Home(tmp_path), database, "churn", TODAY, pl.Series(said["asked"]), {"amount"}
    )
    return said


def _raise(error: Exception) -> Any:
    raise error


def test_both_score_the_same_customers(night: dict[str, Any]) -> None:
    told, landed = night["run"]()
    assert told.told == (
        "3 位客户由 v1 评分；挑战版本 v2 同时评分",
        "3 customers scored by v1; beside it by v2",
    )
    assert told.rows == 3, "a challenger's rows are nobody's scores"
    assert landed[models.SCORE_FEED]["role"].value_counts().sort("role").rows() == [
        ("challenger", 3),
        ("champion", 3),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        ModelRefused("清单文件与签名不符。", "The manifest is not as it was signed."),
        ScoringHeld("特征 amount 今天的典型值为 100", "amount is typically 100 today"),
    ],
)
def test_a_challenger_that_may_not_score_is_told(night: dict[str, Any], broken: MlError) -> None:
    night["challenger"] = lambda: _raise(broken)
    told, landed = night["run"]()
    zh, en = broken.sentence
    assert told.told.zh.endswith(f"；挑战版本未评分（{zh.rstrip('。')}）。")
    assert told.told.en.endswith(f"; its challenger does not score: {en}")
    assert not told.is_held
    assert landed[models.SCORE_FEED]["role"].unique().to_list() == ["champion"]


def test_what_came_for_somebody_is_known_to_both(night: dict[str, Any]) -> None:
    night["run"]()
    assert night["recorded"] == {"champion": {"amount"}, "challenger": {"amount"}}


def test_what_came_is_asked_of_all_customers_and_not_of_those_who_are_scored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of those without a loan nobody has a class, and that the loans came others show."""
    everybody = TODAY.with_columns(five_class_code=pl.Series(["normal", None, None]), never=None)
    told: list[set[str]] = []

    def one(*asked: Any) -> tuple[models.Scored, dict[str, pl.DataFrame]]:
        told.append(asked[-1])
        return models.Scored(asked[2], 0, models.NOBODY_ASKED), {}

    monkeypatch.setattr(models.model_rows, "read_features", lambda *_: everybody)
    monkeypatch.setattr(models.model_rows, "asked", lambda *_: everybody.tail(2))
    monkeypatch.setattr(models.model_rows, "to_be_scored", lambda *_: everybody["customer_key"])
    monkeypatch.setattr(models, "_score_one", one)
    models.score(MagicMock())
    assert told == [{"customer_key", "five_class_code"}] * len(models.MODEL_NAMES)


def test_fewer_scores_than_customers_land_for_nobody(night: dict[str, Any]) -> None:
    """F74: of the champion the night lands nothing, of the challenger only the champion's."""
    night["keys"]["challenger"] = [1, 2]
    told, landed = night["run"]()
    assert "1 customers have no score" in told.told.en
    assert "有 1 位客户没有评分" in told.told.zh
    assert landed[models.SCORE_FEED].height == 3
    night["keys"]["champion"] = [1, 2]
    told, landed = night["run"]()
    assert told.is_held
    assert landed == {}


def test_a_customer_whom_the_features_lost_is_missed(night: dict[str, Any]) -> None:
    """F74: four have something to lose, three have features, and three scores are not enough."""
    night["asked"] = [1, 2, 3, 4]
    told, landed = night["run"]()
    assert told.told.en == (
        "1 customers have no score and 0 scores have no customer; scores are held."
    )
    assert told.is_held
    assert landed == {}


def test_without_a_champion_no_challenger_stands_in(night: dict[str, Any]) -> None:
    night["champion"] = lambda: _raise(
        NoModel("模型 churn 没有可用的版本。", "No usable churn model.")
    )
    told, landed = night["run"]()
    assert told.told == ("模型 churn 没有可用的版本。", "No usable churn model.")
    assert (told.rows, landed) == (0, {})
    assert told.is_held, "a champion is on record, and its scores are missing"


def test_a_model_that_was_never_trained_leaves_nothing_out(night: dict[str, Any]) -> None:
    night["champion"] = lambda: _raise(NeverTrained("模型 churn 尚未训练过。", "Not yet."))
    told, landed = night["run"]()
    assert (told.rows, told.is_held, landed) == (0, False, {})


@pytest.mark.parametrize(("name", "is_held"), [("churn", True), ("default", False)])
def test_nobody_to_score_is_right_only_where_some_are_asked(
    tmp_path: Path, name: str, *, is_held: bool
) -> None:
    told, landed = models._score_one(
        Home(tmp_path), tmp_path / "crm", name, TODAY.clear(), pl.Series([], dtype=pl.Int64)
    )
    assert (told.told, told.is_held, landed) == (models.NOBODY_ASKED, is_held, {})


def test_a_damaged_champion_is_told_beside_the_one_that_scores(night: dict[str, Any]) -> None:
    night["champion"] = lambda: Found(
        SimpleNamespace(version="v0"),  # type: ignore[arg-type]
        (("模型 churn 的版本 v1 缺少文件 model.skops。", "Model churn v1 lacks model.skops."),),
    )
    told, _ = night["run"]()
    assert "scored by v0, as Model churn v1 lacks model.skops; beside it by" in told.told.en
    assert "由 v0 评分，因为模型 churn 的版本 v1 缺少文件 model.skops；挑战" in told.told.zh


def test_scores_that_moved_from_training_are_held_and_the_month_still_lands(
    night: dict[str, Any],
) -> None:
    night["watched"] = _watched(Drift({"trend": GREW, "balance": AWAY}, 0.4, 3), ("score_drift",))
    told, landed = night["run"]()
    assert told.is_held
    assert "balance moved most" in told.told.en
    assert "变动最大的特征是 balance" in told.told.zh
    assert set(landed) == {models.MONTH_FEED, models.FEATURE_FEED}


def test_objections_of_the_watch_are_told(night: dict[str, Any]) -> None:
    drifted = Drift({"level_code": GREW, "balance": STILL}, 0.01, 3)
    night["watched"] = _watched(drifted, ("slope",), "few_customers")
    told, landed = night["run"]()
    looked = "; to be looked at: the calibration slope is out of bounds; not judged: too few"
    assert looked in told.told.en
    assert "; filled since training, no drift: 1 (level_code)" in told.told.en
    assert "；需查看：校准斜率超出范围；未能检验：客户太少而看不出变动；训练后才有" in told.told.zh
    assert "的特征 1 个：客户级别（level_code）" in told.told.zh
    assert landed[models.MONTH_FEED].height == 2
    assert landed[models.FEATURE_FEED].height == 4
