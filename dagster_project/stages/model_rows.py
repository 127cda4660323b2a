"""What models read of a build: features of a date, labels, and who is asked at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.sql import read_only

if TYPE_CHECKING:
    import polars as pl

KEYS = ("customer_key", "observation_date")
#: Of questions that some customers alone are asked; a row without an answer is not known yet.
QUESTIONS = "ftr_customer_question"


def read_features(database: Path, observation_date: dt.date) -> pl.DataFrame:
    """One row per customer: the features of one observation date."""
    from ml.frames.features import feature_names

    columns = ", ".join((*KEYS, *feature_names()))
    return _read(
        database,
        f"select {columns} from feature.ftr_customer where observation_date = ?"  # noqa: S608
        " order by customer_key",
        [observation_date],
    )


def recorded(features: pl.DataFrame) -> set[str]:
    """Columns that some customer has a value of: what they tell of was delivered."""
    return {each.name for each in features.get_columns() if each.null_count() < len(each)}


def label_table(label: str) -> str:
    """The table that a label stands in, one row per customer, observation date and label."""
    from ml.models.event import EventModel
    from ml.models.scorer import MODELS

    asked_of_some = {
        kind.label
        for kind in MODELS.values()
        if isinstance(kind, EventModel) and kind.is_asked_of_some
    }
    return QUESTIONS if label in asked_of_some else "ftr_customer_label"


def is_asked_of_some(name: str) -> bool:
    """Whether a model is asked of some customers alone, of whom there may be none."""
    from ml.models.scorer import kind_of

    return label_table(kind_of(name).label) == QUESTIONS


def read_labels(database: Path, name: str) -> pl.DataFrame:
    """One row per customer and observation date: the label of a model and when it was known."""
    return read_training_rows(database, name, columns=KEYS)


def read_training_rows(
    database: Path, name: str, *, label: str | None = None, columns: Sequence[str] = ()
) -> pl.DataFrame:
    """One row per customer and observation date: features, and the label as far as it is known.

    Args:
        database: The crm file, read-only.
        name: The model. Of one that some alone are asked of, they alone are read.
        label: Label that it is to learn, where not its own.
        columns: Columns beside the label; keys and every feature unless given.
    """
    from ml.frames.features import feature_names, known_date
    from ml.models.scorer import kind_of

    label = label or kind_of(name).label
    shown = [f"f.{each}" for each in columns or (*KEYS, *feature_names())]
    on = " and ".join(f"f.{key} = l.{key}" for key in KEYS)
    source = _label_source(database, label)
    join = "inner join" if source.table == QUESTIONS else "left join"
    shown += [f"l.{source.event} as {label}", f"l.{source.dated} as {known_date(label)}"]
    return _read(
        database,
        f"select {', '.join(shown)} from feature.ftr_customer as f"  # noqa: S608
        f" {join} feature.{source.table} as l on {on} and {source.condition}"
        " order by f.customer_key, f.observation_date",
        [],
    )


def label_months(database: Path, name: str) -> int | None:
    """Months from an observation to the day its label is known, by today's rules; of none, None."""
    from ml.frames.features import known_date
    from ml.frames.split import months_until_known
    from ml.models.scorer import kind_of

    label = kind_of(name).label
    source = _label_source(database, label)
    newest = _read(
        database,
        f"select l.observation_date, l.{source.event} as {label},"  # noqa: S608
        f" l.{source.dated} as {known_date(label)} from feature.{source.table} as l"
        f" where {source.condition} and l.{source.event} is not null"
        " order by l.observation_date desc limit 1",
        [],
    )
    return months_until_known(newest, label)


@dataclass(frozen=True)
class _LabelSource:
    """Where a label stands: table, its columns, and which rows of ``l`` are of it."""

    table: str
    event: str
    dated: str
    condition: str


def _label_source(database: Path, label: str) -> _LabelSource:
    """The table of a label; of what is no answer to a question, its date stands beside it."""
    from ml.frames.features import SURVIVAL_LABEL, VALUE_LABEL, known_date

    if label in (VALUE_LABEL, SURVIVAL_LABEL):
        dated = known_date(label.removesuffix("_amount"))
        return _LabelSource("ftr_customer_outcome", label, dated, "true")
    table = label_table(label)
    if table != QUESTIONS and _is_question(database, label):
        table = QUESTIONS
    return _LabelSource(table, "is_event", "known_date", f"l.label_code = '{label}'")


def _is_question(database: Path, label: str) -> bool:
    """Whether the bank's rules ask it of some customers, whoever learns it."""
    found = _read(database, "select 1 from rule.question_rule where label_code = ?", [label])
    return not found.is_empty()


def asked(database: Path, name: str, features: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows of those that a model is asked of."""
    from ml.models.scorer import kind_of

    if not is_asked_of_some(name):
        return features
    found = _read(
        database,
        f"select customer_key from feature.{QUESTIONS}"  # noqa: S608
        " where label_code = ? and observation_date = ?",
        [kind_of(name).label, day],
    )
    return features.join(found, on="customer_key", how="semi")


def to_be_scored(database: Path, name: str, day: dt.date) -> pl.Series:
    """Keys of those whom a model must score on a day, by tables that its features did not make.

    Everybody with something to lose, by the facts; of a question, everybody whom it is put to.
    """
    from ml.models.scorer import kind_of

    if is_asked_of_some(name):
        query = f"feature.{QUESTIONS} where observation_date = ? and label_code = ?"
        parameters: list[Any] = [day, kind_of(name).label]
    else:
        query = (
            "dimensional.fct_customer_rolling_month"
            " where observation_date = ? and has_something_to_lose and customer_key <> -1"
        )
        parameters = [day]
    keys = _read(database, f"select customer_key from {query}", parameters)  # noqa: S608
    return keys.get_column("customer_key")


def _read(database: Path, query: str, parameters: list[Any]) -> pl.DataFrame:
    with read_only(database) as connection:
        return connection.execute(query, parameters).pl()
