"""Targets of public tables: which class is sought, what is a quantity, and what is refused."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from ml.errors import TableRefused
from ml.frames.table import prepare
from tests.unit.ml.frames.test_table import DECIMALS, made


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


def test_more_than_two_classes_want_one_to_be_named() -> None:
    frame = made().with_columns(kind=pl.Series(["a", "b", "c", "d"] * 10))
    with pytest.raises(TableRefused, match="--positive"):
        prepare(frame, "kind")
    assert prepare(frame, "kind", positive="b").target.mean() == 0.25


def test_classes_written_as_floats_are_classes() -> None:
    marks = pl.Series([1.0, 1.0, 1.0, 0.0] * 10)
    table = prepare(made().with_columns(Churn=marks), "Churn")
    assert (table.is_binary, table.sought, table.target.mean()) == (True, "1", 0.75)
    assert prepare(made().with_columns(Churn=marks), "Churn", positive="0").target.mean() == 0.25


def test_an_infinite_target_is_left_out_and_counted() -> None:
    """400 rows of which 8 were infinite ended in an error that nobody foresaw."""
    rows = [float("inf") if i in (3, 7) else float("nan") if i == 9 else i * 1.5 for i in range(40)]
    table = prepare(made().with_columns(Churn=pl.Series(rows)), "Churn")
    assert len(table.target) == 37
    assert np.isfinite(table.target).all()
    assert table.notes[:2] == (
        "2 rows have an infinite Churn and are left out.",
        "1 rows have no Churn and are left out.",
    )


def test_a_blank_target_is_missing_and_no_class() -> None:
    words = ["Yes" if i % 4 == 0 else "  " if i < 6 else "No" for i in range(40)]
    frame = made().with_columns(Churn=pl.Series(words))
    for table in (prepare(frame, "Churn"), prepare(frame, "Churn", positive="Yes")):
        assert len(table.target) == 36
        assert "4 rows have no Churn" in table.notes[0]
    with pytest.raises(TableRefused, match="no row has a Churn that can be used"):
        prepare(made().with_columns(Churn=pl.lit(" ")), "Churn")


def of(values: list) -> pl.DataFrame:
    return made().with_columns(Churn=pl.Series(values))


@pytest.mark.parametrize(
    ("values", "sought", "said"),
    [
        # German credit: 1 is good, 2 is bad.
        ([1] * 7 + [2] * 3, "2", "Churn 2, the rarer class (12 of 40 rows); ask for the other with"
         " --positive 1"),
        ([1.0] * 3 + [2.0] * 7, "1", "Churn 1, the rarer class"),
        (["in"] * 5 + ["out"] * 5, "out", "both classes are equally frequent"),
        ([1] * 7 + [0] * 3, "1", "1, which most rows have; ask for the other class with"
         " --positive 0"),
        ([1] * 3 + [0] * 7, "1", None),
        ([1] * 3 + [-1] * 7, "1", None),
        (["1.0"] * 3 + ["0.0"] * 7, "1.0", None),
        ([Decimal("1.00")] * 3 + [Decimal("0.00")] * 7, "1", None),
        ([True] * 3 + [False] * 7, "true", None),
    ],
)  # fmt: skip
def test_one_is_sought_beside_nil_only_and_what_is_no_convention_is_told(
    values: list, sought: str, said: str | None
) -> None:
    table = prepare(of(values * 4), "Churn")
    assert table.sought == sought
    told = " ".join(note for note in table.notes if "What is sought" in note)
    assert said in told if said else not told


@pytest.mark.parametrize(
    ("values", "positive", "sought"),
    [
        ([True, False], "True", "true"),
        ([True, False], "1", "true"),
        ([True, False], "0", "false"),
        (["True", "False"], "true", "True"),
        (["Yes", "No"], "yes", "Yes"),
        ([1.0, 0.0], "1.0", "1"),
        ([1, 0], "TRUE", "1"),
        ([0.5, 1.5], "1.50", "1.5"),
        (["1.0", "0.0"], "1", "1.0"),
        (["a", "A"], "a", "a"),
    ],
)
def test_a_class_is_known_however_it_is_written(values: list, positive: str, sought: str) -> None:
    table = prepare(of(values * 20), "Churn", positive=positive)
    assert (table.sought, table.target[0] == 1) == (sought, positive not in ("0", "1.50"))


def test_a_name_that_two_classes_have_is_refused() -> None:
    with pytest.raises(TableRefused, match="never is YES; it is "):
        prepare(of(["Yes", "yes"] * 20), "Churn", positive="YES")


@pytest.mark.parametrize("values", [[3, 4, 5, 6, 7, 8], [0.5, 1.0, 1.5], ["7,5", "8,0"], [1, 2]])
def test_a_quantity_of_few_values_is_one_where_it_is_said_to_be(values: list) -> None:
    frame = of((values * 40)[:40])
    table = prepare(frame, "Churn", is_quantity=True)
    assert (table.is_binary, table.sought) == (False, None)
    assert table.target[1] == float(str(values[1]).replace(",", "."))


def test_a_refusal_of_few_numbers_names_the_way_to_a_quantity() -> None:
    with pytest.raises(TableRefused, match="--positive, or say --quantity") as told:
        prepare(of([3, 4, 5, 6] * 10), "Churn")
    assert "--quantity" in told.value.sentence[0]
    with pytest.raises(TableRefused, match=r"with --positive$"):
        prepare(of(["a", "b", "c", "d"] * 10), "Churn")


def test_a_text_is_no_quantity_and_no_quantity_has_a_class() -> None:
    with pytest.raises(TableRefused, match="holds no numbers"):
        prepare(made(), "Churn", is_quantity=True)
    with pytest.raises(TableRefused, match="leave out --quantity or --positive"):
        prepare(of([1, 2] * 20), "Churn", is_quantity=True, positive="1")


def test_a_quantity_may_be_written_with_commas() -> None:
    assert prepare(of(DECIMALS), "Churn").target[1] == 1.037
    thousands = prepare(of([f"{i},{(i * 37) % 1000:03d}" for i in range(1, 41)]), "Churn")
    assert thousands.target[1] == 2074.0


def test_a_quantity_beyond_whole_numbers_is_one() -> None:
    assert prepare(of([1e30 + i * 1e28 for i in range(40)]), "Churn").target[0] == 1e30
