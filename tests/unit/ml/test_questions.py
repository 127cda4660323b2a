"""Questions that some customers alone are asked: taught and judged by those, or refused."""

import numpy as np
import polars as pl
import pytest

from ml.errors import LeakSuspected, NotEnoughHistory
from ml.frames.features import CHURN_LABEL, DEFAULT_LABEL, known_date, opening_label
from ml.models.scorer import MODELS
from ml.names import MODEL_NAMES, PRODUCT_GROUPS
from ml.registry.folders import versions
from ml.score import score
from ml.train import check_history, train
from tests.unit.ml.conftest import AS_OF, CHANGE, OWES, entered, make_frame, scoring_rows

KEYS = ["customer_key", "observation_date"]


@pytest.fixture(scope="module")
def asked():
    """Borrowers default where money goes; nobody else has an answer."""
    frame = make_frame(1400, seed=5)
    rng = np.random.default_rng(8)
    margin = -2.2 - 4 * frame.get_column(CHANGE).to_numpy()
    defaulted = pl.Series(rng.random(frame.height) < 1 / (1 + np.exp(-margin)))
    is_known = pl.col(CHURN_LABEL).is_not_null() & pl.col(OWES)
    return frame.with_columns(
        pl.when(is_known).then(defaulted).alias(DEFAULT_LABEL),
        pl.col(known_date(CHURN_LABEL)).alias(known_date(DEFAULT_LABEL)),
    )


@pytest.fixture
def fit(tmp_path):
    def run(frame):
        return train("default", frame, tmp_path / "models", AS_OF, key_path=tmp_path / "key")

    return run


def test_every_name_has_its_recipe_and_its_own_label():
    assert tuple(MODELS) == MODEL_NAMES
    assert len({kind.label for kind in MODELS.values()}) == len(MODEL_NAMES)
    assert {MODELS[f"propensity_{group}"].label for group in PRODUCT_GROUPS} == set(
        map(opening_label, PRODUCT_GROUPS)
    )


def test_borrowers_alone_teach_and_the_labels_of_others_stand_beside_it(asked, fit, tmp_path):
    trained = fit(asked)
    known = asked.filter(pl.col(DEFAULT_LABEL).is_not_null())
    by_date = dict(known.group_by("observation_date").len().iter_rows())
    told = trained.report["training"]
    days = {day.isoformat(): count for day, count in by_date.items()}
    assert told["train_rows"] == sum(days[day] for day in told["train_dates"])
    assert told["test_rows"] == days[told["test_date"]] < 700
    assert trained.report["metrics"]["model"]["auc"] > 0.65
    assert next(iter(trained.report["importance"])) == CHANGE
    book = (tmp_path / "models/default" / trained.version / "book.html").read_text("utf-8")
    assert "违约风险模型" in book

    loaded = entered(tmp_path, "default", trained.version, asked)
    today = scoring_rows(asked.drop(DEFAULT_LABEL, known_date(DEFAULT_LABEL)))
    scores = score(loaded, today.filter(pl.col(OWES))).scores
    assert scores.get_column("model_name").unique().to_list() == ["default"]
    assert scores.get_column("score").is_between(0, 1).all()


def test_a_bank_with_few_defaults_is_told_so_before_a_feature_is_read(asked, fit, tmp_path):
    few = asked.with_columns(
        pl.when(pl.col("customer_key") % 40 == 0).then(pl.col(DEFAULT_LABEL)).otherwise(
            pl.when(pl.col(DEFAULT_LABEL).is_not_null()).then(False)
        ).alias(DEFAULT_LABEL)
    )  # fmt: skip
    sentence = r"No default model: of the \d+ customer-months that teach it .* defaulted within"
    with pytest.raises(NotEnoughHistory, match=sentence):
        fit(few)
    with pytest.raises(NotEnoughHistory, match=sentence):
        check_history("default", few.select(*KEYS, DEFAULT_LABEL, known_date(DEFAULT_LABEL)))
    assert versions(tmp_path / "models", "default") == []


def test_a_bank_without_borrowers_is_told_so(asked, fit):
    none = asked.with_columns(pl.lit(None, dtype=pl.Boolean).alias(DEFAULT_LABEL))
    with pytest.raises(
        NotEnoughHistory, match=r"No default model: no observation date has a known"
    ):
        fit(none)
    with pytest.raises(
        NotEnoughHistory, match=r"No default model: no observation date has a known"
    ):
        check_history("default", none.head(0))


def test_an_answer_known_too_early_or_told_by_a_feature_is_refused(asked, fit):
    early = asked.with_columns(
        pl.when(pl.col("observation_date") == AS_OF)
        .then(False)
        .otherwise(pl.col(DEFAULT_LABEL))
        .alias(DEFAULT_LABEL)
    )
    with pytest.raises(LeakSuspected, match="defaulted is given for 2025-12-31"):
        fit(early)
    told = asked.with_columns(pl.col(DEFAULT_LABEL).cast(pl.Float64).fill_null(0.0).alias(CHANGE))
    with pytest.raises(LeakSuspected, match=f"{CHANGE} seems to know the label"):
        fit(told)
