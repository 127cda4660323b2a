"""Public tables: delimiters, targets, keys and constants, each with its sentence."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ml.errors import TableRefused
from ml.frames.table import prepare, read


def made(rows: int = 40) -> pl.DataFrame:
    """A small table with what public tables bring."""
    return pl.DataFrame(
        {
            "RowNumber": range(1, rows + 1),
            "name": [f"customer {i}" for i in range(rows)],
            "branch": ["all"] * rows,
            "charges": [" " if i == 3 else str(i % 7 + 0.5) for i in range(rows)],
            "plan": ["basic", "gold"] * (rows // 2),
            "ratio": [float("inf") if i == 5 else i % 5 / 5 for i in range(rows)],
            "Churn": ["Yes" if i % 4 == 0 else "No" for i in range(rows)],
        }
    )


def test_keys_and_constants_are_left_out_and_told() -> None:
    table = prepare(made(), "Churn")
    assert table.columns.numbers == ("charges", "ratio")
    assert table.columns.categories == ("plan",)
    told = " ".join(table.notes)
    for name in ("RowNumber counts the rows", "name names its rows", "branch is the same"):
        assert name in told
    assert "ratio: 1 values are not finite" in told
    assert table.frame["ratio"].null_count() == table.frame["charges"].null_count() == 1


def test_the_class_that_is_sought_is_the_word_or_the_rarer_one() -> None:
    assert prepare(made(), "Churn").sought == "Yes"
    assert prepare(made(), "Churn").target.mean() == 0.25
    assert prepare(made(), "Churn", positive="No").target.mean() == 0.75
    rarer = made().with_columns(Churn=pl.col("Churn").replace({"Yes": "out", "No": "in"}))
    assert prepare(rarer, "Churn").sought == "out"


def test_a_target_of_many_numbers_is_a_quantity() -> None:
    table = prepare(made().with_columns(Churn=pl.int_range(pl.len()) * 1.5), "Churn")
    assert not table.is_binary
    assert table.target[2] == 3.0


def test_rows_without_a_target_are_left_out_and_told() -> None:
    gaps = made().with_columns(
        Churn=pl.when(pl.int_range(pl.len()) < 4).then(None).otherwise("Churn")
    )
    table = prepare(gaps, "Churn")
    assert len(table.target) == 36
    assert "4 rows have no Churn" in table.notes[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "nope"}, "has no column nope; it has RowNumber"),
        ({"target": "branch"}, "one value only"),
        ({"target": "Churn", "positive": "Maybe"}, "never is Maybe"),
        ({"target": "Churn", "drop": ["charges", "plan", "ratio"]}, "no column is left"),
    ],
)
def test_a_table_that_cannot_be_judged_is_refused(options: dict, said: str) -> None:
    with pytest.raises(TableRefused, match=said):
        prepare(made(), **options)


def test_more_than_two_classes_want_one_to_be_named() -> None:
    frame = made().with_columns(kind=pl.Series(["a", "b", "c", "d"] * 10))
    with pytest.raises(TableRefused, match="--positive"):
        prepare(frame, "kind")
    assert prepare(frame, "kind", positive="b").target.mean() == 0.25


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "table.csv"
    made().write_csv(path, separator=delimiter)
    assert read(path).columns == made().columns


def test_gb18030_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("地区,流失\n城关,是\n城郊,否\n".encode("gb18030"))
    assert read(path).rows() == [("城关", "是"), ("城郊", "否")]


@pytest.mark.parametrize(
    ("text", "said"), [(None, "no file"), ("", "is no table"), ("a,b\n", "no rows")]
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TableRefused, match=said):
        read(path)


def test_dates_count_days() -> None:
    days = np.datetime64("2025-01-01") + np.arange(40) * 3
    frame = made().with_columns(opened=pl.Series(days).cast(pl.Date))
    table = prepare(frame, "Churn")
    assert table.frame["opened"][1] - table.frame["opened"][0] == 3
