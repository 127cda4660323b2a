"""A made bank whose churn and value follow rules that the tests know."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zlib import crc32

import numpy as np
import polars as pl
import pytest

from ml.frames.features import (
    CHURN_LABEL,
    FEATURES,
    VALUE_LABEL,
    Feature,
    known_date,
)
from ml.frames.split import add_months
from ml.judge.watch import Bounds
from ml.models.value import VALUE_BASELINE_COLUMN
from ml.registry.changes import enter
from ml.registry.store import LoadedModel, load, load_champion
from ml.train import TrainedModel, train

AS_OF = date(2025, 12, 31)
AT = "2026-01-01T05:00:00+00:00"
LABELS = (CHURN_LABEL, VALUE_LABEL)
#: Months that the labels look ahead, so those of October on are unknown at the year's end.
REACH = 3
#: What a model-month must keep to, as in the rule.
BOUNDS = Bounds(
    feature_index=0.25,
    score_index=0.25,
    slope_low=0.75,
    slope_high=1.35,
    rate_ratio=1.5,
    holding=("score_drift", "slope", "rate"),
)
#: The windows of March are cut short by the start of the history: it neither teaches nor judges.
DATES = [
    date(2025, 3, 31),
    date(2025, 5, 31),
    date(2025, 6, 30),
    date(2025, 8, 31),
    date(2025, 9, 30),
    AS_OF,
]
CHANGE = "deposit_trend_3m_rate_before_obs"
VISITS = "customer_transaction_90d_count_before_obs"
OWES = "has_loan_before_obs"
HIDDEN = next(
    feature.name
    for feature in FEATURES
    if feature.kind == "number"
    and feature.minimum == 0
    and feature.name not in (CHANGE, VISITS, VALUE_BASELINE_COLUMN)
)


def _column(feature: Feature, rng: np.random.Generator, size: int) -> pl.Series:
    if feature.kind == "category":
        codes = rng.choice(feature.categories, size)
        return pl.Series(feature.name, codes, dtype=pl.String)
    if feature.kind == "flag":
        return pl.Series(feature.name, rng.random(size) < 0.4)
    low = feature.minimum if feature.minimum is not None else -100.0
    high = feature.maximum if feature.maximum is not None else low + 200.0
    return pl.Series(feature.name, rng.uniform(low, high, size).round(3))


def make_frame(customers: int, seed: int = 7) -> pl.DataFrame:
    """Leavers: money going, visits to the branch falling, and HIDDEN large with a loan or small
    without one: two facts that act together, which no sum of curves can see.
    """
    rng = np.random.default_rng(seed)
    worth = rng.lognormal(6, 1.0, customers)
    parts = []
    for day in DATES:
        # Each draws for itself: a feature more in the contract turns nobody's luck.
        table = {
            f.name: _column(
                f, np.random.default_rng([seed, day.toordinal(), crc32(f.name.encode())]), customers
            )
            for f in FEATURES
        }
        spread = np.clip(rng.normal(0, 0.25, customers), -0.9, 2)
        table[CHANGE] = pl.Series(CHANGE, spread)
        table[VISITS] = pl.Series(VISITS, rng.poisson(12, customers))
        table[VALUE_BASELINE_COLUMN] = pl.Series(VALUE_BASELINE_COLUMN, worth / 4)
        hidden = table[HIDDEN].to_numpy()
        owes = table[OWES].to_numpy()
        is_both = np.where(owes, hidden > 0.6 * hidden.max(), hidden < 0.25 * hidden.max())
        margin = -3.4 - 3 * spread - 0.12 * (table[VISITS].to_numpy() - 12) + 3.0 * is_both
        is_lost = rng.random(customers) < 1 / (1 + np.exp(-margin))
        later = worth / 4 * np.where(spread < -0.2, 0.3, 1.1) * rng.lognormal(0, 0.05, customers)
        is_known = day < date(2025, 10, 1)
        table[CHURN_LABEL] = pl.Series(CHURN_LABEL, is_lost if is_known else [None] * customers)
        table[VALUE_LABEL] = pl.Series(VALUE_LABEL, later if is_known else [None] * customers)
        dates = {
            known_date(label): pl.Series([add_months(day, REACH)] * customers) for label in LABELS
        }
        keys = {
            "customer_key": pl.Series(np.arange(customers) * 7919 + 2**58, dtype=pl.Int64),
            "observation_date": pl.Series([day] * customers),
        }
        typed = {CHURN_LABEL: pl.Boolean, VALUE_LABEL: pl.Float64}
        parts.append(pl.DataFrame({**keys, **table, **dates}, schema_overrides=typed))
    return pl.concat(parts)


def scoring_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("observation_date") == AS_OF).drop(LABELS, *map(known_date, LABELS))


def entered(home: Path, name: str, version: str, frame: pl.DataFrame) -> LoadedModel:
    """A version that was just trained once it has its role, as every training goes on."""
    models, key = home / "models", home / "key"
    enter(models, name, version, frame, at=AT, key_path=key)
    return load(models, name, version, key_path=key)


@dataclass(frozen=True)
class Bank:
    """The frame, and where its models and key lie."""

    frame: pl.DataFrame
    models: Path
    key: Path
    trained: dict[str, TrainedModel]

    @property
    def today(self) -> pl.DataFrame:
        return scoring_rows(self.frame)

    @property
    def planted(self) -> set[str]:
        return {CHANGE, VISITS, HIDDEN, OWES}

    def loaded(self, name: str) -> LoadedModel:
        return load_champion(self.models, name, key_path=self.key).model


@pytest.fixture(scope="session")
def frame() -> pl.DataFrame:
    return make_frame(900)


@pytest.fixture(scope="session")
def small_frame() -> pl.DataFrame:
    return make_frame(60)


@pytest.fixture(scope="session")
def bank(frame: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """Both models, trained once for all tests that only read them."""
    home = tmp_path_factory.mktemp("bank")
    trained = {
        name: train(name, frame, home / "models", AS_OF, key_path=home / "key", code_version="test")
        for name in ("churn", "value")
    }
    for name, each in trained.items():
        enter(home / "models", name, each.version, frame, at=AT, key_path=home / "key")
    return Bank(frame, home / "models", home / "key", trained)


@pytest.fixture
def copy_of(bank: Bank, tmp_path: Path) -> Callable[[], Bank]:
    """A copy of the bank's models that a test may damage."""

    def copy() -> Bank:
        shutil.copytree(bank.models, tmp_path / "models", dirs_exist_ok=True)
        for path in bank.key.parent.glob("key*"):
            shutil.copy(path, tmp_path / path.name)
        return Bank(bank.frame, tmp_path / "models", tmp_path / "key", bank.trained)

    return copy
